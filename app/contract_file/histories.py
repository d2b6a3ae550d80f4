"""The histories of findings in the documents of a contract file: written, read back and checked."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from uuid import UUID

from app.contract_file.run_content import Fields
from app.review.flag_history import Decision, Event, EventKind
from app.review.flag_lineage import Stretch, broken, follows
from app.review.queries.filed_documents import FiledFlag


def event_fields(event: Event, digest: str) -> Fields:
    fields = asdict(event)
    # Only referrals have these, so that a digest covers what an event states and no more.
    referral = {name: str(value) for name in ("office", "due_on") if (value := fields.pop(name)) is not None}
    return {
        **fields,
        **referral,
        "event_id": str(event.event_id),
        "flag_id": str(event.flag_id),
        "at": event.at.isoformat(),
        "digest": digest,
    }


def earlier_fields(each: FiledFlag) -> list[Fields]:
    """The flags of earlier runs on the same fact that have events, oldest first.

    `events` is their own count, `carried` the number of events that the next flag builds on.
    """
    return [
        {
            "flag_id": str(stretch.flag_id),
            "run_id": str(stretch.run_id),
            "raised_at": stretch.raised_at.astimezone(UTC).isoformat(),
            "events": stretch.version,
            "carried": stretch.carried,
            "history": [event_fields(event, digest) for event, digest in stretch.events],
        }
        for stretch in each.earlier
    ]


def event_of(stated: Fields) -> tuple[Event, str]:
    """The event and digest that `decisions` wrote. Raises KeyError, ValueError or TypeError."""
    return (
        Event(
            event_id=UUID(stated["event_id"]),
            flag_id=UUID(stated["flag_id"]),
            number=stated["number"],
            kind=EventKind(stated["kind"]),
            by=stated["by"],
            by_name=stated["by_name"],
            at=datetime.fromisoformat(stated["at"]),
            decision=Decision(stated["decision"]) if stated["decision"] else None,
            rationale=stated["rationale"],
            reference=stated["reference"],
            assignee=stated["assignee"],
            office=stated.get("office"),
            due_on=day_of(stated),
        ),
        stated["digest"],
    )


def day_of(stated: Fields) -> date | None:
    """The day by which a referral is due. Raises ValueError or TypeError."""
    return date.fromisoformat(day) if (day := stated.get("due_on")) else None


def stretch_of(stated: Fields) -> Stretch:
    """The flag and history that `decisions` wrote in `earlier`. Raises KeyError, ValueError or TypeError."""
    return Stretch(
        flag_id=UUID(stated["flag_id"]),
        run_id=UUID(stated["run_id"]),
        raised_at=datetime.fromisoformat(stated["raised_at"]),
        version=int(stated["events"]),
        carried=int(stated["carried"]),
        events=[event_of(each) for each in stated["history"]],
    )


def chain_holds(flag: FiledFlag) -> bool:
    """Whether the history of a flag is intact and the flag's state follows from it."""
    return broken(flag.earlier, flag.own) is None and state_holds(flag)


def state_holds(flag: FiledFlag) -> bool:
    """Whether the state of a flag follows from its history."""
    row = flag.flag
    return follows(
        flag.earlier,
        flag.own,
        status=row.status,
        decision=row.decision,
        assignee=row.assignee,
        office=row.office,
        due_on=row.due_on,
    )
