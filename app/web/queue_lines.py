"""The lines of the queue: what one line shows of a flag, in the words of the page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from app.procurement.federal_time import eastern, eastern_day
from app.review.ageing import AgeingPolicy
from app.review.flag_history import Status
from app.review.queries import FlagLine
from app.review.queries.queue import Sort
from app.review.referrals import referral_words
from app.review.roles import Person
from app.store.tables import ActionRow, FlagRow
from app.web.flag_page.way_through import QUEUE
from app.web.queue_filter import QueueQuery

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLine:
    """One line. `vendor` is the one concerned, `group` says whether the line is the first one of its action.

    `late` is how long past its limit an undecided flag is, `referral` to whom a flag is referred; "" if it is not so.
    """

    flag: FlagRow
    action: ActionRow
    link: str
    vendor: str
    found: str
    found_at: str
    age: str
    assignee: str
    late: str
    referral: str
    group: bool


def queue_lines(
    lines: Sequence[FlagLine],
    query: QueueQuery,
    people: Mapping[str, Person],
    *,
    now: datetime,
    ageing: AgeingPolicy,
) -> Iterator[QueueLine]:
    """The lines of a page of the queue. Grouped by action, if that is its order."""
    carried = f"?{QUEUE}={quote(query.query_string, safe='')}" if query.args else ""
    before = None
    today = eastern_day(now)
    for line in lines:
        flag = line.flag
        raised = eastern(flag.raised_at)
        late = ageing.age(flag, now)
        yield QueueLine(
            flag=flag,
            action=line.action,
            # A page has dozens of these, see `QueueQuery.link`.
            link=f"{query.path}/{flag.flag_id}{carried}",
            vendor=vendor_concerned(flag, line.action),
            found=raised.date().isoformat(),
            found_at=f"{raised:%Y-%m-%d %H:%M:%S %Z}, {flag.raised_at:%Y-%m-%d %H:%M:%S} UTC",
            age=age(now - flag.raised_at),
            assignee=_name(flag.assignee, people),
            late=late.words if late and late.late else "",
            referral=referral_words(flag, today) if flag.status == Status.REFERRED else "",
            group=query.sort is Sort.ACTION and flag.action_id != before,
        )
        before = flag.action_id


def vendor_concerned(flag: FlagRow, action: ActionRow) -> str:
    """The vendor that a flag is about: the one its subject names, else the prime contractor; "" if the action has none."""
    named = flag.subject.partition(":")[0]
    by_uei = {vendor.get("uei"): vendor.get("name") for vendor in action.vendors}
    prime = next((each.get("name") for each in action.vendors if each.get("role") == "prime"), None)
    return str(by_uei.get(named) or prime or next(iter(flag.vendors), ""))


def age(span: timedelta) -> str:
    """How long ago, in its largest unit: "3 d", "5 h" or "12 min"."""
    if span >= _DAY:
        return f"{span // _DAY} d"
    minutes = max(0, int(span.total_seconds()) // 60)
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004  # an hour


def _name(subject: str | None, people: Mapping[str, Person]) -> str:
    if not subject:
        return ""
    return people[subject].name if subject in people else subject
