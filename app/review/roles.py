"""Roles and permissions. The identity provider assigns roles; what each role may do is decided only here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class Permission(StrEnum):
    """An activity that a role may allow."""

    READ = "read flags, runs, lineage and the state of the stack"
    READ_ALARMS = "read alarms"
    HANDLE_ALARMS = "acknowledge and close alarms"
    READ_EVENTS = "read security events"
    EXPORT = "take data out of the application"
    EXPORT_VAULT_LOG = "take lines of the vault's log out of the application"
    DECIDE = "decide a flagged item, or undo a decision"
    ASSIGN = "assign a flagged item"
    REQUEST_RUN = "submit an action or request a run"
    STOP = "stop a run"
    PRESENT = "start rehearsed attacks, a day's work and other parts of a demonstration"
    SWITCH = "cut off the agent, a tool, a worker, a run or a credential, and let it on again"


#: What takes data out of the application.
EXPORTS = frozenset({Permission.EXPORT, Permission.EXPORT_VAULT_LOG})


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
    Role.AUDITOR: {
        Permission.READ,
        Permission.READ_ALARMS,
        Permission.READ_EVENTS,
        Permission.EXPORT,
        Permission.EXPORT_VAULT_LOG,
    },
    Role.OPERATOR: {
        Permission.READ,
        Permission.READ_ALARMS,
        Permission.READ_EVENTS,
        Permission.EXPORT_VAULT_LOG,
        Permission.HANDLE_ALARMS,
        Permission.STOP,
        Permission.SWITCH,
        Permission.PRESENT,
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A person known to the identity provider. Records keep `subject`, which never changes; pages show `name`."""

    subject: str
    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)

    @classmethod
    def of(cls, *, subject: str, name: str, roles: Iterable[str]) -> Self:
        """A person with these roles. Role names unknown here are ignored."""
        known = {role.value for role in Role}
        return cls(subject=subject, name=name, roles=frozenset(Role(each) for each in roles if each in known))

    @property
    def permissions(self) -> frozenset[Permission]:
        """The union of what the person's roles allow."""
        return frozenset().union(*(_GRANTED[role] for role in self.roles))

    def may(self, permission: Permission) -> bool:
        """Whether a role of this person allows that."""
        return permission in self.permissions
