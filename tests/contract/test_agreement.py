"""From the services' answers to findings: mocks, tools and rules together give the expected findings."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from app.intake import parse_actions
from app.procurement.case_file import CaseFile, Evidence, Gap
from app.procurement.rules import evaluate
from app.procurement.systems import Source
from known_answers.scenarios.loader import load_cases
from workers.runtime.answer import Answer, ToolError
from workers.tools import registry

TOOLS = registry()
MONEY = {"amount", "overage", "obligated", "deobligated", "expended"}
DAYS = {"certified_at", "expires", "gl_post_date"}


@dataclass
class Through:
    """A tool's client in front of a mock, or of the rows that the ledger's views would show."""

    mock: Any = None
    ledger: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def get(self, path, params):
        answer = self.mock.get(path, **params)
        if answer.status_code == 204:
            return Answer(uuid4(), None)
        if answer.status_code != 200:
            raise ToolError(f"answered HTTP {answer.status_code}")
        try:
            return Answer(uuid4(), json.loads(answer.data, parse_float=Decimal))
        except ValueError:
            raise ToolError("unreadable answer: not JSON") from None

    def select(self, operation, query, params):
        table = operation.removeprefix("SELECT finance.")
        rows = [
            {"expires": None, "overage": "0.00", **row}
            for row in self.ledger[table]
            if all(
                row[name + "_number" * (name == "modification")] == value for name, value in params.items()
            )
        ]
        listed = query.split("SELECT ")[1].split(" FROM ")[0].split(", ")
        names = [each.strip().split(" AS ") for each in listed]
        return Answer(uuid4(), [{name[-1]: _typed(name[0], row[name[0]]) for name in names} for row in rows])


def _typed(column, value):
    if value is None:
        return None
    if column in MONEY:
        return Decimal(value)
    return date.fromisoformat(value) if column in DAYS else value


@pytest.fixture
def find(start_mock):
    """What a triage finds about a case, by rule and subject."""
    mocks = {name: start_mock(name) for name in ("sam-gov", "debarment", "contracts", "documents")}

    def found(case):
        (action,) = parse_actions(json.dumps(case.document["action"]))
        looked = datetime.combine(action.effective_date, time(16), tzinfo=UTC)
        stated, gaps = {}, []
        for tool in TOOLS.values():
            try:
                client = Through(mocks.get(tool.name), case.document["ledger"])
                stated[tool.name] = list(tool.look_up(client, action))
            except ToolError as silent:
                gaps.append(Gap(source=Source(tool.name), reason=str(silent)))
        facts = {name: [each.fact for each in known] for name, known in stated.items()}
        for tool in TOOLS.values():
            if tool.record.after and tool.name in stated:
                stated[tool.name] += tool.follow_up(Through(mocks[tool.name]), action, facts)
        evidence = [
            Evidence(
                evidence_id=uuid4(),
                source=Source(name),
                record_key=each.record_key,
                fact=each.fact,
                pulled_at=looked,
            )
            for name, known in stated.items()
            for each in known
        ]
        file = CaseFile(action=action, evidence=tuple(evidence), gaps=tuple(gaps), as_of=looked)
        return {(each.rule, each.subject, each.severity.value) for each in evaluate(file)}

    return found


def test_every_finding_expected_and_no_other(find, day_of_scenarios):
    differing = {}
    for case in load_cases(day_of_scenarios / "cases"):
        expected = {(each.rule, each.subject, each.severity) for each in case.scenario.expected}
        if (found := find(case)) != expected:
            differing[case.slug] = {"missed": expected - found, "wrong": found - expected}
    assert differing == {}
