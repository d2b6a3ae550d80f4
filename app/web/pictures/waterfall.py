"""A run as a waterfall: what lived from when to when in each attempt, call by call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.words import ENDERS, KINDS, SYSTEMS, lasting, plural, worded
from app.store.pages import RunPage
from app.store.tables import Attempt, Call, Credential, Denial
from app.web.pictures.axis import ticks

#: Units of the drawing: the names stand left of the bars.
WIDTH, NAMES, ROW, HEAD = 920, 270, 26, 28
_PLOT = WIDTH - NAMES - 10
#: Lines of one picture; beyond it the table alone has them.
MOST = 60
#: Width of a letter, about, and the longest name that fits left of the bars.
_LETTER, _LONGEST = 6.7, 39
_FAILED = 400
_SECOND, _MINUTE = 1_000, 60_000
#: Steps of the pattern, as the page numbers them.
SIGN_IN, POLICY, ISSUE, CALL = 2, 3, 4, 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line: which of the seven steps it belongs to, from when to when, and how that ended, in words.

    `tone` is token, credential, call, failed or refused. `lives_on` says that it ends after all there is to see.
    """

    step: int
    name: str
    system: str
    tone: str
    begins: datetime
    ends: datetime
    how: str
    lives_on: bool = False

    @property
    def lasted(self) -> timedelta:
        """From begin to end."""
        return self.ends - self.begins


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A row in the drawing. `note` stands inside the bar, or beside it with `anchor` as SVG says it."""

    row: Row
    name: str
    y: int
    x: float
    width: float
    note: str
    note_x: float
    anchor: str
    inside: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptPicture:
    """One attempt: the rows of its table, and the bars of its picture from when a worker took it up.

    `marks` are the places and texts of the time axis, `left_out` the number of rows that are not drawn.
    """

    attempt: Attempt
    rows: Sequence[Row]
    bars: Sequence[Bar]
    marks: Sequence[tuple[float, str]]
    height: int
    begins: datetime
    left_out: int

    def after(self, row: Row) -> timedelta:
        """From the beginning of the picture to that of a row."""
        return row.begins - self.begins

    @property
    def summary(self) -> str:
        """What there is to see, for those who do not see it."""
        tones = [row.tone for row in self.rows]
        issued = plural(tones.count("credential"), "credential")
        calls = plural(sum(row.step == CALL for row in self.rows), "call")
        bad = tones.count("failed") + tones.count("refused")
        trouble = f"; {bad} failed or refused" if bad else ""
        return f"{issued} and {calls}{trouble}. The table below the picture says the same, line by line."


def waterfall(page: RunPage, now: datetime) -> list[AttemptPicture]:
    """One picture for each attempt, newest first: each has a scale of its own, as minutes may lie between two."""
    return [_picture(page, attempt, now) for attempt in reversed(page.attempts)]


def _picture(page: RunPage, attempt: Attempt, now: datetime) -> AttemptPicture:
    begins = attempt.claimed_at or attempt.dispatched_at
    until = _until(page, attempt, now)
    rows = list(_rows(page, attempt, until, now))
    span = max((until - begins).total_seconds() * 1000, 1.0)
    scale = _PLOT / span
    drawn = rows[:MOST]
    return AttemptPicture(
        attempt=attempt,
        rows=rows,
        bars=[_bar(row, place, begins, scale) for place, row in enumerate(drawn)],
        marks=[(NAMES + at * scale, _milliseconds(at)) for at in ticks(span)],
        height=HEAD + ROW * len(drawn) + 6,
        begins=begins,
        left_out=len(rows) - len(drawn),
    )


def _until(page: RunPage, attempt: Attempt, now: datetime) -> datetime:
    """When nothing more happened in this attempt that is worth a look; now while it is under way."""
    mine = [call for call in page.calls if call.attempt == attempt.number]
    known = (
        attempt.dispatched_at,
        attempt.claimed_at,
        attempt.token_issued_at,
        attempt.ended_at or now,
        attempt.revoked_at,
        *(_end_of(call) for call in mine),
        *(each.refused_at for each in page.denials if each.attempt == attempt.number),
    )
    return max(time for time in known if time is not None)


def _rows(page: RunPage, attempt: Attempt, until: datetime, now: datetime) -> Iterator[Row]:
    if attempt.token_issued_at is not None:
        if attempt.claimed_at is not None:
            yield Row(
                step=SIGN_IN,
                name="Introduction and sign-in",
                system="The vault",
                tone="call",
                begins=attempt.claimed_at,
                ends=max(attempt.token_issued_at, attempt.claimed_at),
                how="the wrapped SecretID was opened once",
            )
        yield _token(attempt, until, now)
    for credential in (each for each in page.credentials if each.attempt == attempt.number):
        yield _credential(credential, until, now)
        yield from (_call(call, credential) for call in page.calls_of(credential))
    yield from (_denial(each) for each in page.denials if each.attempt == attempt.number)


def _token(attempt: Attempt, until: datetime, now: datetime) -> Row:
    begins = attempt.token_issued_at or attempt.dispatched_at
    life = _Life(
        begins=begins,
        expires=attempt.token_expires_at or until,
        revoked=attempt.revoked_at,
        by=attempt.revoked_by,
    )
    return life.row(SIGN_IN, "Run token", "The vault", "token", until=until, now=now)


def _credential(credential: Credential, until: datetime, now: datetime) -> Row:
    life = _Life(
        begins=credential.issued_at,
        expires=credential.expires_at,
        revoked=credential.revoked_at,
        by=credential.ended_by,
    )
    kind, system = worded(KINDS, credential.kind), worded(SYSTEMS, credential.tool)
    return life.row(ISSUE, kind, system, "credential", until=until, now=now)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Life:
    """How long something the vault issued lives: until it is revoked, or expires by itself."""

    begins: datetime
    expires: datetime
    revoked: datetime | None
    by: str | None

    def row(self, step: int, name: str, system: str, tone: str, *, until: datetime, now: datetime) -> Row:
        """Its line, as far as the picture goes."""
        ends = self.revoked or self.expires
        return Row(
            step=step,
            name=name,
            system=system,
            tone=tone,
            begins=self.begins,
            ends=max(self.begins, min(ends, until)),
            how=self._how(lasting(ends - self.begins), now),
            lives_on=ends > until,
        )

    def _how(self, lived: str, now: datetime) -> str:
        if self.revoked is not None:
            return f"revoked by {worded(ENDERS, self.by or 'nobody on record')}, {lived} after issue"
        if self.expires <= now:
            return f"expired by its time to live of {lived}"
        return f"valid, expires {lived} after issue at the latest"


def _call(call: Call, credential: Credential) -> Row:
    failed = call.error is not None or not 0 < call.status < _FAILED
    told = f"HTTP {call.status}" if call.status else "no answer"
    if credential.kind == "database-user" and call.status:
        told = "answered"
    return Row(
        step=CALL,
        name=call.operation,
        system=worded(SYSTEMS, credential.tool),
        tone="failed" if failed else "call",
        begins=call.started_at,
        ends=_end_of(call),
        how=f"{told}: {call.error}" if call.error else told,
    )


def _denial(denial: Denial) -> Row:
    return Row(
        step=POLICY,
        name="Refused by policy",
        system=worded(SYSTEMS, denial.tool),
        tone="refused",
        begins=denial.refused_at,
        ends=denial.refused_at,
        how=denial.reason,
    )


def _end_of(call: Call) -> datetime:
    return call.started_at + timedelta(milliseconds=call.latency_ms)


def _bar(row: Row, place: int, begins: datetime, scale: float) -> Bar:
    x = NAMES + max((row.begins - begins).total_seconds() * 1000, 0) * scale
    width = max(row.lasted.total_seconds() * 1000 * scale, 3.0)
    width = min(width, NAMES + _PLOT - x) if x + 3 < NAMES + _PLOT else 3.0
    note = _note(row)
    inside, note_x, anchor = _beside(x, width, len(note) * _LETTER)
    name = _name(row)
    return Bar(
        row=row,
        name=name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…",
        y=HEAD + place * ROW,
        x=round(x, 1),
        width=round(width, 1),
        note=note,
        note_x=round(note_x, 1),
        anchor=anchor,
        inside=inside,
    )


def _name(row: Row) -> str:
    """What is written left of the bar: a credential by its system, with its calls below it."""
    names = {ISSUE: row.system, CALL: f"– {row.name}", POLICY: f"{row.system}, refused"}
    return names.get(row.step, row.name)


def _note(row: Row) -> str:
    """What is written at the bar itself."""
    took = _took(row.lasted)
    match row.tone:
        case "token" | "credential":
            name = "" if row.tone == "token" else f"{row.name}, "
            end = "outlives this picture →" if row.lives_on else f"{took}, then ended"
            return f"{name}{end}"
        case "refused":
            return "✕ refused"
        case "failed":
            return f"✕ {row.how.split(':')[0]}, {took}"
        case _:
            return took


def _beside(x: float, width: float, needed: float) -> tuple[bool, float, str]:
    """Whether the note fits inside the bar, where it stands, and on which side of that point."""
    if needed + 12 <= width:
        return True, x + 6, "start"
    if x + width + needed + 10 <= WIDTH:
        return False, x + width + 5, "start"
    return False, x - 5, "end"


def _took(span: timedelta) -> str:
    """A length of time, in milliseconds below a second."""
    milliseconds = span.total_seconds() * _SECOND
    return f"{milliseconds:.0f} ms" if milliseconds < _SECOND else lasting(span)


def _milliseconds(number: float) -> str:
    """A mark of the time axis."""
    if not number:
        return "0"
    if number < _SECOND:
        return f"{number:g} ms"
    return f"{number / _SECOND:g} s" if number < _MINUTE else lasting(timedelta(milliseconds=number))
