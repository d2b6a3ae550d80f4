"""The two halves of a run's login: the RoleID that only workers have, and its replacement."""

from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest

from app.credentials.approle import DESTROY_PATH, RUN_ROLE, RunRoleId
from infra.provision.vault_setup import rotate_run_role, vault_client
from infra.vault import run_role
from infra.vault.opening import generate_root_token
from tests.integration.vault.conftest import KilledError, Killer
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import IntroductionError, introduced
from workers.runtime.vault import VaultUnavailableError

ROLE_ID = f"auth/approle/role/{RUN_ROLE}/role-id"
ENTITY = "identity/entity/name/triage-agent"


@pytest.fixture
def secret_id(installation, vault):
    """Mints a SecretID as the dispatcher does, and unwraps it as a worker does."""
    dispatcher = ProcessIdentity(vault, installation.identity_file("dispatcher"))

    def made() -> str:
        minted = dispatcher.mint(run_id=uuid4(), attempt=1, job_id="x", requested_by="test", wrapping_ttl=60)
        return vault.write("sys/wrapping/unwrap", token=minted.wrapping_token)["data"]["secret_id"]

    return made


def entity(installation, root):
    found = installation.ask("GET", ENTITY, token=root).json()["data"]
    (alias,) = found["aliases"]
    return found["id"], alias["name"]


def rotated(installation) -> list[str]:
    said: list[str] = []
    rotate_run_role(installation.settings(), said.append)
    return said


def logged_in(installation, role_id, secret_id):
    """The vault's answer to a login: its `auth`, None if it refuses."""
    answer = installation.ask("POST", "auth/approle/login", {"role_id": role_id, "secret_id": secret_id})
    assert answer.status_code in (200, 400), answer.text
    return answer.json().get("auth")


def test_a_new_role_id_keeps_the_agent_whole(installation, root, secret_id):
    """Runs under way go on, SecretIDs that wait are good with the new half only, and one switch still ends them all."""
    before, minted, (agent, _) = installation.run_role_id, secret_id(), entity(installation, root)
    under_way = logged_in(installation, before, secret_id())

    assert rotated(installation) == [
        "root token made from the recovery keys",
        "alias of triage-agent: changed",
        "worker/run-role-id: new RoleID of triage-run",
        "root token revoked",
    ]

    after = installation.run_role_id
    assert len(set(after)) > 20
    assert entity(installation, root) == (agent, after)
    assert logged_in(installation, before, minted) is None
    waited = logged_in(installation, after, minted)  # the refusal has not used it up
    assert under_way["entity_id"] == waited["entity_id"] == agent
    contracts = "auth/token/create/contracts"
    tokens = [under_way["client_token"], waited["client_token"]]
    assert all(installation.ask("POST", contracts, {}, token).is_success for token in tokens)
    assert installation.ask("POST", ENTITY, {"disabled": True}, root).is_success
    try:
        assert all(installation.ask("POST", contracts, {}, token).status_code == 403 for token in tokens)
        login = {"role_id": after, "secret_id": secret_id()}
        assert installation.ask("POST", "auth/approle/login", login).status_code == 403
        rotated(installation)
        login = {"role_id": installation.run_role_id, "secret_id": secret_id()}
        assert installation.ask("POST", "auth/approle/login", login).status_code == 403
    finally:
        assert installation.ask("POST", ENTITY, {"disabled": False}, root).is_success
    assert installation.provision() == []


@pytest.mark.parametrize("changes", [1, 2, 3])
def test_an_interrupted_replacement_is_completed(installation, root, secret_id, changes):
    """The RoleID in the vault, the alias, the file: nobody can log in before all three agree."""
    agent, before = entity(installation, root)
    settings = installation.settings()
    with vault_client(settings) as client:
        again = generate_root_token(client, settings.secrets, ["a test"], print)
    with pytest.MonkeyPatch.context() as patch:
        killer = Killer(patch)
        killer.allowed = changes
        with pytest.raises(KilledError):
            rotated(installation)
    if changes < 3:
        assert installation.run_role_id == before
        assert logged_in(installation, before, secret_id()) is None
    installation.provision()
    assert not installation.ask("GET", "auth/token/lookup-self", token=again).is_success
    assert entity(installation, root) == (agent, installation.run_role_id)
    assert installation.run_role_id != before
    assert logged_in(installation, installation.run_role_id, secret_id())["entity_id"] == agent


def test_an_installation_whose_role_id_was_no_secret_gets_one(installation, root, secret_id):
    """As earlier versions left it: the role's name is its RoleID, and no worker has a file."""
    agent, _ = entity(installation, root)
    (alias,) = installation.ask("GET", ENTITY, token=root).json()["data"]["aliases"]
    renamed = {"name": RUN_ROLE, "mount_accessor": alias["mount_accessor"], "canonical_id": agent}
    installation.ask("POST", f"identity/entity-alias/id/{alias['id']}", renamed, root)
    installation.ask("POST", ROLE_ID, {"role_id": RUN_ROLE}, root)
    installation.secret("worker", "run-role-id").unlink()
    assert logged_in(installation, RUN_ROLE, secret_id())["entity_id"] == agent

    said = installation.provision()

    assert said[1:3] == ["alias of triage-agent: changed", "worker/run-role-id: new RoleID of triage-run"]
    assert installation.run_role_id != RUN_ROLE
    assert entity(installation, root) == (agent, installation.run_role_id)
    assert logged_in(installation, RUN_ROLE, secret_id()) is None
    assert installation.provision() == []


@pytest.fixture
def attempt(installation, vault):
    """Introduces an attempt with the RoleID in this file: `with attempt(file) as session`."""
    dispatcher = ProcessIdentity(vault, installation.identity_file("dispatcher"))

    @contextmanager
    def introduce(file, *, before=lambda _: None):
        run_id = uuid4()
        minted = dispatcher.mint(run_id=run_id, attempt=1, job_id="x", requested_by="test", wrapping_ttl=60)
        before(minted)
        role_id = RunRoleId(file)
        token = minted.wrapping_token
        with introduced(vault, token, role_id=role_id, run_id=run_id, attempt=1) as session:
            yield session

    return introduce


def test_a_worker_takes_the_role_id_that_has_replaced_the_one_it_read(installation, root, attempt):
    class ReplacedOnceRead(type(installation.secrets)):
        def read_text(self, *environment, **more):
            text = super().read_text(*environment, **more)
            if not rotations:
                rotations.append(rotated(installation))
            return text

    rotations: list[list[str]] = []
    with attempt(ReplacedOnceRead(installation.secret("worker", "run-role-id"))) as session:
        assert session.identity.policy == RUN_ROLE
    assert len(rotations) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (str(UUID(int=1)), "it does not know the RoleID in RUN_ROLE_ID_FILE"),
        ("", "RUN_ROLE_ID_FILE: .* is empty"),
    ],
)
def test_a_run_waits_while_its_worker_has_no_role_id_that_the_vault_knows(attempt, tmp_path, content, reason):
    """As for a moment in a replacement. It is no theft."""
    file = tmp_path / "run-role-id"
    file.touch(mode=0o600)
    file.write_text(content)
    with pytest.raises(VaultUnavailableError, match=reason), attempt(file):
        pytest.fail("a run began")


def test_a_secret_id_that_is_gone_is_no_trouble_of_the_role_id(installation, vault, attempt):
    sweeper = ProcessIdentity(vault, installation.identity_file("sweeper"))

    def destroy(minted):
        sweeper.write(DESTROY_PATH, {"secret_id_accessor": minted.secret_id_accessor})

    with (
        pytest.raises(IntroductionError, match="invalid role or secret ID"),
        attempt(installation.secret("worker", "run-role-id"), before=destroy),
    ):
        pytest.fail("a run began")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (str(UUID(int=1)), "the RoleID of triage-run differs from worker/run-role-id"),
        (None, "there is no worker/run-role-id"),
    ],
)
def test_a_file_that_does_not_fit_the_vault_is_noticed_without_reading_the_role_id_and_put_right(
    installation, root, content, reason
):
    file, settings = installation.secret("worker", "run-role-id"), installation.settings()
    kept = file.read_text()
    with vault_client(settings) as client:
        assert run_role.problem(client, settings.secrets) is None
        file.unlink()
        if content:
            file.write_text(content)
        before = len(installation.audit_lines())
        assert run_role.problem(client, settings.secrets) == reason
    asked = [line["request"]["path"] for line in installation.audit_lines()[before:]]
    assert set(asked) <= {"auth/approle/login"}
    assert installation.provision() == [
        "root token made from the recovery keys",
        "worker/run-role-id: new RoleID of triage-run",
        "root token revoked",
    ]
    assert file.read_text() == kept


def test_a_login_of_the_dispatcher_alone_is_no_run(installation, secret_id):
    """It can open what it mints; the other half it can neither read nor guess."""
    opened = secret_id()
    token = installation.log_in("dispatcher")
    assert installation.ask("GET", ROLE_ID, token=token).status_code == 403
    for guess in (RUN_ROLE, installation.identity("dispatcher")["role_id"], str(uuid4())):
        assert logged_in(installation, guess, opened) is None
    assert logged_in(installation, installation.run_role_id, opened)
