"""What a thief does with real identities and credentials raises its alarm within seconds: on real servers."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import astuple, fields
from uuid import UUID, uuid4

import httpx
import pytest

from app.connections.tls import trust_of
from app.credentials.approle import MINT_PATH, RunRoleId
from app.credentials.lineage import IssuedCredential
from app.reconciliation import leftover_kinds as kinds
from tests.conftest import wait_until
from tests.integration.security.conftest import QUESTIONS, SIGNED, HeldRun, Insider
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import Vault

#: Seconds until the alarm.
SOON = 10
#: Another address of this machine than that of its processes.
ELSEWHERE = "127.0.0.2"
_NAMES = [field.name for field in fields(IssuedCredential)]
_RECORD = (
    f"INSERT INTO credential (run_id, attempt, {', '.join(_NAMES)}) VALUES (%s, 1{', %s' * len(_NAMES)})"  # noqa: S608  # names of this program
)
ALARMS = "SELECT kind, detail FROM alarm WHERE run_id = %s"
#: What a thief may do with a run that is at work and whose credentials are recorded, and the alarm that it ends in.
MISUSES: dict[str, tuple[Callable[[Insider, HeldRun], object], str, str]] = {
    "a key used from elsewhere too": (
        lambda insider, run: (use(insider, run, "contracts"), use(insider, run, "contracts", ELSEWHERE)),
        kinds.USED_ELSEWHERE,
        ELSEWHERE,
    ),
    "a signed token used from elsewhere too": (
        lambda insider, run: (use(insider, run, "sam-gov"), use(insider, run, "sam-gov", ELSEWHERE)),
        kinds.USED_ELSEWHERE,
        ELSEWHERE,
    ),
    "a key tried at another tool": (
        lambda insider, run: insider.ask("documents", run.secret("contracts")),
        kinds.USED_ELSEWHERE,
        "of contracts was tried at documents",
    ),
    "a key used after the end of its run": (
        lambda insider, run: (use(insider, run, "contracts"), end(insider, run)),
        kinds.USED_LATE,
        "of contracts was used at",
    ),
    "a signed token used after the end of its run": (
        lambda insider, run: (use(insider, run, "debarment"), end(insider, run)),
        kinds.USED_LATE,
        "of debarment was used at",
    ),
    "a login at the ledger after the end of the run": (
        lambda insider, run: (
            insider.accepts("ledger", run.secret("ledger"), user=run.database_user),
            end(insider, run, "finished"),
        ),
        kinds.USED_LATE,
        "of ledger was used at",
    ),
    "a key used beside its worker": (
        lambda insider, run: (use(insider, run, "contracts"), end(insider, run, "finished", ago=0)),
        kinds.USED_MORE,
        "contracts saw a credential 1 times, its run recorded 0",
    ),
    "a database user used beside its worker": (
        lambda insider, run: (
            [insider.accepts("ledger", run.secret("ledger"), user=run.database_user) for _ in range(2)],
            end(insider, run, "finished", ago=0),
        ),
        kinds.USED_MORE,
        "ledger saw a credential 2 times",
    ),
    "a key in the name of another run": (
        lambda insider, run: insider.system.ask_vault(
            "POST", "auth/token/create/documents", {"meta": {"run_id": str(uuid4())}}, token=run.token
        ).raise_for_status(),
        "credential in another's name",
        "names another run",
    ),
    "a credential for which there is no step": (
        lambda insider, run: insider.system.ask_vault(
            "GET", "database/creds/ledger-reader", token=run.token
        ).raise_for_status(),
        "more credentials than planned",
        "for the second time",
    ),
    "a credential that the log does not show": (
        lambda insider, run: wrapped(insider, run, "auth/token/create/documents"),
        "answer hidden from the log",
        "in a wrapping token",
    ),
}


@pytest.fixture(scope="module")
def insider(system) -> Insider:
    trust = trust_of(system.settings("worker"))
    vault = Vault(system.stack.endpoints["vault"], trust)
    dispatcher = ProcessIdentity(vault, system.settings("dispatcher").file("vault_identity_file"))
    role_id = RunRoleId(system.settings("worker").file("run_role_id_file"))
    return Insider(system=system, vault=vault, dispatcher=dispatcher, role_id=role_id)


@pytest.fixture
def recorded(insider) -> Iterator[HeldRun]:
    """A run in mid-flight that holds and has recorded all its credentials."""
    with insider.run() as run:
        for issued in run.issued.values():
            insider.system.execute(_RECORD, run.run_id, *astuple(issued.record))
        yield run


@pytest.fixture
def alarmed(system) -> Callable[..., None]:
    """Waits for an alarm of a kind about a run, with words in its details."""

    def wait(run_id: UUID, kind: str, words: str = "") -> None:
        def is_there() -> bool:
            return any(row["kind"] == kind and words in row["detail"] for row in system.rows(ALARMS, run_id))

        wait_until(is_there, seconds=SOON, what=f"the alarm {kind} ({words})")

    return wait


def use(insider: Insider, run: HeldRun, tool: str, address: str | None = None) -> None:
    """One question with the run's credential, from an address of this machine."""
    name, value = ("Authorization", "Bearer ") if tool in SIGNED else ("X-Api-Key", "")
    url = insider.system.stack.endpoints[tool] + QUESTIONS[tool]
    transport = httpx.HTTPTransport(local_address=address, verify=ssl.create_default_context())
    with httpx.Client(transport=transport, timeout=10) as client:
        assert client.get(url, headers={name: value + run.secret(tool)}).status_code in (200, 204)


def end(insider: Insider, run: HeldRun, state: str = "failed", *, ago: int = 8) -> None:
    """End the attempt in the records, so many seconds ago.

    Called after the use of a credential, which then came later: the sweeper ends all credentials as soon as it sees this.
    """
    insider.system.execute(
        "UPDATE attempt SET state = %s, ended_at = now() - make_interval(secs => %s) WHERE run_id = %s",
        *(state, ago, run.run_id),
    )


def wrapped(insider: Insider, run: HeldRun, path: str) -> None:
    httpx.post(
        f"{insider.system.stack.endpoints['vault']}/v1/{path}",
        headers={"X-Vault-Token": run.token, "X-Vault-Wrap-TTL": "60s"},
        json={},
        timeout=10,
        trust_env=False,
        verify=ssl.create_default_context(),
    ).raise_for_status()


@pytest.mark.parametrize("misuse", MISUSES)
def test_what_is_done_with_the_credentials_of_a_run_at_work_is_found(insider, recorded, alarmed, misuse):
    act, kind, words = MISUSES[misuse]
    act(insider, recorded)
    alarmed(recorded.run_id, kind, words)


def test_a_credential_that_no_worker_recorded_is_found_by_its_use(insider, alarmed):
    with insider.run() as run:
        use(insider, run, "contracts")
        alarmed(run.run_id, kinds.USED_ONLY, "was used at contracts")


def test_a_run_that_does_not_exist_is_found_by_its_identity_and_by_its_credentials(insider, alarmed):
    run_id = uuid4()
    with insider.identity(run_id, insider.mint(run_id), ["ledger"]):
        pass
    alarmed(run_id, "identity of an unknown attempt", "a login from")
    alarmed(run_id, kinds.ISSUED_ONLY, "database/creds/ledger-reader")


def test_a_second_identity_of_a_run_that_ended_is_found(insider, alarmed):
    (run_id,) = insider.system.run(insider.system.actions[0])
    with insider.identity(run_id, insider.mint(run_id), []):
        pass
    alarmed(run_id, "second login")


def test_a_message_that_is_opened_before_a_worker_claimed_it_is_found(insider, alarmed):
    run_id = uuid4()
    minted = insider.mint(run_id)
    insider.queue(insider.system.actions[0], run_id, minted)
    with ExitStack() as held:
        held.enter_context(insider.identity(run_id, minted, []))
        alarmed(run_id, "message stolen")


def test_an_identity_that_names_no_run_is_found(insider, system):
    minted = insider.dispatcher.write(MINT_PATH, {"metadata": "{}"}, wrap_ttl="60s")
    wrapping_token = minted.text("wrap_info", "token")
    opened = insider.system.ask_vault("POST", "sys/wrapping/unwrap", token=wrapping_token).json()["data"]
    login = {"role_id": insider.role_id.read(), "secret_id": opened["secret_id"]}
    insider.system.ask_vault("POST", "auth/approle/login", login, token="").raise_for_status()
    alarms = "SELECT 1 FROM alarm WHERE kind = 'identity without a run'"
    wait_until(lambda: system.rows(alarms), seconds=SOON, what="the alarm")
