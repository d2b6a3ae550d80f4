"""Jinja filters: how pages write times, amounts and names."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from flask import Flask
from markupsafe import Markup

from app.credentials.ending import unrecorded_name
from app.procurement.document_names import with_document_names
from app.procurement.federal_time import eastern
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

#: Length of the offset at the end of a time in ISO 8601, "-04:00".
_OFFSET = 6


def init_app(app: Flask) -> None:
    """Add the filters to the templates of `app`."""
    app.jinja_env.filters.update(
        money=lambda amount: money(Decimal(amount)),
        moment=moment,
        instant=instant,
        lasting=lasting,
        difference=difference,
        plural=plural,
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
    app.jinja_env.globals.update(rules_of=rules_of, numbered=numbered, unrecorded_name=unrecorded_name)


def visible(value: object) -> object:
    """Text with � in place of invisible characters; markup and other values unchanged."""
    return without_unseen(value) if type(value) is str else value


def moment(time: datetime | None) -> str:
    """A time in Eastern time with its zone and in UTC, to the second, as markup."""
    return _written(time, milliseconds=False)


def instant(time: datetime | None) -> str:
    """The same to the millisecond, for places where the order of events matters."""
    return _written(time, milliseconds=True)


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
