"""Compares the vault's own lines in a bundle with the identities and credentials it records. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from app.credentials.vault_answer import AnswerKind, VaultEvent

#: How far the clocks of the vault and of those who record may differ.
_LEEWAY = timedelta(minutes=1)
_GIVEN = (AnswerKind.LOGGED_IN, AnswerKind.ISSUED)
_Records = Iterable[Mapping[str, Any]]


class LogAgreement:
    """The vault's answers in the lines of a bundle, to be compared with records as `contract-file.json` states them.

    `incomplete` are the runs of which lines may be missing: of these, the absence of a line contradicts nothing.
    """

    def __init__(self, lines: Iterable[bytes], *, incomplete: Collection[str]) -> None:
        self._events = [event for event in map(VaultEvent.of, lines) if event is not None]
        self._incomplete = incomplete

    def of_identities(self, attempts: _Records) -> Iterator[str]:
        """What differs in identities: the SecretID of each attempt, and its login if one is recorded."""
        for row in attempts:
            whose = f"attempt {row['number']} of run {row['run_id']}"
            run = row["run_id"], row["number"]
            minted = [
                event
                for event in self._events
                if event.kind is AnswerKind.MINTED and event.accessor == row["wrapping_accessor"]
            ]
            expected = {"run": run, "SecretID accessor": row["secret_id_accessor"]}
            yield from self._compared(f"The SecretID of {whose}", run, expected, minted)
            if row["login_request_id"] is not None:
                expected = {"run": run, "accessor": row["token_accessor"]}
                given = self._given(row["login_request_id"], AnswerKind.LOGGED_IN)
                yield from self._compared(
                    f"The login of {whose} (request {row['login_request_id']})",
                    run,
                    expected,
                    given,
                    at=row["token_issued_at"],
                )

    def of_credentials(self, credentials: _Records) -> Iterator[str]:
        """What differs in credentials."""
        for row in credentials:
            run = row["run_id"], row["attempt"]
            yield from self._compared(
                f"The credential for {row['tool']} of run {row['run_id']} (request {row['request_id']})",
                run,
                {
                    "run": run,
                    "path": row["vault_path"],
                    "accessor": row["accessor"],
                    "lease": row["lease_id"],
                    "user": row["service_user"],
                    "claimed run": None,
                },
                self._given(row["request_id"], AnswerKind.ISSUED),
                at=row["issued_at"],
            )

    def of_unknown(self, known: Collection[str]) -> Iterator[str]:
        """What the vault gave to a run and the bundle does not mention; `known` are the request ids that it does."""
        for event in self._events:
            if event.kind in _GIVEN and event.request_id not in known:
                what = "login" if event.kind is AnswerKind.LOGGED_IN else f"credential of {event.path}"
                yield (
                    f"The vault's log shows a {what} for run {event.run_id} (request {event.request_id})"
                    " that this file does not record."
                )

    def _given(self, request_id: str, kind: AnswerKind) -> list[VaultEvent]:
        return [event for event in self._events if event.request_id == request_id and event.kind is kind]

    def _compared(
        self,
        what: str,
        run: tuple[str, int],
        expected: Mapping[str, Any],
        events: Collection[VaultEvent],
        *,
        at: str | None = None,
    ) -> Iterator[str]:
        if not events and run[0] not in self._incomplete:
            yield f"{what} is recorded, but not in the vault's log."
        for event in events:
            stated = _stated(event)
            for name, value in expected.items():
                if stated[name] != value:
                    yield f"{what}: the record says {name} {_worded(value)}, the vault's log {_worded(stated[name])}."
            if at is not None and abs(datetime.fromisoformat(at) - event.at) > _LEEWAY:
                yield f"{what}: the record says {at}, the vault's log {event.at.isoformat()}."


def _stated(event: VaultEvent) -> dict[str, Any]:
    return {
        "run": (str(event.run_id), event.attempt),
        "path": event.path,
        "accessor": event.accessor,
        "SecretID accessor": event.secret_id_accessor,
        "lease": event.lease_id,
        "user": event.service_user,
        "claimed run": event.claimed_run_id,
    }


def _worded(value: object) -> str:
    if isinstance(value, tuple):
        return " attempt ".join(map(str, value))
    return "none" if value is None else str(value)
