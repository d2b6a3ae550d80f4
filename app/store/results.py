"""The result of a run as rows: evidence, findings, and the values each finding sets side by side."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from app.connections.database import columns
from app.credentials.attempts import to_json
from app.credentials.proof import ARGUMENTS, HeldAttempt
from app.procurement.case_file import Evidence
from app.procurement.finding import Finding, fact_key
from app.store.fact_json import fact_to_json

_STORE = text(
    f"SELECT store_triage({ARGUMENTS}, cast(:evidence AS jsonb), cast(:flags AS jsonb), cast(:compared_values AS jsonb))"
)


def store_result(
    db: Connection,
    held: HeldAttempt,
    *,
    findings: Iterable[Finding],
    evidence: Iterable[tuple[Evidence, UUID]],
) -> None:
    """Store the result of an attempt, which ends with it. Each piece of evidence comes with its call's id."""
    flags, values = _flag_rows(findings)
    result = {
        "evidence": to_json([_evidence_row(piece, call_id) for piece, call_id in evidence]),
        "flags": to_json(flags),
        "compared_values": to_json(values),
    }
    db.execute(_STORE, held.parameters() | result)


def _evidence_row(evidence: Evidence, call_id: UUID) -> dict[str, Any]:
    return {
        "evidence_id": evidence.evidence_id,
        "call_id": call_id,
        "source": evidence.source.value,
        "record_key": evidence.record_key,
        "kind": type(evidence.fact).__name__,
        "fact": fact_to_json(evidence.fact),
        "pulled_at": evidence.pulled_at,
    }


def _flag_rows(findings: Iterable[Finding]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    flags, values = [], []
    for item in findings:
        flag_id = uuid4()
        flags.append(
            {
                "flag_id": flag_id,
                "rule": item.rule,
                "rule_version": item.version,
                "title": item.title,
                "severity": item.severity.value,
                "subject": item.subject,
                "because": item.because,
                "authority_codified": item.authority.codified,
                "authority_rfo": item.authority.rfo,
                "match_score": item.match.score if item.match else None,
                "match_compared": item.match.compared if item.match else None,
                "recommended": item.recommended,
                "fact_key": fact_key(item),
                "systems": sorted({value.source for value in item.values} - {"action"}),
            }
        )
        values += [
            {**columns(value), "flag_id": flag_id, "position": position}
            for position, value in enumerate(item.values)
        ]
    return flags, values
