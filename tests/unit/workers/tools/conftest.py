"""An action to look up, and a tool that looks it up over HTTP."""

import json
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from app.credentials.settings import AgentSettings, with_addresses
from app.procurement.action import ActionType, ProcurementAction, Vendor, VendorRole
from app.procurement.rules import evaluate
from app.procurement.systems import SYSTEMS
from workers.runtime.tool_runner import ToolRunner
from workers.tools import registry
from workers.triage import case_file


@pytest.fixture
def action():
    """A new award with a prime and an owner."""
    return ProcurementAction(
        action_id="ACT-1",
        action_type=ActionType.NEW_AWARD,
        piid="70ZZ0126C0001",
        modification=None,
        amount=Decimal("100.00"),
        effective_date=date(2026, 9, 14),
        description="",
        vendors=(
            Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE SERVICES, INC.", role=VendorRole.PRIME),
            Vendor(uei="ZZ9TESTVNDR2", name="EXAMPLE HOLDING LLC", role=VendorRole.OWNER),
        ),
    )


@pytest.fixture
def found(service, connections, issued, action, monkeypatch):
    """The findings and the result of one tool, whose service answers with the status and body of `answer(query)`."""
    monkeypatch.setattr("workers.runtime.http_client.random.uniform", lambda *_: 0)

    def find(source, answer, asked_for=action, **changed):
        def next_answer():
            query = {
                name: values[0] for name, values in parse_qs(urlsplit(service.asked[-1][0]).query).items()
            }
            status, body = answer(query)
            return status, json.dumps(body).encode(), {}

        monkeypatch.setattr(service, "next_answer", next_answer)
        tool = registry()[source.value]
        settings = with_addresses(AgentSettings, SYSTEMS)(**{tool.address: service.address, **changed})
        runner = ToolRunner(connections=connections, settings=settings)
        first = runner.ask(asked_for, tool, issued)
        result = runner.ask_again(asked_for, [first], first, issued)
        case, _ = case_file(asked_for, [result], own_day=True)
        return {(each.rule, each.subject, each.severity.value) for each in evaluate(case)}, result

    return find
