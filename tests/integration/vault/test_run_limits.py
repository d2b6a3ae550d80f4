"""What bounds a run: how long its credentials live, from which addresses it may act, how much it may ask for."""

import json
from uuid import UUID, uuid4

import httpx
import pytest

from app.credentials.approle import RunRoleId
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import introduced
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError
from workers.tools import registry

TOOLS = registry()
LEDGER = "database/creds/ledger-reader"
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"
SIGNED_TOKEN_LIFE = 120


@pytest.fixture
def mint(installation, vault):
    dispatcher = ProcessIdentity(vault, installation.identity_file("dispatcher"))

    def minted(run_id: UUID, *, job_id="ACT-1", requested_by="test"):
        return dispatcher.mint(
            run_id=run_id, attempt=1, job_id=job_id, requested_by=requested_by, wrapping_ttl=60
        )

    return minted


@pytest.fixture
def run(installation, vault, mint):
    """Begins a run: `with run() as session`."""

    def begun(**for_whom):
        run_id = uuid4()
        half = RunRoleId(installation.secret("worker", "run-role-id"))
        token = mint(run_id, **for_whom).wrapping_token
        return introduced(vault, token, role_id=half, run_id=run_id, attempt=1)

    return begun


@pytest.fixture
def bounded(installation):
    """Provisions with other limits, for the time of one test: `bounded(api_key_ttl=90)`."""

    def provisioned(**changed):
        return installation.provision(**changed)

    yield provisioned
    installation.provision()


def asked_from(address, installation, method, path, *, data=None, token=""):
    transport = httpx.HTTPTransport(local_address=address, verify=installation.tls)
    with httpx.Client(transport=transport, timeout=15) as client:
        headers = {"X-Vault-Token": token} if token else {}
        return client.request(method, f"{installation.address}/v1/{path}", json=data, headers=headers)


SHORT = {"run_token_ttl": 90, "api_key_ttl": 100, "database_user_ttl": 110}


@pytest.mark.parametrize(
    ("limits", "lives"), [({}, (900, 900, 900)), (SHORT, tuple(SHORT.values()))], ids=["usual", "short"]
)
def test_what_a_run_gets_lives_as_long_as_is_set_and_no_longer(installation, bounded, run, limits, lives):
    """By default, and when a worker asks for a day."""
    said = bounded(**limits)
    assert said == [
        f"{name}: changed"
        for name in (
            "role triage-run",
            "token role contracts",
            "token role documents",
            "database role ledger-reader",
        )
        if limits
    ]
    run_token, api_key, database_user = lives
    with run() as session:
        token = session._token.reveal()
        identity = session.identity
        assert (identity.expires_at - identity.issued_at).total_seconds() == run_token
        wanted = {
            "api_key": api_key,
            "database_user": database_user,
            "signed_token": SIGNED_TOKEN_LIFE,
        }
        for name, tool in TOOLS.items():
            record = session.issue(name, tool.grant).record
            life = (record.expires_at - record.issued_at).total_seconds()
            assert life == wanted[tool.grant.kind.name.lower()]
        asked = installation.ask("GET", f"{LEDGER}?ttl=24h&max_ttl=24h", token=token).json()
        assert asked["lease_duration"] == database_user
        for tool in ("contracts", "documents"):
            more = installation.ask("POST", f"auth/token/create/{tool}", {"ttl": "24h"}, token)
            assert more.status_code == 403
        renewed = installation.ask("POST", "auth/token/renew-self", {"increment": "24h"}, token)
        assert renewed.status_code == 403


def test_a_run_logs_in_and_acts_from_the_networks_of_the_workers_only(installation, bounded, mint, vault):
    networks = f"10.1.2.0/24, fd00::/8, ::1,2001:DB8:0::/48, {HERE}, {HERE}/32"
    assert bounded(worker_cidrs=networks) == ["role triage-run: changed"]
    assert bounded(worker_cidrs=networks) == []
    opened = vault.write("sys/wrapping/unwrap", token=mint(uuid4()).wrapping_token)["data"]
    login = {"role_id": installation.run_role_id, "secret_id": opened["secret_id"]}
    path = "auth/approle/login"
    refused = asked_from(ELSEWHERE, installation, "POST", path, data=login)
    assert (refused.status_code, "unauthorized by CIDR restrictions" in refused.text) == (400, True)
    taken = asked_from(HERE, installation, "POST", path, data=login)  # the refusal has not used it up
    token = taken.json()["auth"]["client_token"]
    for method, path in (
        ("GET", LEDGER),
        ("POST", "auth/token/create/contracts"),
        ("POST", "auth/token/revoke-self"),
    ):
        assert asked_from(ELSEWHERE, installation, method, path, token=token).status_code == 403
    key = asked_from(HERE, installation, "POST", "auth/token/create/contracts", token=token).json()["auth"]
    # The tool presents the key, from its own address.
    look_up = "auth/token/lookup-self"
    assert asked_from(ELSEWHERE, installation, "GET", look_up, token=key["client_token"]).is_success
    assert asked_from(HERE, installation, "POST", "auth/token/revoke-self", token=token).is_success
    assert not asked_from(ELSEWHERE, installation, "GET", look_up, token=key["client_token"]).is_success
    assert bounded() == ["role triage-run: changed"]


def test_one_address_gets_no_more_than_its_rate_and_the_log_shows_it(installation, root, bounded, run):
    said = bounded(runs_per_minute=2)
    assert len([line for line in said if line.startswith("rate limit")]) == 6
    before = len(installation.audit_lines())
    with run() as session:
        token = session._token.reveal()
        for name, tool in TOOLS.items():
            session.issue(name, tool.grant)
            session.issue(name, tool.grant)
            with pytest.raises(VaultUnavailableError, match="rate limit quota exceeded"):
                session.issue(name, tool.grant)
        elsewhere = asked_from(ELSEWHERE, installation, "GET", LEDGER, token=token)
        assert elsewhere.is_success
    with run():
        pass
    with pytest.raises(VaultUnavailableError, match="rate limit quota exceeded"), run():
        pytest.fail("a third login")
    for _ in range(4):
        assert installation.log_in("web")  # logins of processes are not counted
    refused = [
        line["request"]["path"]
        for line in installation.audit_lines()[before:]
        if "rate limit quota exceeded" in str(line.get("error"))
    ]
    assert set(refused) == {tool.grant.path for tool in TOOLS.values()} | {"auth/approle/login"}


def test_there_are_no_more_users_of_a_database_at_a_time_than_is_set(installation, bounded, run, until):
    grant = TOOLS["ledger"].grant
    with installation.database("postgres") as database:
        count = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'triage-%'"
        (left,) = database.execute(count).fetchone()
        bounded(database_users=left + 2)
        with run() as first, run() as second:
            first.issue("ledger", grant)
            second.issue("ledger", grant)
            with pytest.raises(
                VaultUnavailableError, match=f"there are {left + 2} users of ledger_reader already"
            ):
                second.issue("ledger", grant)
        until(lambda: database.execute(count).fetchone() == (left,), what="their end")
        with run() as third:
            third.issue("ledger", grant)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"metadata": '{"run_id": "x"}', "ttl": "1s"},
        {"metadata": '{"run_id": "x"}', "cidr_list": "10.0.0.0/8"},
        {"metadata": '{"run_id": "x"}', "token_bound_cidrs": "10.0.0.0/8"},
        {"metadata": '{"run_id": "x"}', "num_uses": 2},
    ],
    ids=str,
)
def test_the_dispatcher_says_for_whom_an_identity_is_and_nothing_else(installation, vault, data):
    dispatcher = ProcessIdentity(vault, installation.identity_file("dispatcher"))
    with pytest.raises(VaultRefusedError, match="permission denied"):
        dispatcher.write("auth/approle/role/triage-run/secret-id", data, wrap_ttl="60s")


ODD = "Zoë Ørsted <zoe@example.gov>\n\"'{{name}}\\u0000 🚢"


def test_the_log_alone_says_who_did_what_for_whom_and_when(installation, run):
    """As for an auditor who has nothing else: no database, no worker, and no secret in the log."""
    before = len(installation.audit_lines())
    with run(job_id="ACT-2026-0007", requested_by=ODD + 300 * "x") as session:
        issued = [session.issue(name, tool.grant) for name, tool in TOOLS.items()]
    lines = [line for line in installation.audit_lines()[before:] if line["type"] == "response"]

    run_id = str(session.identity.run_id)
    (minted,) = [line for line in lines if "wrap_info" in line.get("response", {})]
    bound = {
        "run_id": run_id,
        "attempt": "1",
        "job_id": "ACT-2026-0007",
        "requested_by": (ODD + 300 * "x")[:200],
    }
    assert json.loads(minted["request"]["data"]["metadata"]) == bound
    (login,) = [
        line
        for line in lines
        if line["request"]["path"] == "auth/approle/login"
        and "auth" in line["response"]
        and line["response"]["auth"]["metadata"].get("run_id") == run_id
    ]
    assert login["response"]["auth"]["metadata"] == {"role_name": "triage-run", **bound}
    accessor = login["response"]["auth"]["accessor"]
    held = [line for line in lines if line["auth"].get("accessor") == accessor and line is not login]
    assert all(line["auth"]["metadata"]["requested_by"].startswith("Zoë Ørsted") for line in held)
    assert all(line["time"] and line["request"]["remote_address"] for line in held)
    assert {line["request"]["path"] for line in held} == {
        *(tool.grant.path for tool in TOOLS.values()),
        "auth/token/revoke-self",
    }
    (ledger,) = [line for line in held if line["request"]["path"] == LEDGER]
    (user,) = [each.record.service_user for each in issued if each.record.service_user]
    assert ledger["response"]["data"]["username"] == user
    assert ledger["response"]["secret"]["lease_id"].startswith(LEDGER)
    text = installation.audit_log.read_text()
    assert not [each for each in issued if each.secret.reveal() in text]
    assert session._token.reveal() not in text
    assert installation.run_role_id not in text


LOG = {
    "sys/mounts/auth/approle/tune": {"audit_non_hmac_request_keys": []},
    "sys/mounts/database/tune": {"audit_non_hmac_response_keys": []},
    "sys/quotas/config": {
        "enable_rate_limit_audit_logging": False,
        "rate_limit_exempt_paths": ["sys/wrapping/lookup"],
    },
}


def test_what_the_log_shows_in_clear_is_put_right_and_the_rest_of_a_mount_stays(installation, root):
    def read():
        return {path: installation.ask("GET", path, token=root).json()["data"] for path in LOG}

    usual = read()
    for path, changed in LOG.items():
        assert installation.ask("POST", path, changed, root).is_success
    assert installation.provision() == [
        "root token made from the recovery keys",
        "log of rate limits: on",
        "log of identities: changed",
        "log of database users: changed",
        "root token revoked",
    ]
    exempt = {"rate_limit_exempt_paths": ["sys/wrapping/lookup"]}
    quotas = {**usual["sys/quotas/config"], **exempt}
    assert read() == {**usual, "sys/quotas/config": quotas}
    assert usual["sys/mounts/auth/approle/tune"]["user_lockout_disable"]
    assert installation.ask("POST", "sys/quotas/config", usual["sys/quotas/config"], root).is_success


def test_an_installation_from_before_the_limits_gets_them(installation, root):
    """Its operator may not even look at what is new."""
    path = "sys/policies/acl/triage-operator"
    policy = installation.ask("GET", path, token=root).json()["data"]["policy"]
    older = policy.partition('path "sys/mounts/auth/approle/tune"')[0]
    assert older != policy
    assert installation.ask("POST", path, {"policy": older}, root).is_success
    limit = "sys/quotas/rate-limit/triage-run"
    assert installation.ask("DELETE", limit, token=root).is_success
    token = installation.log_in("operator")
    assert installation.ask("GET", limit, token=token).status_code == 403

    assert installation.provision() == [
        "root token made from the recovery keys",
        "policy triage-operator: changed",
        "rate limit triage-run: created",
        "root token revoked",
    ]
    assert installation.provision() == []
