"""Jinja filters: how pages write times, amounts and names."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from flask import Flask
from markupsafe import Markup

from app.credentials.ending import unrecorded_name
from app.procurement.document_names import with_document_names
from app.procurement.federal_time import eastern, eastern_day
from app.procurement.labels import (
    ACTION_TYPES,
    DECISIONS,
    EVENTS,
    KINDS,
    SOURCES,
    STATES,
    STATUSES,
    lasting,
    plural,
    without_unseen,
    worded,
)
from app.procurement.rules.support.value_text import money
from app.review.queries.plans import numbered, rules_of
from app.review.queries.run_list import COUNTED
from app.review.referrals import Referred, referral_words

#: Length of the offset at the end of a time in ISO 8601, "-04:00".
_OFFSET = 6


def init_app(app: Flask) -> None:
    """Add the filters to the templates of `app`."""
    app.jinja_env.filters.update(
        money=lambda amount: money(Decimal(amount)),
        moment=moment,
        instant=instant,
        clock=clock,
        process=process,
        lasting=lasting,
        difference=difference,
        plural=plural,
        counted=counted,
        counted_runs=lambda number: f"{counted(number)} {'run' if number == 1 else 'runs'}",
        documents=with_document_names,
        system=partial(worded, SOURCES),
        kind=partial(worded, KINDS),
        action_type=partial(worded, ACTION_TYPES),
        state=partial(worded, STATES),
        decision=partial(worded, DECISIONS),
        status=partial(worded, STATUSES),
        event=partial(worded, EVENTS),
    )
    app.jinja_env.finalize = visible
    app.jinja_env.globals.update(
        referred=referred, rules_of=rules_of, numbered=numbered, unrecorded_name=unrecorded_name
    )


def counted(number: int) -> str:
    """A number of runs, as far as they are counted."""
    return f"over {COUNTED:,}" if number > COUNTED else str(number)


def visible(value: object) -> object:
    """Text with � in place of invisible characters; markup and other values unchanged."""
    return without_unseen(value) if type(value) is str else value


def moment(time: datetime | None) -> str:
    """A time in Eastern time with its zone and in UTC, to the second, as markup."""
    return _written(time, milliseconds=False)


def instant(time: datetime | None) -> str:
    """The same to the millisecond, for places where the order of events matters."""
    return _written(time, milliseconds=True)


def clock(time: datetime | None) -> str:
    """The time of day alone, Eastern, to the millisecond: for tables of one run, whose page states the day."""
    if time is None:
        return _written(None, milliseconds=True)
    utc = time.astimezone(UTC)
    local = eastern(utc)
    stamp = utc.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return _markup(
        f'<time datetime="{stamp}Z">{local.time().isoformat("milliseconds")} {local.tzname()}</time>'
    )


def process(name: str) -> str:
    """A process by its stored name, "host:id", in words."""
    host, _, number = name.rpartition(":")
    return f"process {number} on {host}" if host and number.isdigit() else f"process {name}"


def clock_time(time: datetime, *, now: datetime) -> str:
    """A time today as "14:03 EST", or with its day if that is another."""
    there = eastern(time)
    day = "" if there.date() == eastern_day(now) else f"{there.date()} "
    return f"{day}{there:%H:%M} {there.tzname()}"


def referred(referral: Referred, now: datetime) -> str:
    """A referral in words, with when it is due seen from `now`."""
    return referral_words(referral, eastern_day(now))


def difference(ahead: float) -> str:
    """How far a clock is from another, by the seconds it is ahead."""
    if abs(ahead) < 1:
        return "less than 1 s"
    return f"{abs(ahead):,.0f} s {'ahead' if ahead > 0 else 'behind'}"


def _written(time: datetime | None, *, milliseconds: bool) -> str:
    if time is None:
        return Markup('<span class="absent">not yet</span>')
    utc = time.astimezone(UTC)
    stamp = utc.replace(tzinfo=None).isoformat(timespec="milliseconds" if milliseconds else "seconds")
    day, _, clock = stamp.partition("T")
    local = eastern(utc)
    there = str(local.date())
    wall = local.isoformat(timespec="milliseconds" if milliseconds else "seconds")[len(there) + 1 : -_OFFSET]
    return _markup(
        f'<time datetime="{stamp}Z"><span class="eastern">{there} {wall} {local.tzname()}</span>'
        f' <span class="utc">({"" if there == day else f"{day} "}{clock} UTC)</span></time>'
    )


def _markup(text: str) -> Markup:
    """Markup without escaping: a page has dozens of times, and none contains anything to escape."""
    return Markup(text)  # noqa: S704  # digits and the name of a time zone
