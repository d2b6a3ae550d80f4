"""Which flags a list, a count or an export is about."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.review.flag_history import Status
from app.store.tables import FlagRow


@dataclass(frozen=True, kw_only=True, slots=True)
class FlagFilter:
    """Which flags: those that match everything that is set. None leaves open.

    `settled` False keeps what still waits for something, whatever the status; `assignee` "" keeps what nobody has.
    `vendor` is the whole name of a vendor of the action; `text` words of the search, as in a web search.
    `raised_from` is inclusive, `raised_before` exclusive. `earlier` adds the flags of runs that a later one superseded.
    """

    status: Status | None = None
    settled: bool = True
    severity: str | None = None
    rule: str | None = None
    action_type: str | None = None
    system: str | None = None
    assignee: str | None = None
    vendor: str | None = None
    text: str | None = None
    raised_from: datetime | None = None
    raised_before: datetime | None = None
    earlier: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """What is set, by the name of its parameter in a statement."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        lists = {name: [told[name]] for name in ("system", "vendor") if told[name] is not None}
        del told["settled"], told["earlier"]
        return {name: value for name, value in (told | lists).items() if value is not None}

    def kind(self, columns: Any) -> dict[str, ColumnElement[bool]]:
        """What is set of the kind of a flag, by the field's name, over a table with columns of these names."""
        tests: dict[str, ColumnElement[bool]] = {}
        if self.status is not None:
            tests["status"] = columns.status == bindparam("status", self.status.value)
        elif not self.settled:
            # Named one by one, they are passed over in an index; "not closed" is not.
            tests["status"] = columns.status.in_([each.value for each in Status if each is not Status.CLOSED])
        for name in ("severity", "rule", "action_type"):
            if (value := getattr(self, name)) is not None:
                tests[name] = getattr(columns, name) == bindparam(name, value)
        if self.system is not None:
            tests["system"] = columns.systems.contains(bindparam("system", [self.system], ARRAY(String)))
        if self.assignee is not None:
            tests["assignee"] = columns.assigned_to == bindparam("assignee", self.assignee)
        return tests

    def sought(self) -> list[ColumnElement[bool]]:
        """What is set beyond its kind, which only the flags themselves can tell."""
        raised = col(FlagRow.raised_at)
        tests: list[ColumnElement[bool]] = []
        if self.text is not None:
            tests.append(
                col(FlagRow.search).bool_op("@@")(
                    func.websearch_to_tsquery("simple", bindparam("text", self.text))
                )
            )
        if self.vendor is not None:
            tests.append(col(FlagRow.vendors).contains(bindparam("vendor", [self.vendor], ARRAY(String))))
        if self.raised_from is not None:
            tests.append(raised >= bindparam("raised_from", self.raised_from))
        if self.raised_before is not None:
            tests.append(raised < bindparam("raised_before", self.raised_before))
        return tests

    def all(self) -> list[ColumnElement[bool]]:
        """Everything that is set, over the flags."""
        current: list[Any] = [] if self.earlier else [col(FlagRow.current)]
        return [*current, *self.kind(FlagRow).values(), *self.sought()]
