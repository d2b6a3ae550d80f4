"""How times, amounts and kinds of things are written on the pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask
from markupsafe import Markup

from app.domain.rules.wording import money
from app.store.tables import Credential

_LIVE = "live"


def _eastern_zone() -> ZoneInfo | None:
    try:
        return ZoneInfo("America/New_York")
    except ZoneInfoNotFoundError:  # a machine without time zone data; pages then show UTC alone
        return None


_EASTERN = _eastern_zone()


def join(app: Flask) -> None:
    """Add the filters to the templates of `app`."""
    app.jinja_env.filters.update(
        money=lambda amount: money(Decimal(amount)),
        moment=moment,
        instant=instant,
        lasting=lasting,
        plural=plural,
    )
    app.jinja_env.globals.update(ending=ending)


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
    if _EASTERN is None:
        return Markup('<time datetime="{}">{} {} UTC</time>').format(stamp, utc.date(), clock(utc))
    local = time.astimezone(_EASTERN)
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
            return f"{whole // length} {name} {whole % length // part} {smaller}"
    return f"{whole} s"


def plural(number: int, one: str, many: str | None = None) -> str:
    """The number with its noun: "1 run", "2 runs"."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def ending(credential: Credential, now: datetime) -> str:
    """How a credential ended: "revoked", "expired", or "live" while it may still be used."""
    if credential.revoked_at is not None:
        return "revoked"
    return "expired" if credential.expires_at <= now else _LIVE
