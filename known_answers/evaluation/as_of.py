"""When a scenario is looked at, and what officers decided before: its fields `look` and `decided`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from app.procurement.case_file import CaseFile, NotAMatch
from app.procurement.systems import Source
from known_answers.evaluation.scenarios import Scenarios
from workers.payloads.exclusions import ExclusionRecord


def as_looked(case: CaseFile, document: Mapping[str, Any]) -> CaseFile:
    """A case judged as of its own day, with the earlier decisions of its scenario file, and at the time that names."""
    case = replace(case, decisions=tuple(map(_decision, document.get("decided", ()))))
    look = document.get("look")
    if look is None:
        return case
    at, pulled = look["at"], look.get("pulled", {})
    unasked = frozenset(map(Source, look.get("not_asked", ())))
    return replace(
        case,
        as_of=datetime.fromisoformat(at),
        unasked=unasked,
        evidence=tuple(
            replace(item, pulled_at=datetime.fromisoformat(pulled.get(item.source.value, at)))
            for item in case.evidence
            if item.source not in unasked
        ),
    )


def on_the_clock(scenarios: Scenarios) -> Scenarios:
    """Those scenarios that any run can show, at whatever time it is made."""
    kept = [
        (case, action)
        for case, action in scenarios.cases
        if not {"look", "decided"} & {field for field, value in case.document.items() if value}
    ]
    return replace(scenarios, cases=kept)


def _decision(written: Mapping[str, Any]) -> NotAMatch:
    return NotAMatch(
        uei=written["uei"],
        record=ExclusionRecord.model_validate(written["record"]).to_fact(),
        expires=date.fromisoformat(written["expires"]),
    )
