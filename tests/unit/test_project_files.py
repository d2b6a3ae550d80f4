"""The files around the code: .env.example, what a wheel holds, the version."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from setuptools import find_namespace_packages
from typer.testing import CliRunner

from app import __version__
from app.cli.main import app
from app.cli.settings import ClientSettings
from app.credentials.alarm_settings import AlarmSettings
from app.credentials.settings import AgentSettings
from app.procurement.systems import SYSTEMS
from app.reconciliation.settings import ReconcilerSettings, with_logs
from app.settings import Settings
from app.web.settings import WebSettings
from infra.provision.settings import ProvisioningSettings

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
PACKAGES = [pattern.removesuffix("*") for pattern in SETUPTOOLS["packages"]["find"]["include"]]
RECONCILER = with_logs(SYSTEMS)
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
ENTRY = re.compile(r"^# (?P<meaning>\S.*)\n#(?P<name>[A-Z0-9_]+)=(?P<value>.*)$", re.MULTILINE)
#: Servers do not ask for client certificates there, and settings that follow from a service are not chosen.
SERVERS = {"client_certificate_file", "client_key_file", "redis_url", "redis_password_file"}
NOT_GIVEN = {
    "web": {"health_file", "presenter_socket"},
    "reconciler": {"vault_addr", "vault_identity_file", "observed_users"},
    "provision": {"vault_audit_log", "vault_audit_log_2", "vault_issuer", "health_file"},
}
SHOWN = {entry["name"]: "".join(shlex.split(entry["value"])) for entry in ENTRY.finditer(EXAMPLE)}


@pytest.fixture
def environment(monkeypatch):
    """An environment with nothing but what .env.example shows."""
    for name, value in SHOWN.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("settings", [Settings, ReconcilerSettings, ProvisioningSettings, ClientSettings])
def test_the_example_shows_every_setting_with_its_default(settings, environment):
    """Except for those of tools: they follow from the records, and a new tool needs no line here."""
    derived = {name for system in SYSTEMS for name in (system.address_setting, system.deadline_setting)}
    assert {name.upper() for name in set(settings.model_fields) - derived} - set(SHOWN) == set()
    assert settings() == settings.model_construct()


def test_the_example_shows_every_variable_of_the_compose_file_with_its_default():
    defaults = dict(re.findall(r"\$\{([A-Z0-9_]+):-([^}]*)\}", COMPOSE))
    assert {name: SHOWN.get(name) for name in defaults} == defaults
    passed_on = set(re.findall(r"^ +([A-Z0-9_]+):$", COMPOSE, re.MULTILINE))
    assert passed_on - set(SHOWN) == set()


def test_the_compose_file_gives_each_service_the_settings_that_it_may_have():
    lacking = {
        service: {name.upper() for name in names - NOT_GIVEN.get(service, set()) - SERVERS}
        - given_to(service)
        for service, names in {
            "web": set(WebSettings.model_fields),
            "sweeper": set(AlarmSettings.model_fields),
            "reconciler": set(RECONCILER.model_fields),
            "worker": {name for name in AgentSettings.model_fields if name.startswith("tool_")},
            "dispatcher": {"dispatch_window", "wrapping_ttl", "attempt_lease", "max_attempts"},
            "provision": set(ProvisioningSettings.model_fields),
        }.items()
    }
    assert {service: names for service, names in lacking.items() if names} == {}


def test_the_second_audit_device_is_written_by_the_vault_and_read_by_the_reconciler_alone():
    mounting = {
        service: mounts
        for service in re.findall(r"^  ([a-z-]+):$", COMPOSE, re.MULTILINE)
        if (mounts := re.findall(r"^      - (vault-audit-2:.*)$", service_of(service), re.MULTILINE))
    }
    assert mounting == {
        "keys": ["vault-audit-2:/vault/audit-2"],
        "vault": ["vault-audit-2:/vault/audit-2"],
        "reconciler": ["vault-audit-2:/vault/audit-2:ro"],
    }
    assert {service for service in mounting if "VAULT_AUDIT_LOG_2" in given_to(service)} == {"reconciler"}


def service_of(name):
    """The lines of one service in the compose file; none if that is something else."""
    found = re.search(rf"^  {name}:(?: &\S+)?\n((?:    .*\n|\n)+)", COMPOSE, re.MULTILINE)
    return found[1] if found else ""


def given_to(service):
    return set(re.findall(r"^      ([A-Z0-9_]+):", service_of(service), re.MULTILINE))


def test_the_example_shows_each_variable_once_and_none_that_is_read_nowhere():
    names = re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(names) == sorted(SHOWN), "twice, or without a line above that says what it means"
    settings = {
        name.upper()
        for name in (*Settings.model_fields, *RECONCILER.model_fields, *ProvisioningSettings.model_fields)
    }
    others = set(SHOWN) - settings - {"TRIAGE_PORT_WEB"}  # made of TRIAGE_PORT_ and the name of a part
    sources = [
        *ROOT.glob("docker-compose.yml"),
        *(file for name in PACKAGES for file in (ROOT / name).rglob("*.py")),
    ]
    read = "\n".join(file.read_text(encoding="utf-8") for file in sources)
    assert {name for name in others if not re.search(rf"\b{name}\b", read)} == set()


def test_a_wheel_holds_every_file_of_the_packages():
    """Also `py.typed`, so that checkers of other projects believe the types."""
    packages = find_namespace_packages(str(ROOT), include=SETUPTOOLS["packages"]["find"]["include"])
    packed = set()
    for package in packages:
        folder = ROOT / package.replace(".", "/")
        patterns = ["*.py", *SETUPTOOLS["package-data"]["*"], *SETUPTOOLS["package-data"].get(package, [])]
        packed |= {file.relative_to(ROOT).as_posix() for pattern in patterns for file in folder.glob(pattern)}
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    # What containers are made with is of use in a checkout only.
    held = {file for file in listed.stdout.splitlines() if not file.startswith("infra/docker/")}
    assert held - packed == set()
    assert {f"{name}/py.typed" for name in PACKAGES} <= packed


def test_the_version_is_that_of_the_package():
    shown = CliRunner().invoke(app, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"triage {__version__}\n")
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("triage ver", {"verify"}),
        ("triage dec", {"decide", "decline"}),
        ("triage decide --decision re", {"resolved", "referred"}),
        ("triage assign --", {"--to", "--me", "--nobody", "--version", "--json", "--help"}),
        ("triage submit --format js", {"json", "jsonl"}),
        ("triage flags --status a", {"any", "awaiting_concurrence"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(line, offered):
    last = str(len(line.split()) - 1)
    typed = {"_TRIAGE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": last}
    assert set(CliRunner().invoke(app, env=typed, prog_name="triage").output.split()) == offered
