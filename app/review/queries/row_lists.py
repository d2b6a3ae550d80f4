"""Rows of several tables from one statement: those of each table are one value, a list that the database makes."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Date, DateTime, Float, ScalarSelect, Table, Uuid, func, select, text
from sqlalchemy.orm.instrumentation import manager_of_class
from sqlmodel import SQLModel

from app.credentials.tables import table_of

Model = TypeVar("Model", bound=SQLModel)
#: How values are read that are texts or other numbers in JSON.
_READERS: dict[type[Any], Callable[[Any], Any]] = {
    Uuid: UUID,
    DateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Float: float,
}


class RowList(Generic[Model]):
    """The rows of one model that pass `tests`, in this order, as a column of a statement about the table `beside`.

    A statement of its own for each table takes several times as long.
    """

    def __init__(
        self,
        model: type[Model],
        *tests: ColumnElement[bool],
        by: Sequence[Any],
        beside: Table,
        but: Sequence[str] = (),
    ) -> None:
        columns = [column for column in table_of(model).c if column.key not in but]
        self._names = [column.key for column in columns]
        self._read = [
            (column.key, reader)
            for column in columns
            for kind, reader in _READERS.items()
            if isinstance(column.type, kind)
        ]
        self._new: Callable[[], Model] = manager_of_class(model).new_instance
        every = func.json_agg(func.json_build_array(*columns)).aggregate_order_by(*by)
        self.column: ScalarSelect[Any] = (
            select(func.coalesce(every, text("'[]'"))).where(*tests).correlate(beside).scalar_subquery()
        )

    def rows(self, value: list[list[Any]]) -> list[Model]:
        """The rows in the value of the column. They belong to no session."""
        found = []
        for written in value:
            row = self._new()
            fields = row.__dict__
            fields.update(zip(self._names, written, strict=True))
            for name, reader in self._read:
                if fields[name] is not None:
                    fields[name] = reader(fields[name])
            found.append(row)
        return found
