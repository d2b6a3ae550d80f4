"""Every entry point reports each wrong setting in one line, exits with status 2, and shows no secret."""

import json
import re
from functools import partial
from itertools import product

import pytest
from joserfc.jwk import ECKey

from app.connections.secret_files import SettingsError
from app.credentials.settings import AgentSettings
from app.reconciliation.settings import with_logs
from app.settings import Settings
from app.web.serving import configured as web
from infra.provision.settings import ProvisioningSettings
from infra.provision.settings import load as provisioning
from workers.runtime import dispatcher as dispatcher_process
from workers.runtime import lifecycle, switching
from workers.runtime import reconciler as reconciler_process
from workers.runtime import sweeper as sweeper_process
from workers.runtime.http_client import pool
from workers.runtime.tool_runner import ToolRunner
from workers.runtime.worker import settings_of
from workers.tools import registry
from workers.triage import DOMAIN

dispatcher = partial(lifecycle.configured, AgentSettings, *dispatcher_process.NEEDED)
sweeper = partial(lifecycle.configured, AgentSettings, *sweeper_process.NEEDED)
worker = partial(lifecycle.configured, *settings_of(DOMAIN))
RECONCILER_SETTINGS = with_logs(tool.record for tool in registry().values())
switch = partial(lifecycle.configured, AgentSettings, *switching.NEEDED)
reconciler = partial(lifecycle.configured, RECONCILER_SETTINGS, *reconciler_process.NEEDED)
SECRET = "a-secret-that-nobody-may-see"
TOOLS = ("SAM_GOV_URL", "DEBARMENT_URL", "CONTRACTS_URL", "DOCUMENTS_URL", "LEDGER_URL")
BACKGROUND = ("DATABASE_URL", "REDIS_URL", "VAULT_ADDR")
#: Process to its command line, and to the variables it cannot do without.
ENTRY_POINTS = {
    "dispatcher": (["workers.runtime.dispatcher"], [*BACKGROUND, "VAULT_IDENTITY_FILE"]),
    "sweeper": (["workers.sweep"], ["DATABASE_URL", "VAULT_ADDR", "VAULT_IDENTITY_FILE", "LEDGER_URL"]),
    "reconciler": (["workers.reconcile"], ["DATABASE_URL"]),
    "switch": (["workers.switch"], ["DATABASE_URL", "VAULT_ADDR", "VAULT_IDENTITY_FILE"]),
    "worker": (["workers.launch"], [*BACKGROUND, "RUN_ROLE_ID_FILE", *TOOLS]),
    "celery": (["celery", "-A", "workers.main", "worker"], [*BACKGROUND, "RUN_ROLE_ID_FILE", *TOOLS]),
    "web": (
        ["app.web.launch", "--bind", "127.0.0.1:0"],
        ["DATABASE_URL", "WEB_ADDRESS", "WEB_KEY_FILE", "EXPORT_KEY_FILE", "OIDC_ISSUER", "OIDC_CLIENT_ID"],
    ),
    **{
        name: (
            ["mocks.launch", name, "--bind", "127.0.0.1:0"],
            ["MOCK_SCENARIOS", "MOCK_ACCESS_LOG", "VAULT_ADDR"],
        )
        for name in ("sam-gov", "debarment", "contracts", "documents")
    },
    "identity-provider": (
        ["mocks.launch", "identity-provider", "--bind", "127.0.0.1:0"],
        ["OIDC_ISSUER", "OIDC_CLIENTS"],
    ),
    "probe": (["workers.runtime.health"], ["HEALTH_FILE"]),
}


def test_without_settings_each_names_all_it_needs(start):
    started = {
        name: start(module, *arguments, environment={})
        for name, ((module, *arguments), _) in ENTRY_POINTS.items()
    }
    for name, (_, needed) in ENTRY_POINTS.items():
        assert sorted(started[name].refused()) == sorted(f"{each} is not set" for each in needed), name


@pytest.fixture
def secret(tmp_path):
    """Writes a secret file: `secret(text, mode=0o600)`."""

    def write(text, mode=0o600, name="secret"):
        file = tmp_path / name
        file.unlink(missing_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        file.chmod(mode)
        return str(file)

    return write


@pytest.fixture
def well(secret, tmp_path, monkeypatch):
    """Variables with which every process of the application would start, had it servers."""
    identity = json.dumps({"role_id": "r", "secret_id": SECRET})
    environment = {
        "DATABASE_URL": "postgresql+psycopg://triage_app@127.0.0.1:1/triage",
        "DATABASE_PASSWORD_FILE": secret(SECRET, name="database"),
        "REDIS_URL": "redis://worker@127.0.0.1:1/0",
        "REDIS_PASSWORD_FILE": secret(SECRET, name="broker"),
        "VAULT_ADDR": "http://127.0.0.1:1",
        "VAULT_IDENTITY_FILE": secret(identity, name="identity"),
        "RUN_ROLE_ID_FILE": secret(SECRET, name="run-role-id"),
        **dict.fromkeys(TOOLS[:-1], "http://127.0.0.1:1"),
        "LEDGER_URL": "postgresql://127.0.0.1:1/ledger",
        "WEB_ADDRESS": "http://127.0.0.1:1",
        "WEB_KEY_FILE": secret(SECRET * 2, name="web"),
        "EXPORT_KEY_FILE": secret(EXPORT_KEY, name="export"),
        "OIDC_ISSUER": "http://127.0.0.1:1",
        "OIDC_CLIENT_ID": "triage-web",
        "HEALTH_FILE": str(tmp_path / "health"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch.setenv


EXPORT_KEY = json.dumps({"keys": [ECKey.generate_key("P-256", private=True).as_dict(private=True)]})
ALL = (dispatcher, sweeper, reconciler, switch, worker, web)
OF_RUNS = (dispatcher, sweeper, switch, worker, web)


@pytest.mark.parametrize("configured", ALL)
def test_complete_settings_are_accepted_without_a_word(well, configured):
    configured()


@pytest.mark.parametrize(
    ("variable", "value", "reason", "processes"),
    [
        ("DATABASE_URL", "postgres:/x", r"must start with postgresql://", ALL),
        ("DATABASE_URL", "mysql://u@127.0.0.1/x", r"must start with postgresql://", ALL),
        ("DATABASE_URL", "postgresql://u@127.0.0.1:99999/x", r"[Pp]ort out of range", ALL),
        ("DATABASE_URL", f"postgresql://u:{SECRET}@127.0.0.1/x", r"must not carry a password", ALL),
        ("VAULT_ADDR", "127.0.0.1:8200", r"must start with http", ALL),
        ("REDIS_URL", "amqp://u@127.0.0.1", r"must start with redis://", ALL),
        ("REDIS_PASSWORD_FILE", "/nowhere/password", r"/nowhere/password", (dispatcher, worker)),
        ("ATTEMPT_LEASE", "100000", r"less than or equal to 900", OF_RUNS),
        ("RUN_DEADLINE", "90", r"less than or equal to 75", OF_RUNS),
        ("TOOL_DEADLINE", "60", r"must be shorter than RUN_DEADLINE", OF_RUNS),
        ("TRUSTED_PROXIES", "some", r"valid integer", (web,)),
        ("HEALTH_FILE", "/nowhere/health", r"No such file", (dispatcher, sweeper, reconciler, switch, worker)),
        ("STANDING_USERS", "postgres", r"must be a JSON list", (reconciler,)),
        ("OBSERVED_USERS", '["x"]', r"valid integer", (reconciler,)),
        ("CA_FILE", "/nowhere/ca.pem", r"/nowhere/ca\.pem", ALL),
        ("OIDC_ISSUER", "provider", r"must start with http", (web,)),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_with_the_reason(well, variable, value, reason, processes):
    well(variable, value)
    for configured in processes:
        with pytest.raises(SettingsError) as refused:
            configured()
        (line,) = str(refused.value).splitlines()
        assert re.match(rf"{variable}: .*{reason}", line)
        assert SECRET not in line


#: What people, scripts and templates write into variables by mistake.
ODD = (
    *(
        "x",
        "-1",
        "0",
        "1e999",
        "nan",
        "inf",
        "9" * 30,
        "1.5",
        "true",
        "null",
        "[]",
        "{",
        "a,b",
        "é",
        "\udcff",
        " ",
    ),
    *(
        "http://",
        "http://[",
        "http://a b/",
        "http://h:99999",
        "http://h:x",
        f"http://u:{SECRET}@h",
        "https://é/",
    ),
    *("postgresql://", "postgresql://[", "postgresql://h:x/d", f"postgresql://h/d?password={SECRET}"),
    *("redis://", "redis://[", "redis://h:0/x", "rediss://h/99999999999"),
    *("/nowhere/file", "/", ".", "~", "/dev/null", "%s", "${HOME}", "$(x)", "x" * 300),
)


PROCESSES = (*ALL, provisioning)


def refusal(configured) -> list[str]:
    try:
        configured()
    except SettingsError as refused:
        return str(refused).splitlines()
    return []


@pytest.mark.parametrize("first", range(3))
def test_every_odd_value_of_every_setting_is_taken_or_refused_in_lines(well, first, tmp_path, monkeypatch):
    """A line begins with the name of a variable, and holds no secret. All processes load alike: two meet each value."""
    monkeypatch.chdir(tmp_path)  # a health file may have any of these names
    kinds = (Settings, AgentSettings, settings_of(DOMAIN)[0], RECONCILER_SETTINGS, ProvisioningSettings)
    variables = sorted({name.upper() for kind in kinds for name in kind.model_fields})
    for place, (variable, value) in enumerate(product(variables, ODD)):
        if place % 3 != first:
            continue
        for configured in (PROCESSES[place // 3 % 6], PROCESSES[(place // 3 + 3) % 6]):
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv(variable, value)
                lines = refusal(configured)
            assert all(re.match(r"[A-Z_]+[: ]", line) for line in lines), (variable, value, lines)
            # Only an address may hold a password; other values are shown.
            if variable.endswith(("_URL", "_ADDR", "_ISSUER", "_ADDRESS")):
                assert SECRET not in str(lines)


FILES = {
    "DATABASE_PASSWORD_FILE": ALL,
    "REDIS_PASSWORD_FILE": (dispatcher, worker),
    "VAULT_IDENTITY_FILE": (dispatcher, sweeper),
    "RUN_ROLE_ID_FILE": (worker,),
    "WEB_KEY_FILE": (web,),
    "EXPORT_KEY_FILE": (web,),
}


@pytest.mark.parametrize("variable", FILES)
def test_a_secret_file_that_cannot_be_used_is_named_with_the_reason(well, secret, tmp_path, variable):
    wrong = {
        "open to others, mode 0604": lambda: secret(SECRET * 2, mode=0o604),
        "open to others, mode 0620": lambda: secret(SECRET * 2, mode=0o620),
        "empty": lambda: secret(""),
        "not UTF-8": lambda: secret(b"\xff\xfe" * 20),
        "not a file": lambda: str(tmp_path),
        r"not a file|No such file": lambda: str(tmp_path / "missing"),
    }
    if variable in {"VAULT_IDENTITY_FILE", "EXPORT_KEY_FILE"}:
        wrong["JSON|JWK"] = lambda: secret(SECRET)
        wrong["JSON object|JWK "] = lambda: secret(json.dumps([SECRET]))
    for reason, make in wrong.items():
        well(variable, make())
        for configured in FILES[variable]:
            with pytest.raises(SettingsError) as refused:
                configured()
            (line,) = str(refused.value).splitlines()
            assert re.match(rf"{variable}: .*({reason})", line)
            assert SECRET not in line


@pytest.mark.parametrize("variable", FILES)
def test_a_secret_file_that_a_group_may_read_is_taken(well, secret, variable):
    """As orchestrators mount them."""
    contents = {
        "VAULT_IDENTITY_FILE": json.dumps({"role_id": "r", "secret_id": SECRET}),
        "EXPORT_KEY_FILE": EXPORT_KEY,
    }
    well(variable, secret(contents.get(variable, SECRET * 2), mode=0o440))
    for configured in FILES[variable]:
        configured()


def test_several_wrong_values_are_named_at_once(well, monkeypatch):
    well("DATABASE_URL", "x")
    well("MAX_ATTEMPTS", "0")
    monkeypatch.delenv("VAULT_ADDR")
    with pytest.raises(SettingsError) as refused:
        worker()
    names = [re.match(r"\w+", line)[0] for line in str(refused.value).splitlines()]
    assert names == ["DATABASE_URL", "MAX_ATTEMPTS", "VAULT_ADDR"]
    well("DATABASE_URL", "postgresql://u@127.0.0.1/x")
    well("MAX_ATTEMPTS", "1")
    well("VAULT_ADDR", "http://127.0.0.1:1")
    for variable in ("DATABASE_PASSWORD_FILE", "REDIS_PASSWORD_FILE"):
        well(variable, "/nowhere")
    with pytest.raises(SettingsError) as refused:
        worker()
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("workers.launch", "--pool", "gevent"), "argument --pool: invalid choice: 'gevent'"),
        (("app.web.launch", "--bind", "::1:8000"), "an IPv6 address is written in brackets"),
        (("app.web.launch", "--bind", "127.0.0.1:99999"), "'127.0.0.1:99999' is not HOST:PORT"),
        (("mocks.launch", "sam-gov", "--bind", "127.0.0.1"), "'127.0.0.1' is not HOST:PORT"),
        (("infra.local.supervisor", "--options", '{"workers": 0}'), "--options: workers: "),
        (("infra.local.supervisor", "--home", "/dev/null/home"), "/dev/null"),
    ],
)
def test_a_wrong_command_line_is_refused(start, arguments, problem):
    lines = start(*arguments, environment={}).refused()
    assert problem in lines[-1]


@pytest.mark.parametrize("tool", registry().values(), ids=lambda tool: tool.name)
def test_a_setting_that_a_tool_lacks_is_named_in_its_step(tool):
    """The worker refuses to start without it, so that this is the last resort."""
    with pool(Settings(), size=1) as connections:
        runner = ToolRunner(connections=connections, settings=Settings())
        result = runner.ask(job=None, tool=tool, granted=None)
    assert result.gap == f"{tool.address.upper()} is not set"


def test_a_worker_asks_for_the_address_of_every_tool(well, monkeypatch):
    variables = [tool.record.address_setting.upper() for tool in registry().values()]
    for variable in variables:
        monkeypatch.delenv(variable)
    with pytest.raises(SettingsError) as refused:
        worker()
    assert str(refused.value).splitlines() == [f"{variable} is not set" for variable in variables]
