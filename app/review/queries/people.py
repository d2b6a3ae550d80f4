"""People who have signed in: their names, and who can be assigned a flag."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.review.roles import Permission, Person
from app.review.tables import PersonRow

#: The order of names.
NAMES = (col(PersonRow.name), col(PersonRow.subject))
_BY_NAME = select(PersonRow).order_by(*NAMES)


def known(db: Session) -> dict[str, Person]:
    """People as of their last sign-in, by subject, in the order of their names."""
    return by_subject(db.scalars(_BY_NAME))


def by_subject(rows: Iterable[PersonRow]) -> dict[str, Person]:
    """The people in these rows."""
    return {row.subject: Person.of(subject=row.subject, name=row.name, roles=row.roles) for row in rows}


def officers(people: Mapping[str, Person]) -> dict[str, str]:
    """Names of the people who can be assigned a flag, by subject."""
    return {subject: each.name for subject, each in people.items() if each.may(Permission.DECIDE)}
