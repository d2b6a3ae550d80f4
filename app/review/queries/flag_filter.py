"""The filter of lists, counts and exports of flags."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.review.ageing import UNDECIDED
from app.review.flag_history import Status
from app.review.queries.flag_search import search_of
from app.review.queries.run_list import begins
from app.store.tables import ActionRow, FlagRow

#: Written out, so that PostgreSQL always knows them.
_NOT_CLOSED: list[ColumnElement[str]] = [
    literal_column(f"'{each}'") for each in Status if each is not Status.CLOSED
]


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagFilter:
    """Selects the flags that match every field that is set; None matches all.

    `settled` False excludes closed flags; `assignee` "" selects unassigned ones. `vendor` is the full name of a vendor
    of the action, `action` the start of its id or PIID; `text` is a search, see `flag_search`.
    `raised_from` is inclusive, `raised_before` exclusive. `due_before` selects referrals that are due before that day,
    `late_before` undecided flags open since before the time that it gives for their severity. `earlier` adds the flags
    of runs that a later one superseded.
    The pages' counts do not know `action`: only lists of the API and of the command line use it.
    """

    status: Status | None = None
    settled: bool = True
    severity: str | None = None
    rule: str | None = None
    action_type: str | None = None
    system: str | None = None
    assignee: str | None = None
    vendor: str | None = None
    action: str | None = None
    text: str | None = None
    raised_from: datetime | None = None
    raised_before: datetime | None = None
    due_before: date | None = None
    late_before: Mapping[str, datetime] | None = None
    earlier: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The fields that are set, by the name of their parameter in a statement."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        lists = {name: [given[name]] for name in ("system", "vendor") if given[name] is not None}
        late = {f"{severity}_late": before for severity, before in (self.late_before or {}).items()}
        parts = {} if self.text is None else search_of(self.text).values
        del given["settled"], given["earlier"], given["text"], given["late_before"]
        return {name: value for name, value in (given | lists | late | parts).items() if value is not None}

    def kind(self, columns: Any) -> dict[str, ColumnElement[bool]]:
        """The conditions that the flag tally can answer too, by field, over a table with these columns."""
        tests: dict[str, ColumnElement[bool]] = {}
        if self.status is not None:
            tests["status"] = columns.status == bindparam("status", self.status.value)
        elif not self.settled:
            # PostgreSQL can use the index for a list of values, but not for "not closed".
            tests["status"] = columns.status.in_(_NOT_CLOSED)
        for name in ("severity", "rule", "action_type"):
            if (value := getattr(self, name)) is not None:
                tests[name] = getattr(columns, name) == bindparam(name, value)
        if self.system is not None:
            tests["system"] = columns.systems.contains(bindparam("system", [self.system], ARRAY(String)))
        if self.assignee is not None:
            tests["assignee"] = columns.assigned_to == bindparam("assignee", self.assignee)
        return tests

    def sought(self, *, index: bool = True) -> list[ColumnElement[bool]]:
        """The conditions that only the flags themselves can answer; `index` as in `flag_search`."""
        raised = col(FlagRow.raised_at)
        tests: list[ColumnElement[bool]] = []
        if self.text is not None:
            tests.append(search_of(self.text).condition(index=index))
        if self.vendor is not None:
            tests.append(col(FlagRow.vendors).contains(bindparam("vendor", [self.vendor], ARRAY(String))))
        if self.raised_from is not None:
            tests.append(raised >= bindparam("raised_from", self.raised_from))
        if self.raised_before is not None:
            tests.append(raised < bindparam("raised_before", self.raised_before))
        if self.due_before is not None:
            tests.append(col(FlagRow.due_on).is_not(None))
            tests.append(col(FlagRow.due_on) < bindparam("due_before", self.due_before))
        if self.late_before is not None:
            # Written out, so that PostgreSQL sees that the index is about these.
            tests.append(col(FlagRow.status).in_([literal_column(f"'{each}'") for each in UNDECIDED]))
            tests.append(
                or_(
                    *(
                        (col(FlagRow.severity) == severity)
                        & (col(FlagRow.open_since) <= bindparam(f"{severity}_late", before))
                        for severity, before in self.late_before.items()
                    )
                )
            )
        return tests

    def all(self, *, index: bool = True) -> list[ColumnElement[bool]]:
        """All conditions, over the flags; `index` as in `flag_search`."""
        current: list[Any] = [] if self.earlier else [col(FlagRow.current)]
        of_action: list[Any] = []
        if self.action is not None:
            actions = select(col(ActionRow.action_id)).where(begins(self.action))
            of_action = [col(FlagRow.action_id).in_(actions)]
        return [*current, *self.kind(FlagRow).values(), *self.sought(index=index), *of_action]
