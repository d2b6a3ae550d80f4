"""People who have signed in: their names, and who can be assigned a flag."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.review.roles import Permission, Person
from app.review.tables import PersonRow

_BY_NAME = select(PersonRow).order_by(col(PersonRow.name), col(PersonRow.subject))


def known(db: Session) -> dict[str, Person]:
    """People as of their last sign-in, by subject, in the order of their names."""
    rows = db.scalars(_BY_NAME)
    return {row.subject: Person.of(subject=row.subject, name=row.name, roles=row.roles) for row in rows}


def officers(people: Mapping[str, Person]) -> dict[str, str]:
    """Names of the people who can be assigned a flag, by subject."""
    return {subject: each.name for subject, each in people.items() if each.may(Permission.DECIDE)}
