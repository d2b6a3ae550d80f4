"""Ends what ended attempts hold, and confirms it by asking the vault and the tools' databases.

The vault's own log says what an attempt holds. What only the worker's record names may belong to another run, and is
ended only if the vault says that it is this one's.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial

import structlog
from sqlalchemy.exc import OperationalError

from app.credentials.ends import TOGETHER, EndRecords
from app.credentials.holdings import EndedAttempt, Holdings
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.ended_users import EndedUsers
from workers.runtime.rounds import reason
from workers.runtime.unconfirmed_end import UnconfirmedEnd
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()
#: How often the log is read anew for what was issued while tokens were being ended.
_READINGS = 4


class Ending:
    """Confirms the ends of attempts, several at a time. No transaction is open while the vault is asked."""

    def __init__(
        self,
        *,
        records: EndRecords,
        vault: CredentialEnds,
        ended_users: EndedUsers,
        read_log: Callable[[], bool],
        threads: Executor,
    ) -> None:
        """`read_log` reads the vault's log to its end into the database; False when it cannot be read."""
        self._records = records
        self._vault = vault
        self._ended_users = ended_users
        self._read_log = read_log
        self._threads = threads

    def confirm_due(self, *, tried_before: bool) -> None:
        """Confirm what is due, and record why the rest is not confirmed.

        At first leases are left to the vault, which revokes them with their token. Later each is revoked here.
        """
        while due := self._records.due(tried_before=tried_before):
            self._confirm_or_note(due, patient=tried_before)
            if len(due) < TOGETHER:
                return

    def _confirm_or_note(self, due: Sequence[EndedAttempt], *, patient: bool) -> None:
        """Confirm these together, or else one by one, so that none holds up the others."""
        try:
            self._confirm(due, patient=patient)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this attempt's problem
            if len(due) == 1:
                self._records.note_problem(due[0], reason(error, "confirming ends"))
            else:
                for attempt in due:
                    self._confirm_or_note([attempt], patient=patient)

    def _confirm(self, due: Sequence[EndedAttempt], *, patient: bool) -> None:
        cases = {attempt: UnconfirmedEnd(Holdings(attempt)) for attempt in due}
        complete = self._end_identities(cases)
        self._each(cases.values(), partial(self._end_credentials, patient=patient, complete=complete))
        unasked = [case for case in cases.values() if case.problem is None]
        self._ask_databases(unasked, patient=patient, complete=complete)
        confirmed = [case.held for case in cases.values() if case.problem is None]
        self._records.confirm(confirmed)
        for case in cases.values():
            which = {"run_id": str(case.held.ended.run_id), "attempt": case.held.ended.number}
            if case.problem is None:
                log.info("end confirmed", **which)
            else:
                self._records.note_problem(case.held.ended, case.problem)
                log.warning("end not confirmed", **which, reason=case.problem)

    def _end_identities(self, cases: dict[EndedAttempt, UnconfirmedEnd]) -> bool:
        """End SecretIDs and run tokens until the log shows no new ones; whether the log could be read to its end."""
        for _ in range(_READINGS):
            complete = self._read_log()
            for held in self._records.holdings([case.held.ended for case in cases.values()]):
                cases[held.ended].held = held
            waiting = [
                case for case in cases.values() if not case.silent and case.can_get_more(complete=complete)
            ]
            if not waiting:
                return complete
            self._each(waiting, partial(self._end_identity, complete=complete))
        for case in waiting:
            case.problem = case.problem or "new identities of this attempt keep appearing in the vault's log"
        return complete

    def _end_identity(self, case: UnconfirmedEnd, *, complete: bool) -> None:
        held = case.held
        self._all_of(case, self._end_token, case.new_tokens)
        # A SecretID logs in once. Without a login for each of them, one may still do so.
        if not case.closed and (not complete or len(held.secret_ids) > len(held.run_tokens)):
            self._all_of(case, self._vault.end_secret_id, held.secret_ids)
            self._all_of(case, self._vault.end_token, held.wrapping_tokens)
        case.closed = True
        self._all_of(case, partial(self._end_claimed, held.ended), held.claimed_tokens - case.settled)

    def _all_of(self, case: UnconfirmedEnd, end: Callable[[str], None], names: Iterable[str]) -> None:
        """End each of them, also when the vault refuses to end another."""
        for name in names:
            case.settled.add(name)
            try:
                end(name)
            except VaultRefusedError as refused:
                case.problem = f"the vault refuses: {refused}"

    def _end_token(self, accessor: str) -> None:
        """Raises `VaultRefusedError` for a token that is alive after its end."""
        if self._vault.metadata(accessor) is not None:
            self._vault.end_token(accessor)
            if self._vault.metadata(accessor) is not None:
                raise VaultRefusedError("a token is alive although it was revoked")

    def _end_claimed(self, ended: EndedAttempt, accessor: str) -> None:
        metadata = self._vault.metadata(accessor)
        if metadata is not None:
            if (metadata.get("run_id"), metadata.get("attempt")) == (str(ended.run_id), str(ended.number)):
                self._end_token(accessor)
            else:
                self._records.alarm_claim(ended, f"accessor {accessor}")

    def _end_credentials(self, case: UnconfirmedEnd, *, patient: bool, complete: bool) -> None:
        held = case.held
        # Run tokens that ended themselves by the log are asked about with the rest.
        self._all_of(case, self._end_token, held.keys | case.new_tokens)
        self._all_of(case, partial(self._end_lease, patient=patient), held.leases)
        for lease_id in held.claimed_leases:
            if self._vault.is_lease_alive(lease_id):
                if complete:
                    self._records.alarm_claim(held.ended, f"lease {lease_id}")
                else:
                    case.problem = f"the vault has not ended the lease {lease_id}"

    def _end_lease(self, lease_id: str, *, patient: bool) -> None:
        if self._vault.is_lease_alive(lease_id):
            if patient:
                self._vault.end_lease(lease_id)
            if not patient or self._vault.is_lease_alive(lease_id):
                raise VaultRefusedError(f"the lease {lease_id} is still alive")

    def _ask_databases(self, cases: Sequence[UnconfirmedEnd], *, patient: bool, complete: bool) -> None:
        asked = {user for case in cases for user in self._users(case, complete)}
        ours = {user for case in cases for user in case.held.users}
        left = self._ended_users.left(asked, ours if patient else set())
        for case in cases:
            remains = [left[user] for user in self._users(case, complete) if user in left]
            case.problem = remains[0] if remains else case.problem

    def _users(self, case: UnconfirmedEnd, complete: bool) -> set[str]:
        held = case.held
        # A vault whose log hides the names of users leaves only the worker's record of them.
        named = complete and len(held.users) >= len(held.leases)
        return held.users if named else held.users | held.claimed_users

    def _each(self, cases: Iterable[UnconfirmedEnd], step: Callable[[UnconfirmedEnd], None]) -> None:
        """One step for all cases. When the vault is silent for one of them, no other is asked."""
        silence: list[str] = []

        def carry_out(case: UnconfirmedEnd) -> None:
            try:
                if not silence:
                    step(case)
            except VaultUnavailableError as silent:
                silence.append(f"the vault does not answer: {silent}")
            except VaultRefusedError as refused:
                case.problem = f"the vault refuses: {refused}"
            if silence:
                case.problem, case.silent = silence[0], True

        list(self._threads.map(carry_out, [case for case in cases if not case.silent]))
