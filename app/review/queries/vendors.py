"""One vendor: the actions that name it, the flags about it, and its last known registration."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, defer
from sqlmodel import col

from app.review.flag_history import Event
from app.review.flag_lineage import Stretch, begins
from app.review.lineage_rows import lineages
from app.review.queries.actions import ActionLine, with_state
from app.store.tables import ActionRow, EvidenceRow, FlagRow

#: How many of the newest actions and flags a page shows.
ACTIONS, FLAGS = 50, 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Naming:
    """A name, role and CAGE that actions give the vendor, and how many actions do."""

    name: str
    role: str
    cage: str | None
    actions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorPage:
    """One vendor. `namings` are over all actions, the most frequent first; `actions` the newest of `actions_in_all`.

    `flags` are those about this vendor out of `flags_in_all`, current ones first, each with its events, oldest first,
    after the decision that was carried over to it. `facts_in_all` counts a fact once, however many runs found it.
    `registrations` are the rows of the last answer of SAM.gov that had any; empty if there was none.
    """

    uei: str
    namings: Sequence[Naming]
    actions: Sequence[ActionLine]
    actions_in_all: int
    flags: Sequence[tuple[FlagRow, Sequence[Event]]]
    flags_in_all: int
    facts_in_all: int
    registrations: Sequence[EvidenceRow]


def page(db: Session, uei: str) -> VendorPage | None:
    """One vendor, or None if no action names it."""
    named = col(ActionRow.vendors).contains([{"uei": uei}])
    namings = _namings(db, uei)
    if not namings:
        return None
    newest = select(col(ActionRow.action_id)).where(named)
    ids = db.scalars(
        newest.order_by(col(ActionRow.submitted_at).desc(), col(ActionRow.action_id).desc()).limit(ACTIONS)
    ).all()
    about = _about(uei).where(col(FlagRow.action_id).in_(newest))
    flags = db.scalars(
        about.order_by(
            col(FlagRow.current).desc(),
            col(FlagRow.raised_at).desc(),
            col(FlagRow.flag_id),
        ).limit(FLAGS)
    ).all()
    lineage_of = lineages(db, [flag.flag_id for flag in flags])
    every = about.with_only_columns(col(FlagRow.previous)).subquery()
    in_all, facts = db.execute(
        select(func.count(), func.count().filter(every.c.previous.is_(None))).select_from(every)
    ).one()
    return VendorPage(
        uei=uei,
        namings=namings,
        actions=with_state(db, ids),
        actions_in_all=db.execute(select(func.count()).select_from(newest.subquery())).scalar_one(),
        flags=[(flag, _events(lineage_of[flag.flag_id])) for flag in flags],
        flags_in_all=in_all,
        facts_in_all=facts,
        registrations=_registrations(db, uei),
    )


def _events(lineage: Sequence[Stretch]) -> list[Event]:
    """The events of the last flag, after the decision that it began with."""
    start, _ = begins(lineage[:-1])
    return [*((start.decided,) if start.decided else ()), *(event for event, _ in lineage[-1].events)]


def _namings(db: Session, uei: str) -> list[Naming]:
    """The combinations of name, role and CAGE that actions give this vendor."""
    each = func.jsonb_array_elements(col(ActionRow.vendors)).table_valued("value").lateral()
    value = each.c.value
    parts = [value.op("->>")(name) for name in ("name", "role", "cage")]
    number = func.count(col(ActionRow.action_id).distinct())
    rows = db.execute(
        select(*parts, number)
        .select_from(ActionRow)
        .join(each, value.op("->>")("uei") == uei)
        .where(col(ActionRow.vendors).contains([{"uei": uei}]))
        .group_by(*parts)
        .order_by(number.desc(), *parts)
    ).all()
    return [Naming(name=row[0], role=row[1], cage=row[2], actions=row[3]) for row in rows]


def _about(uei: str) -> Select[FlagRow]:
    """Flags whose subject is this vendor. Rules write "UEI", "UEI:owner" or "PIID:UEI"."""
    subject = col(FlagRow.subject)
    return (
        select(FlagRow)
        .options(defer(FlagRow.search))
        .where(or_(subject == uei, subject.startswith(f"{uei}:"), subject.endswith(f":{uei}")))
    )


def _registrations(db: Session, uei: str) -> Sequence[EvidenceRow]:
    of_it = (col(EvidenceRow.kind) == "Registration", col(EvidenceRow.fact).op("->>")("uei") == uei)
    last = (
        select(col(EvidenceRow.call_id))
        .where(*of_it)
        .order_by(col(EvidenceRow.pulled_at).desc())
        .limit(1)
        .scalar_subquery()
    )
    return db.scalars(
        select(EvidenceRow)
        .where(*of_it, col(EvidenceRow.call_id) == last)
        .order_by(col(EvidenceRow.evidence_id))
    ).all()
