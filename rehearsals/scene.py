"""What every attack needs: a run that is requested, its stolen message, and a look at what became of it."""

from collections.abc import Callable
from functools import cached_property
from uuid import UUID

from app import usecases
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.credentials.progress import Progress
from app.credentials.vault_line import AuditLine
from rehearsals.attack import Account
from rehearsals.disposable_copy import DisposableCopy
from rehearsals.installation import Installation, until
from rehearsals.own_worker import Loot, OwnWorker
from rehearsals.thief import Message, Thief

#: Who asks for the runs of rehearsals, as pages and the vault's log show it.
REQUESTER = "rehearsal"
#: Seconds that a run may take, and the end of all that it held.
PATIENCE = 45.0


class Scene:
    """One stack, and those who attack it."""

    def __init__(self, stack: Installation) -> None:
        self.stack = stack
        self.thief = Thief(stack)
        self.worker = OwnWorker(stack)
        self._progress = Progress(stack.sessions)

    @cached_property
    def actions(self) -> tuple[str, str]:
        """The action that robbed runs are about, and one whose contract file is forged."""
        inbox = (self.stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
        ids, _ = usecases.submit(self.stack.sessions, inbox)
        return ids[0], ids[1]

    @cached_property
    def copy(self) -> DisposableCopy:
        """A copy of the records and logs, with a reconciler of its own. Made once; `close` removes it."""
        return DisposableCopy(self.stack)

    def close(self) -> None:
        """Remove the copy, if there is one, and close the thief's connections."""
        self.thief.close()
        if "copy" in self.__dict__:
            self.copy.close()

    def account(self) -> Account:
        """An empty account of what happens from now on."""
        (row,) = self.stack.rows("SELECT clock_timestamp() AS now")
        return Account(began=row["now"], log_place=self.stack.layout.audit_log.stat().st_size)

    def request(self, account: Account, action: str = "") -> UUID:
        """Request a run, which belongs to this attack."""
        wanted = [action or self.actions[0]]
        (run_id,) = usecases.request_runs(self.stack.sessions, wanted, requested_by=REQUESTER)
        account.runs.append(run_id)
        return run_id

    def steal(self, account: Account) -> Message:
        """Take the message of a new run before a worker does."""
        with self.stack.workers_asleep():
            return self.thief.take(self.request(account))

    def robbed_run(self, account: Account, *, before_end: Callable[[Loot], None] = lambda _: None) -> Loot:
        """A run in the hands of a worker whose memory the thief reads; over when this returns."""
        return self.worker.carry_out(self.steal(account), before_end=before_end)

    def wait(self, run_ids: list[UUID]) -> None:
        """Wait until these runs have ended, and the vault has confirmed the end of all that they held."""

        def over() -> bool:
            return self._progress.ended(run_ids) == len(run_ids) and not self._progress.unconfirmed(run_ids)

        until(over, seconds=PATIENCE, what="the confirmed end of the runs")

    def line(self, account: Account, path: str, *, refused: bool) -> AuditLine:
        """The vault's own line about what was asked at a path since the attempt began: the last answer of that kind."""

        def found() -> AuditLine | None:
            lines = (
                each
                for each in self.lines(account)
                if each.path == path and each.refused is refused and each.type == "response"
            )
            return next(reversed(list(lines)), None)

        return until(found, seconds=10, what=f"the vault's line about {path}")

    def lines(self, account: Account) -> list[AuditLine]:
        """All lines of the vault since this account was opened."""
        with self.stack.layout.audit_log.open("rb") as log:
            log.seek(account.log_place)
            return [line for raw in log if (line := AuditLine.parse(raw)) is not None]

    def is_dead(self, accessor: str) -> bool:
        """Whether the vault no longer knows a token, as an operator asks it."""
        settings = self.stack.settings
        with Auditor(
            settings.need("vault_addr"), settings.file("vault_identity_file"), trust_of(settings)
        ) as auditor:
            return not auditor.alive(accessors=[accessor], leases=[])
