"""What each role may do."""

import pytest

from app.review.roles import Permission, Person, Role

P = Permission
MAY = {
    Role.OFFICER: {P.READ, P.EXPORT, P.DECIDE, P.ASSIGN, P.REQUEST_RUN},
    Role.AUDITOR: {P.READ, P.READ_ALARMS, P.READ_EVENTS, P.EXPORT, P.EXPORT_VAULT_LOG},
    Role.OPERATOR: {
        *(P.READ, P.READ_ALARMS, P.READ_EVENTS, P.EXPORT_VAULT_LOG),
        *(P.HANDLE_ALARMS, P.STOP, P.SWITCH, P.PRESENT),
    },
}


def person(*roles):
    return Person.of(subject="s", name="S", roles=roles)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_each_role_may_do_its_part_and_no_more(role, permission):
    assert person(role.value).may(permission) == (permission in MAY[role])


def test_no_role_allows_nothing():
    assert person().permissions == frozenset()


def test_several_roles_add_up():
    assert person("auditor", "operator").permissions == MAY[Role.AUDITOR] | MAY[Role.OPERATOR]


def test_a_role_of_another_system_allows_nothing():
    assert person("admin", "Officer", "").roles == frozenset()
