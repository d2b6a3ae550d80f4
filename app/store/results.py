"""The result of a run as rows: evidence, findings, and the values each finding sets side by side."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection

from app.connections.database import columns, insert_many
from app.credentials.tables import table_of
from app.procurement.case_file import Evidence
from app.procurement.finding import Finding, fact_key
from app.store.fact_json import fact_to_json
from app.store.tables import ComparedValueRow, EvidenceRow, FlagRow


def store_result(
    db: Connection,
    *,
    run_id: UUID,
    attempt: int,
    action_id: str,
    findings: Iterable[Finding],
    evidence: Iterable[tuple[Evidence, UUID]],
    at: datetime,
) -> None:
    """Insert the result of one attempt, in the caller's transaction. Each piece of evidence comes with its call's id."""
    insert_many(db, table_of(EvidenceRow), [_evidence_row(run_id, e, call_id) for e, call_id in evidence])
    flags, values = _flag_rows(run_id, attempt, action_id, findings, at)
    insert_many(db, table_of(FlagRow), flags)
    insert_many(db, table_of(ComparedValueRow), values)


def _evidence_row(run_id: UUID, evidence: Evidence, call_id: UUID) -> dict[str, Any]:
    return {
        "evidence_id": evidence.evidence_id,
        "run_id": run_id,
        "call_id": call_id,
        "source": evidence.source.value,
        "record_key": evidence.record_key,
        "kind": type(evidence.fact).__name__,
        "fact": fact_to_json(evidence.fact),
        "pulled_at": evidence.pulled_at,
    }


def _flag_rows(
    run_id: UUID, attempt: int, action_id: str, findings: Iterable[Finding], at: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    flags, values = [], []
    for item in findings:
        flag_id = uuid4()
        flags.append(
            {
                "flag_id": flag_id,
                "run_id": run_id,
                "attempt": attempt,
                "action_id": action_id,
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
                "raised_at": at,
                "fact_key": fact_key(item),
                "systems": sorted({value.source for value in item.values} - {"action"}),
            }
        )
        values += [
            {**columns(value), "flag_id": flag_id, "position": position}
            for position, value in enumerate(item.values)
        ]
    return flags, values
