"""Each role on each operation, against a table written by hand."""

import pytest

from app.web.api.operations import OPERATIONS

UNKNOWN = "00000000-0000-4000-8000-000000000000"
EVERYBODY = {"officer-a", "auditor-a", "operator-a"}
MAY = {
    "me": {*EVERYBODY, "visitor-a"},
    "submit": {"officer-a"},
    "actions": EVERYBODY,
    "action": EVERYBODY,
    "contract_file": {"officer-a", "auditor-a"},
    "request_run": {"officer-a"},
    "runs": EVERYBODY,
    "run": EVERYBODY,
    "stop_run": {"operator-a"},
    "flags": EVERYBODY,
    "flag": EVERYBODY,
    "lineage": EVERYBODY,
    "decide": {"officer-a"},
    "concur": {"officer-a"},
    "undo": {"officer-a"},
    "assign": {"officer-a"},
    "comment": {"officer-a"},
    "alarms": {"auditor-a", "operator-a"},
    "alarm": {"auditor-a", "operator-a"},
    "acknowledge_alarm": {"operator-a"},
    "close_alarm": {"operator-a"},
    "switches": {"auditor-a", "operator-a"},
    "switch_order": {"auditor-a", "operator-a"},
    "order_switch": {"operator-a"},
    "metrics": {"auditor-a", "operator-a"},
    "answer": EVERYBODY,
    "answer_bytes": {"officer-a", "auditor-a"},
    "security_events": {"auditor-a", "operator-a"},
    "log_lines": {"auditor-a", "operator-a"},
    "reconciliation": EVERYBODY,
}


def test_the_table_names_every_operation():
    assert set(MAY) == {each.name for each in OPERATIONS}


@pytest.mark.parametrize("persona", [*sorted(EVERYBODY), "visitor-a"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_role_on_every_operation(program_of, problem, persona, operation):
    path = operation.path.format(
        flag_id=UNKNOWN,
        run_id=UNKNOWN,
        call_id=UNKNOWN,
        action_id="x",
        alarm_id=UNKNOWN,
        order_id=UNKNOWN,
        position=0,
    )
    answer = program_of(persona).open(operation.method, path)
    if persona in MAY[operation.name]:
        assert answer.status_code in {200, 404, 415, 400}
    else:
        problem(answer, 403)
