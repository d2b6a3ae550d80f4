"""The runs of a contract file for programs, and how their credentials had ended when it was exported."""

from datetime import datetime
from typing import Any

from sqlmodel import SQLModel

from app.credentials.ending import Ending, EndState
from app.reconciliation.verdict import Reconciliation
from app.review.queries.filed_documents import ActionFile, FiledRun
from app.review.queries.runs import run_fields

Fields = dict[str, Any]


def ends_not_confirmed(file: ActionFile, at: datetime) -> list[Fields]:
    """The attempts that had ended by `at` without a confirmation by the vault that their credentials are dead."""
    return [
        {"run_id": str(run.run.run_id), "attempt": attempt.number, **_end(ending)}
        for run in file.runs
        for endings in [run.endings(at)]
        for attempt, ending in endings.tokens()
        if ending.state is EndState.NOT_CONFIRMED
    ]


def run_content(run: FiledRun, at: datetime) -> Fields:
    """A run with its full lineage; `at` is when the export was made."""
    endings = run.endings(at)
    return {
        **run_fields(run.run),
        "compared": _compared(run.compared),
        "attempts": [row_fields(row) for row in run.attempts],
        "steps": [row_fields(row) for row in run.steps],
        "credentials": [row_fields(row) for row in run.credentials],
        "not_recorded_by_the_worker": [row_fields(row) for row in run.unrecorded],
        "ends": [
            *({"token_of_attempt": attempt.number, **_end(ending)} for attempt, ending in endings.tokens()),
            *(
                {"credential_id": str(row.credential_id), **_end(endings.of_credential(row))}
                for row in run.credentials
            ),
            *({"request_id": row.request_id, **_end(endings.of_unrecorded(row))} for row in run.unrecorded),
        ],
        "denials": [row_fields(row) for row in run.denials],
        "calls": [row_fields(row) for row in run.calls],
    }


def _compared(found: Reconciliation | None) -> Fields | None:
    """What vault, tools and records showed of a run at the export, without the leftovers of other runs."""
    if found is None:
        return None
    return {
        "verdict": found.verdict.value,
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "issued": found.issued,
        "used": found.used,
        "recorded": found.recorded,
        "not_proven": list(found.missing),
        "left_over": [
            {
                "kind": each.kind,
                "detail": each.detail,
                "at": each.at.isoformat(),
                "explanation": each.explanation,
            }
            for each in found.leftovers
        ],
    }


def _end(ending: Ending) -> Fields:
    return {
        "state": ending.state.value,
        "at": ending.at.isoformat(),
        "how": ending.words,
        "problem": ending.problem,
    }


def row_fields(row: SQLModel, *, without: set[str] | None = None) -> Fields:
    """A row of the database as JSON values."""
    return row.model_dump(mode="json", exclude=without)
