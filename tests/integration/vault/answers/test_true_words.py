"""A real vault says what the code takes it to say: each refusal, each theft, each death in the vault's own words."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest

from app.connections.tls import trust_of
from app.credentials.approle import LOGIN_PATH, MINT_PATH, RUN_ROLE, RunRoleId
from app.credentials.auditor import Auditor
from infra.provision.keys import provision_keys
from infra.vault.wanted import operator_entries, root_entries
from tests.integration.vault.answers.odd_vault import GRANTS
from tests.integration.vault.conftest import Installation
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import IntroductionError, introduced
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultForbiddenError, VaultRefusedError, VaultUnavailableError
from workers.tools import registry

PATIENCE = 20.0
QUOTA = "sys/quotas/rate-limit/test"


def private(file, text):
    file.touch(0o600)
    file.write_text(text)
    return file


class RealVault:
    """A vault with the policies and roles of production, its root token, and the identities of processes."""

    def __init__(self, installation: Installation, until) -> None:
        self.installation = installation
        self._until = until
        self.vault = Vault(installation.address, trust_of(installation.settings()), timeout=PATIENCE)
        new = self.vault.write("sys/init", {"recovery_shares": 1, "recovery_threshold": 1})
        self.root = Secret(new.text("root_token"))
        until(self._serves, what="the vault")
        self.mount_approle()
        tools = [SimpleNamespace(name=name, credential=tool.grant) for name, tool in registry().items()]
        for entry in root_entries(tools=tools, issuer=installation.address, custody_ttl=3600):
            if entry.path.startswith("identity/"):
                self.vault.write(entry.path, entry.data, self.root)
        self.write_roles(tools)
        self.tools = tools

    def _serves(self) -> bool:
        try:
            return bool(self.vault.read("sys/mounts", self.root))
        except VaultUnavailableError:
            return False

    def _judges_logins(self) -> bool:
        """Just after its restart it may serve a read, and then be a standby once more."""
        try:
            self.vault.write("auth/approle/login", {"role_id": "unknown", "secret_id": "unknown"})
        except VaultRefusedError:
            return True
        except VaultUnavailableError:
            pass
        return False

    def mount_approle(self) -> None:
        self.vault.write("sys/auth/approle", {"type": "approle"}, self.root)

    def write_roles(self, tools) -> None:
        for entry in operator_entries(tools=tools, process_ttl=3600):
            if not entry.path.startswith("database/"):
                self.vault.write(entry.path, entry.data, self.root)
        folder = self.installation.folder
        role_id = self.vault.read(f"auth/approle/role/{RUN_ROLE}/role-id", self.root)
        self.half = RunRoleId(private(folder / "half", role_id.text("data", "role_id")))
        for name in ("dispatcher", "sweeper", "auditor"):
            role = f"auth/approle/role/triage-{name}"
            login = {
                "role_id": self.vault.read(f"{role}/role-id", self.root).text("data", "role_id"),
                "secret_id": self.vault.write(f"{role}/secret-id", {}, self.root).text("data", "secret_id"),
            }
            private(folder / name, json.dumps(login))

    def delete(self, path: str) -> None:
        self.installation.ask("DELETE", path, token=self.root.reveal()).raise_for_status()

    def process(self, name: str) -> ProcessIdentity:
        return ProcessIdentity(self.vault, self.installation.folder / name)

    def mint(self, run_id, dispatcher=None):
        maker = dispatcher or self.process("dispatcher")
        return maker.mint(run_id=run_id, attempt=1, job_id="j", requested_by="r", wrapping_ttl=60)

    def introduce(self, wrapping_token, run_id):
        return introduced(self.vault, wrapping_token, role_id=self.half, run_id=run_id, attempt=1)

    def restart(self) -> None:
        self.installation.process_table.restart("vault")
        self._until(self._judges_logins, what="the vault after its restart")


@pytest.fixture(scope="module")
def real(tmp_path_factory, until) -> Iterator[RealVault]:
    installation = Installation(tmp_path_factory.mktemp("real"))
    try:
        provision_keys(installation.settings(), print, hosts=[])
        installation.start_vault()
        made = RealVault(installation, until)
        yield made
        made.vault.close()
    finally:
        installation.stop()


@pytest.fixture
def unmounted(real):
    """Without AppRole, for the time of one test: every token that came from it is dead."""
    real.delete("sys/auth/approle")
    yield
    real.mount_approle()
    real.write_roles(real.tools)


@pytest.fixture
def limited(real):
    """Sets a limit of one request for a path, for the time of one test."""
    yield lambda path: real.vault.write(QUOTA, {"path": path, "rate": 1, "interval": "1h"}, real.root)
    real.delete(QUOTA)


@pytest.fixture
def sealed(real):
    real.vault.write("sys/seal", {}, real.root)
    yield
    real.restart()


def test_what_is_well_is_taken(real):
    run_id = uuid4()
    with real.introduce(real.mint(run_id).wrapping_token, run_id) as session:
        for name in ("api key", "signed token"):
            session.issue("tool", GRANTS[name])
        accessor = session.identity.token_accessor
        ends = CredentialEnds(real.process("sweeper"))
        assert ends.metadata(accessor)["run_id"] == str(run_id)
    assert ends.metadata(accessor) is None
    assert abs(real.vault.ahead) < 2


def test_a_wrapping_token_that_is_spent_unknown_or_anothers_is_an_alarm(real):
    run_id = uuid4()
    spent, others = real.mint(run_id).wrapping_token, real.mint(uuid4()).wrapping_token
    real.vault.write("sys/wrapping/unwrap", token=spent)
    elsewhere = real.vault.write("sys/wrapping/wrap", {"secret_id": "x"}, real.root, wrap_ttl="60s")
    tokens = {
        "not valid": [spent, Secret("s.invented"), real.root],
        "was made by sys/wrapping/wrap": [Secret(elsewhere.text("wrap_info", "token"))],
        "is bound to run": [others],
    }
    for words, each in tokens.items():
        for token in each:
            with pytest.raises(IntroductionError, match=words), real.introduce(token, run_id):
                pytest.fail("a run began")


def test_a_secret_id_that_is_gone_is_an_alarm_and_ending_it_again_is_none(real):
    run_id = uuid4()
    minted = real.mint(run_id)
    ends = CredentialEnds(real.process("sweeper"))
    ends.end_secret_id(minted.secret_id_accessor)
    ends.end_secret_id(minted.secret_id_accessor)
    with (
        pytest.raises(IntroductionError, match="invalid role or secret ID"),
        real.introduce(minted.wrapping_token, run_id),
    ):
        pytest.fail("a run began")


def test_what_the_vault_does_not_know_is_dead(real):
    ends = CredentialEnds(real.process("sweeper"))
    assert ends.metadata("none") is None
    assert not ends.is_lease_alive("none")
    ends.end_token("none")
    ends.end_lease("none")
    installation = real.installation
    with Auditor(
        installation.address, installation.folder / "auditor", trust_of(installation.settings())
    ) as auditor:
        assert auditor.alive(accessors=["none"], leases=["none"]) == []


def test_a_policy_refuses_by_name_of_the_path(real):
    with pytest.raises(
        VaultForbiddenError, match=r"permission denied \(HTTP 403\) for POST auth/token/create"
    ):
        real.process("dispatcher").write("auth/token/create", {})
    run_id = uuid4()
    with (
        real.introduce(real.mint(run_id).wrapping_token, run_id) as session,
        pytest.raises(VaultForbiddenError),
    ):
        session.issue("tool", type(GRANTS["api key"])("unheard-of", scope="read"))


def test_a_role_that_was_taken_away_is_a_denial(real):
    run_id = uuid4()
    with real.introduce(real.mint(run_id).wrapping_token, run_id) as session:
        try:
            for path in ("auth/token/roles/contracts", "identity/oidc/role/sam-gov"):
                real.delete(path)
            for name in ("api key", "signed token"):
                with pytest.raises(VaultRefusedError):
                    session.issue("tool", GRANTS[name])
        finally:
            real.write_roles(real.tools)


def test_a_secrets_engine_that_is_not_mounted_is_waited_for(real):
    run_id = uuid4()
    with (
        real.introduce(real.mint(run_id).wrapping_token, run_id) as session,
        pytest.raises(
            VaultUnavailableError, match="nothing is mounted there for database/creds/ledger-reader"
        ),
    ):
        session.issue("tool", GRANTS["database user"])


def test_logins_that_are_not_mounted_are_waited_for(real, request):
    run_id, dispatcher, sweeper = uuid4(), real.process("dispatcher"), real.process("sweeper")
    minted = real.mint(run_id, dispatcher)
    CredentialEnds(sweeper).metadata("none")
    request.getfixturevalue("unmounted")
    for attempt in (
        lambda: real.mint(uuid4(), dispatcher),
        lambda: CredentialEnds(sweeper).metadata("none"),
        lambda: real.introduce(minted.wrapping_token, run_id).__enter__(),
    ):
        with pytest.raises(VaultUnavailableError):
            attempt()


def test_a_dead_token_of_a_process_is_replaced_at_once(real):
    dispatcher = real.process("dispatcher")
    real.mint(uuid4(), dispatcher)
    token = dispatcher._login.token()
    real.vault.write("auth/token/revoke", {"token": token.reveal()}, real.root)
    real.mint(uuid4(), dispatcher)
    assert dispatcher._login.token() is not token


def test_a_sealed_vault_is_waited_for(real, request):
    run_id = uuid4()
    minted, sweeper = real.mint(run_id), CredentialEnds(real.process("sweeper"))
    with real.introduce(real.mint(run_id).wrapping_token, run_id) as session:
        request.getfixturevalue("sealed")
        attempts = [
            lambda: real.mint(uuid4()),
            lambda: sweeper.metadata("none"),
            lambda: real.introduce(minted.wrapping_token, run_id).__enter__(),
            session.revoke,
            *(lambda grant=grant: session.issue("tool", grant) for grant in GRANTS.values()),
        ]
        for attempt in attempts:
            with pytest.raises(VaultUnavailableError, match=r"sealed \(HTTP 503\): unseal it"):
                attempt()


def test_a_rate_limit_is_waited_for(real, limited):
    run_id, dispatcher = uuid4(), real.process("dispatcher")
    first, second = (real.mint(run_id, dispatcher).wrapping_token for _ in range(2))
    limited(MINT_PATH)
    real.mint(run_id, dispatcher)
    with pytest.raises(VaultUnavailableError, match="it limits requests"):
        real.mint(run_id, dispatcher)
    limited(LOGIN_PATH)
    with real.introduce(first, run_id):
        pass
    with pytest.raises(VaultUnavailableError, match="quota exceeded"), real.introduce(second, run_id):
        pytest.fail("a run began")
