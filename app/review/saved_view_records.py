"""Saved views: filters of the queue under a name. Each person sees and changes only their own."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.tables import table_of
from app.review.tables import SavedViewRow

#: Views one person may have.
MOST = 30
_TABLE = table_of(SavedViewRow)


class SavedViewError(Exception):
    """A view that cannot be saved or renamed. The text is shown to the person."""


class SavedViews:
    """Saves, renames and deletes views."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def save(self, owner: str, name: str, query: str) -> None:
        """Save a filter, replacing a view of the same name. Raises `SavedViewError` if the person has too many."""
        with self._sessions.begin() as db:
            others = select(func.count()).where(
                col(SavedViewRow.owner) == owner, col(SavedViewRow.name) != name
            )
            if db.scalars(others).one() >= MOST:
                raise SavedViewError(f"You have {MOST} saved views. Delete one first.")
            saved = insert_or(_TABLE).values(owner=owner, name=name, query=query)
            db.execute(saved.on_conflict_do_update(index_elements=["owner", "name"], set_={"query": query}))

    def rename(self, owner: str, name: str, new: str) -> bool:
        """Rename a view; False if it does not exist. Raises `SavedViewError` if the new name is taken."""
        if name == new:
            return True
        with self._sessions.begin() as db:
            if db.get(SavedViewRow, (owner, new)) is not None:
                raise SavedViewError(f"Another of your views is named “{new}”.")
            mine = (_TABLE.c.owner == owner) & (_TABLE.c.name == name)
            query = db.scalar(delete(_TABLE).where(mine).returning(_TABLE.c.query))
            if query is None:
                return False
            db.execute(insert(_TABLE).values(owner=owner, name=new, query=query))
            return True

    def delete(self, owner: str, name: str) -> None:
        """Delete a view, if it exists."""
        with self._sessions.begin() as db:
            db.execute(delete(_TABLE).where((_TABLE.c.owner == owner) & (_TABLE.c.name == name)))


def of(db: Session, owner: str) -> Sequence[SavedViewRow]:
    """The views of one person, by name."""
    mine = select(SavedViewRow).where(col(SavedViewRow.owner) == owner)
    return db.scalars(mine.order_by(col(SavedViewRow.name))).all()
