"""Records of the process that sends alarms: what is to be sent, and what has arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Engine, text

from app.connections.database import one_by_one
from app.connections.redaction import redact
from app.credentials.alarm_kinds import kind_of


@dataclass(frozen=True, slots=True)
class Notice:
    """One alarm as it is sent. It holds no secret: its details are redacted once more."""

    alarm_id: UUID
    kind: str
    detail: str
    run_id: UUID | None
    attempt: int | None
    credential_id: UUID | None
    raised_at: datetime
    #: How often it was tried to send this alarm, with this time.
    tries: int

    def fields(self, pages: str | None) -> Mapping[str, str | int | None]:
        """What a receiver is told. `pages` is the address of the pages, None if unknown."""
        known = kind_of(self.kind)
        return {
            "id": str(self.alarm_id),
            "kind": _line(self.kind),
            "severity": known.severity.value,
            "first_seen": self.raised_at.astimezone(UTC).isoformat(),
            "detail": _line(self.detail),
            "run": None if self.run_id is None else str(self.run_id),
            "attempt": self.attempt,
            "credential": None if self.credential_id is None else str(self.credential_id),
            "meaning": known.meaning,
            "action": known.action,
            "runbook": known.play,
            "page": f"{pages}/alarms/{self.alarm_id}" if pages else None,
        }


class Deliveries:
    """The queue of alarms to be sent, in the database. Every change is a function there."""

    def __init__(self, engine: Engine, channels: Sequence[str]) -> None:
        """`channels` are the names of all ways in which alarms are sent."""
        self._engine = one_by_one(engine)
        self._channels = list(channels)
        self._is_registered = False

    def register(self) -> None:
        """Have each alarm queued for these channels from now on, and for no others. It is done once."""
        if not self._is_registered:
            with self._engine.connect() as db:
                db.execute(text("SELECT use_channels(:channels)"), {"channels": self._channels})
            self._is_registered = True

    def take(self, channel: str) -> Notice | None:
        """The next alarm that is due, for a minute for this process alone; None if there is none."""
        with self._engine.connect() as db:
            row = db.execute(text("SELECT * FROM take_delivery(:channel)"), {"channel": channel}).first()
            return None if row is None else Notice(*row)

    def sent(self, notice: Notice, channel: str) -> None:
        """Record that the receiver has it."""
        self._note(notice, channel, why_not=None, is_refused=False)

    def not_sent(self, notice: Notice, channel: str, *, why_not: str, is_refused: bool) -> None:
        """Record why it could not be sent. One that the receiver refuses is tried again later each time."""
        self._note(notice, channel, why_not=why_not, is_refused=is_refused)

    def _note(self, notice: Notice, channel: str, *, why_not: str | None, is_refused: bool) -> None:
        with self._engine.connect() as db:
            db.execute(
                text("SELECT note_delivery(:alarm, :channel, :why_not, :is_refused)"),
                {
                    "alarm": notice.alarm_id,
                    "channel": channel,
                    "why_not": why_not,
                    "is_refused": is_refused,
                },
            )


def _line(value: str) -> str:
    """One line that ends no header and holds no secret."""
    printable = "".join(each if each.isprintable() else " " for each in value)
    return " ".join(redact(printable).split())
