"""Example requests for the OpenAPI document; a test validates each of them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from app.web.api.shapes.actions import Submitting
from app.web.api.shapes.alarms import Closing
from app.web.api.shapes.history import Assigning, Commenting, Concurring, Deciding, Undoing
from app.web.api.shapes.switches import Switching

_AWARD = {
    "action_id": "ACT-2026-9001",
    "action_type": "new_award",
    "piid": "70ZZ0126C9001",
    "amount": "250000.00",
    "effective_date": "2026-09-14",
    "description": "Help desk services",
    "vendors": [{"uei": "ZZ98EXAMPLE1", "name": "EXAMPLE SERVICES LLC", "role": "prime"}],
}
_OPTION = {
    **_AWARD,
    "action_id": "ACT-2026-9002",
    "action_type": "option",
    "modification": "P00003",
    "amount": "125000.00",
    "option": {"number": 1, "price": "125000.00", "notice_date": "2026-08-01"},
}
_REASON = "The registration was renewed the day before the award; see the record of SAM.gov."


def _named(**values: Any) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


#: Examples by model of the body, as in OpenAPI: name to `{"value": …}`.
EXAMPLES: Mapping[type[BaseModel], dict[str, Any]] = {
    Submitting: _named(one=_AWARD, several=[_AWARD, _OPTION]),
    Deciding: _named(
        confirmed={
            "version": 0,
            "decision": "confirmed",
            "rationale": "Both records are right; they differ.",
        },
        resolved={
            "version": 0,
            "decision": "resolved",
            "rationale": _REASON,
            "reference": "Modification P00004",
        },
        referred={
            "version": 0,
            "decision": "referred",
            "rationale": "The vendor protests its size status.",
            "office": "Small Business Specialist",
            "due_on": "2026-10-01",
        },
    ),
    Concurring: _named(
        concur={"version": 1, "answer": "concur", "rationale": "I looked at both records and agree."}
    ),
    Commenting: _named(called={"version": 1, "comment": "The vendor says that the renewal is under way."}),
    Undoing: _named(undo={"version": 1, "rationale": "Decided the wrong flag."}),
    Closing: _named(repaired={"reason": "A worker was restarted during maintenance; nothing was taken."}),
    Switching: _named(
        tool={
            "kind": "tool",
            "target": "sam-gov",
            "turn": "off",
            "reason": "SAM.gov reports calls from an unknown address.",
        },
        agent={"kind": "agent", "target": "agent", "turn": "on", "reason": "The worker was replaced."},
    ),
    Assigning: _named(
        officer={"version": 0, "assignee": "officer-b"}, nobody={"version": 1, "assignee": None}
    ),
}
