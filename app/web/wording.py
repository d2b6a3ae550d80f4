"""How times, amounts and kinds of things are written on the pages."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from flask import Flask
from markupsafe import Markup

from app.domain.federal_time import eastern
from app.domain.rules.wording import money
from app.store.pages.plans import numbered, rules_of
from app.store.tables import Credential

_LIVE = "live"

#: What is stored for programs, in words for officers. What is not in here is shown as it is.
_SYSTEMS = {
    "sam-gov": "SAM.gov registrations",
    "debarment": "SAM.gov exclusions",
    "contracts": "Contract management",
    "documents": "Contract documents",
    "ledger": "Financial obligations",
    "action": "The submitted action",
    "rules": "The rules of this tool",
}
_KINDS = {
    "signed-token": "Signed token",
    "api-key": "API key",
    "database-user": "Database user",
}
_ACTION_TYPES = {"new_award": "New award", "modification": "Modification", "option": "Option exercise"}
_ENDERS = {"run end": "the end of the run", "sweeper": "the sweeper, after the attempt was lost"}
_STATES = {"dispatched": "under way", "requested": "waiting"}
#: Characters nobody sees that change how the others are read: control, direction, width zero.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def join(app: Flask) -> None:
    """Add the filters to the templates of `app`."""
    app.jinja_env.filters.update(
        money=lambda amount: money(Decimal(amount)),
        moment=moment,
        instant=instant,
        lasting=lasting,
        plural=plural,
        system=_worded(_SYSTEMS),
        kind=_worded(_KINDS),
        action_type=_worded(_ACTION_TYPES),
        ender=_worded(_ENDERS),
        state=_worded(_STATES),
    )
    app.jinja_env.finalize = visible
    app.jinja_env.globals.update(ending=ending, rules_of=rules_of, numbered=numbered)


def visible(value: object) -> object:
    """Text with a � for each unseen character, so that what is read is what is there; markup and the rest as it is."""
    return _UNSEEN.sub("�", value) if type(value) is str else value


def _worded(words: Mapping[str, str]) -> Callable[[str], str]:
    return lambda name: words.get(name, name)


def moment(time: datetime | None) -> str:
    """A time in Eastern time with its zone and in UTC, to the second, as markup."""
    return _written(time, milliseconds=False)


def instant(time: datetime | None) -> str:
    """The same to the millisecond, where the order of events matters."""
    return _written(time, milliseconds=True)


def _written(time: datetime | None, *, milliseconds: bool) -> str:
    if time is None:
        return Markup('<span class="absent">not yet</span>')
    utc = time.astimezone(UTC)
    precision = "milliseconds" if milliseconds else "seconds"

    def clock(at: datetime) -> str:
        return at.time().isoformat(timespec=precision)

    stamp = utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
    local = eastern(time)
    day = "" if local.date() == utc.date() else f"{utc.date()} "
    return Markup(
        '<time datetime="{}"><span class="eastern">{} {} {}</span> <span class="utc">({}{} UTC)</span></time>'
    ).format(stamp, local.date(), clock(local), local.tzname(), day, clock(utc))


def lasting(span: timedelta | None) -> str:
    """A length of time in its two largest units, such as "3 min 20 s" or "0.24 s"."""
    if span is None:
        return "unknown"
    seconds = span.total_seconds()
    if seconds < 10:  # noqa: PLR2004  # below this, parts of a second count
        return f"{seconds:.2f} s"
    whole = round(seconds)
    for name, length, smaller, part in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def plural(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: "1 run", "2 runs"."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def ending(credential: Credential, now: datetime) -> str:
    """How a credential ended: "revoked", "expired", or "live" while it may still be used."""
    if credential.revoked_at is not None:
        return "revoked"
    return "expired" if credential.expires_at <= now else _LIVE
