"""The bootstrap: what it leaves in the vault, done once or twice."""

import json
import stat

import httpx
import psycopg
import pytest

from infra.local.options import SERVERS, StackOptions
from infra.local.stack import LocalStack
from infra.vault.bootstrap import LedgerAdmin, bootstrap

NAMES = ("dispatcher", "sweeper", "auditor")
#: Everything the bootstrap writes, by how to read it back.
WRITTEN = [
    *(
        ("sys/policies/acl", name)
        for name in ("triage-run", "triage-dispatcher", "triage-sweeper", "triage-auditor")
    ),
    *(("sys/policies/acl", name) for name in ("tool-contracts", "tool-documents")),
    *(("auth/approle/role", f"triage-{name}") for name in ("run", *NAMES)),
    *(("auth/approle/role", f"triage-{name}/role-id") for name in ("run", *NAMES)),
    *(("auth/token/roles", name) for name in ("contracts", "documents")),
    *(("identity/oidc/role", name) for name in ("sam-gov", "debarment")),
    ("identity/oidc/key", "triage"),
    ("identity/oidc", "config"),
    ("identity/entity/name", "triage-agent"),
    ("database/config", "ledger"),
    ("database/roles", "ledger-reader"),
    ("sys/auth/approle", "tune"),
]


class FreshVault:
    """A vault and a database, and root tokens to be used up by a bootstrap."""

    def __init__(self, stack, secrets) -> None:
        self.stack, self.secrets = stack, secrets
        self.address, self.root = stack.endpoints["vault"], stack.build.root_token
        server = stack.services.database
        login = {"username": "vault_ledger_admin", "password": stack.build.ledger_password}
        self.ledger = LedgerAdmin(host=server.host, port=server.port, database="ledger", **login)

    def ask(self, method, path, data=None, *, token=None):
        headers = {"X-Vault-Token": self.root if token is None else token}
        url = f"{self.address}/v1/{path}"
        return httpx.request(method, url, json=data, headers=headers, timeout=10, trust_env=False)

    def another_root(self):
        made = self.ask("POST", "auth/token/create-orphan", {"policies": ["root"]})
        return made.json()["auth"]["client_token"]

    def bootstrap(self, token, **changed):
        audit_log = self.stack.layout.audit_log
        given = {
            "address": self.address,
            "ledger": self.ledger,
            "secrets": self.secrets,
            "audit_log": audit_log,
        }
        bootstrap(token=token, **{**given, **changed})

    def written(self):
        answers = {name: self.ask("GET", "/".join(name)).json() for name in WRITTEN}
        assert not [name for name, answer in answers.items() if not answer.get("data")]
        return {name: essence(answer["data"]) for name, answer in answers.items()}

    def log_in(self, name):
        login = json.loads((self.secrets / f"{name}.json").read_text())
        return self.ask("POST", "auth/approle/login", login, token="").json()["auth"]


def essence(value):
    """Without what tells only that something was written again; what is empty may come back as none."""
    if isinstance(value, dict):
        bookkeeping = ("modified", "version", "last_update_time")
        value = {field: essence(held) for field, held in value.items() if field not in bookkeeping}
    elif isinstance(value, list):
        value = [essence(each) for each in value]
    return value or None


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh")
    (folder / "identities").mkdir()
    with LocalStack(folder / "home", options=StackOptions(parts=SERVERS, usual_ports=False)) as stack:
        yield FreshVault(stack, folder / "identities")


@pytest.fixture(scope="module")
def spent(fresh):
    """The root token of the first bootstrap."""
    token = fresh.another_root()
    fresh.bootstrap(token)
    return token


def test_the_root_token_is_refused_afterwards(fresh, spent):
    for method, path in (
        ("GET", "auth/token/lookup-self"),
        ("GET", "sys/mounts"),
        ("POST", "auth/token/create"),
    ):
        assert fresh.ask(method, path, token=spent).status_code == 403


def test_identities_lie_in_files_for_their_owner_only(fresh, spent):
    files = {file.name: file for file in fresh.secrets.iterdir()}
    assert files.keys() == {f"{name}.json" for name in NAMES}
    for file in files.values():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert spent not in file.read_text()


def test_a_second_bootstrap_changes_nothing_and_identities_go_on(fresh, spent):
    before, identities = (
        fresh.written(),
        {name: (fresh.secrets / f"{name}.json").read_text() for name in NAMES},
    )
    logged_in = {name: fresh.log_in(name) for name in NAMES}
    token = fresh.another_root()
    fresh.bootstrap(token)

    assert fresh.written() == before
    assert {name: (fresh.secrets / f"{name}.json").read_text() for name in NAMES} == identities
    assert fresh.ask("GET", "sys/mounts", token=token).status_code == 403
    for name in NAMES:
        assert fresh.log_in(name)["token_policies"] == [f"triage-{name}"]
        # What logged in before still works as well.
        assert fresh.ask(
            "POST", "auth/token/lookup-accessor", {"accessor": logged_in[name]["accessor"]}
        ).is_success
    # The database's password was not replaced a second time by the one given.
    lease = fresh.ask("GET", "database/creds/ledger-reader")
    assert lease.json()["lease_duration"] == 900


def test_no_identity_but_runs_lives_longer_than_fifteen_minutes(fresh, spent):
    for name in NAMES:
        auth = fresh.log_in(name)
        assert auth["lease_duration"] == 900
        seen = fresh.ask("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]}).json()["data"]
        assert seen["policies"] == [f"triage-{name}"]


def test_the_password_the_bootstrap_was_given_is_void(fresh, spent):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(
            host=fresh.ledger.host,
            port=fresh.ledger.port,
            user=fresh.ledger.username,
            password=fresh.ledger.password,
            dbname="ledger",
        )
    assert fresh.ledger.password not in repr(fresh.ledger)


def test_a_bootstrap_does_not_switch_a_disabled_agent_on_again(fresh, spent):
    entity = "identity/entity/name/triage-agent"
    try:
        assert fresh.ask("POST", entity, {"disabled": True}).is_success
        fresh.bootstrap(fresh.another_root())
        assert fresh.ask("GET", entity).json()["data"]["disabled"]
    finally:
        assert fresh.ask("POST", entity, {"disabled": False}).is_success
