"""Who may do what. Roles come from the identity provider; what each may do is decided here and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Permission(StrEnum):
    """One kind of thing a person may do."""

    READ = "read flags, runs, lineage and the state of the stack"
    READ_ALARMS = "read alarms"
    EXPORT = "take data out of the application"
    DECIDE = "decide a flagged item, or undo a decision"
    ASSIGN = "give a flagged item to somebody"
    REQUEST_RUN = "submit an action or request a run"
    STOP = "stop a run"


class Role(StrEnum):
    """A role as the provider's claim `roles` names it."""

    OFFICER = "officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"


_GRANTED = {
    Role.OFFICER: {
        Permission.READ,
        Permission.EXPORT,
        Permission.DECIDE,
        Permission.ASSIGN,
        Permission.REQUEST_RUN,
    },
    Role.AUDITOR: {Permission.READ, Permission.READ_ALARMS, Permission.EXPORT},
    Role.OPERATOR: {Permission.READ, Permission.READ_ALARMS, Permission.STOP},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody the provider vouches for. `subject` never changes and is what records keep; `name` is for pages."""

    subject: str
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)

    @classmethod
    def of(cls, *, subject: str, name: str, roles: Iterable[str]) -> Self:
        """A person with those of the named roles that exist here; others are left out, as they allow nothing."""
        known = {role.value for role in Role}
        return cls(subject=subject, name=name, roles=frozenset(Role(each) for each in roles if each in known))

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything any of the roles allows; nothing without a role."""
        return frozenset().union(*(_GRANTED[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether this person may do that."""
        return permission in self.permissions
