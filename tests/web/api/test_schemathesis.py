"""Requests made up from the document, good ones and bad ones: no answer that it does not describe, and no failure.

Changes what it is given: four flags, and actions of its own, some of which are triaged; waits until that is over.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app import usecases
from app.credentials.switch_orders import SwitchKind, Turn
from app.review.roles import Person
from app.web.access import ACCESS, Open
from app.web.api.openapi import document
from app.web.api.operations import OPERATIONS
from tests.conftest import wait_until

pytestmark = pytest.mark.whole_system

WHY = "I looked at both records."
#: Stands for a token while requests are made up, which is before there is anybody to give one.
TOKEN = "the token of somebody who may"
#: The first who may carry out an operation does.
PEOPLE = [
    Person.of(subject=f"{role}-a", name="", roles=[role]) for role in ("officer", "auditor", "operator")
]


class Served:
    """The application, once it is there; what stands for a token and for rows becomes these."""

    application: Any = None
    tokens: Callable[[str], str]
    persona: str
    rows: dict[str, str]


def application(environ, start_response):
    if environ.get("HTTP_AUTHORIZATION") == f"Bearer {TOKEN}":
        environ["HTTP_AUTHORIZATION"] = f"Bearer {Served.tokens(Served.persona)}"
    for stand_in, row in Served.rows.items():
        environ["PATH_INFO"] = environ["PATH_INFO"].replace(stand_in, row)
    return Served.application(environ, start_response)


config = SchemathesisConfig()
config.projects.default.generation.with_security_parameters = False  # there is only one good token
schema = schemathesis.openapi.from_dict(document(), config=config)
schema.app = application
#: Statuses of each operation's answers.
answered: dict[str, set[int]] = defaultdict(set)


@schema.auth()
class Token:
    """Every request has it; what becomes of those without, and with another, schemathesis tries as well."""

    def get(self, _case, _context):
        return TOKEN

    def set(self, case, token, _context):
        case.headers["Authorization"] = f"Bearer {token}"


def name_of(operation):
    return operation.definition.raw["operationId"]


def stand_in(name, operation):
    """What stands for the row an operation is to find under this argument."""
    return str(uuid5(NAMESPACE_URL, f"{name} of {operation}"))


@schema.hook
def map_path_parameters(context, path_parameters):
    """Most well-formed identifiers become such as there are."""
    operation = name_of(context.operation)
    return {
        name: stand_in(name, operation) if name != "position" and often(value) else value
        for name, value in (path_parameters or {}).items()
    }


def often(value):
    try:
        return UUID(value).int % 4 != 0
    except (ValueError, AttributeError, TypeError):
        return isinstance(value, str) and value.isalnum()


@pytest.fixture(scope="module")
def shared(system, program_of, token_of, session_of):
    """Rows that are only read, by the name of the argument."""
    session_of("officer-b")  # who can then be given a flag
    program = program_of()
    Served.application, Served.tokens = program.client.application, token_of
    (run_id,) = system.run("ACT-2026-0002")
    (row,) = system.rows(
        "SELECT flag_id AS flag_id, run_id, call_id, action_id FROM flag"
        " JOIN compared_value USING (flag_id) JOIN call USING (run_id) JOIN answer USING (call_id)"
        " WHERE run_id = %s AND position = 0 LIMIT 1",
        run_id,
    )
    yield {
        stand_in(name, each.name): str(row[name])
        for each in OPERATIONS
        for name in each.arguments
        if name in row
    }
    under_way = system.rows(
        "SELECT run_id FROM run WHERE state IN ('requested', 'dispatched') AND requested_by = 'officer-a'"
    )
    system.wait([row["run_id"] for row in under_way], seconds=120)
    switch_on_again(system)


def switch_on_again(system):
    """What made-up orders have cut off."""
    last = system.rows(
        "SELECT DISTINCT ON (kind, target) * FROM switch_order WHERE kind IN ('agent', 'tool', 'worker')"
        " ORDER BY kind, target, number DESC"
    )
    for each in last:
        if each["turn"] == "off":
            kind = SwitchKind(each["kind"])
            usecases.order_switch(
                system.sessions, kind, each["target"], Turn.ON, by="test", by_name="Test", reason="Over."
            )
    wait_until(
        lambda: (
            not system.rows(
                "SELECT 1 FROM switch_order WHERE done_at IS NULL AND kind IN ('agent', 'tool', 'worker')"
            )
        ),
        what="the confirmation of all switches",
    )


@pytest.fixture
def raised(system):
    """Raises an alarm; its id."""

    def alarm():
        detail = str(uuid4())
        system.execute("SELECT alarm_once('unknown message', %s, NULL, NULL)", detail)
        (row,) = system.rows("SELECT alarm_id FROM alarm WHERE detail = %s", detail)
        return str(row["alarm_id"])

    return alarm


@pytest.fixture
def ordered(system):
    """An order that was carried out; its id."""
    (row,) = system.rows(
        "INSERT INTO switch_order (kind, target, turn, reason, ordered_by, ordered_by_name, done_at)"
        " VALUES ('run', %s, 'off', 'A drill.', 'o', 'O', now()) RETURNING order_id",
        str(uuid4()),
    )
    return str(row["order_id"])


@pytest.fixture
def prepared(shared, flagged, submitted, program_of, raised, ordered):  # noqa: PLR0917  # fixtures
    """A separate row for each operation that changes one."""
    decide, concur, undo, assign = flagged({}, {"rule": "E01"}, {}, {})
    for flag_id in (concur, undo):
        body = {"version": 0, "decision": "not_a_discrepancy", "rationale": WHY}
        assert program_of("officer-b").post(f"/flags/{flag_id}/decisions", body).status_code == 200
    own = {"decide": decide, "concur": concur, "undo": undo, "assign": assign}
    Served.rows = {
        **shared,
        **{stand_in("alarm_id", name): raised() for name in ("alarm", "acknowledge_alarm", "close_alarm")},
        **{stand_in("flag_id", name): str(flag_id) for name, flag_id in own.items()},
        stand_in("action_id", "request_run"): submitted(),
        stand_in("order_id", "switch_order"): ordered,
    }


def described(name):
    """The test of one operation, under its own name: tests made of one function would share a node id."""

    @schema.include(operation_id=name).parametrize()
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def test(prepared, case):
        needed = ACCESS[f"api.{name}"]
        Served.persona = next(each.subject for each in PEOPLE if needed in {*Open, *each.permissions})
        response = case.call()
        answered[name].add(response.status_code)
        # Rules between fields are beyond JSON Schema, and no made-up place in a list is one.
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    return test


for operation in OPERATIONS:
    globals()[f"test_answers_of_{operation.name}_are_as_described"] = described(operation.name)


def test_every_operation_got_valid_and_invalid_requests():
    """Of the tests above."""
    if not answered:
        pytest.skip("looks at what the tests above were answered, which did not run")
    for each in OPERATIONS:
        assert {status for status in answered[each.name] if status < 300}, each.name
        assert {status for status in answered[each.name] if status >= 400}, each.name
