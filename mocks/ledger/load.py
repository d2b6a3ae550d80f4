"""Creates the ledger's schema and fills it from scenario files; repeatable."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from known_answers.scenarios.loader import Case, load_cases

_SCHEMA = Path(__file__).with_name("schema.sql")
_COMMITMENT: tuple[LiteralString, ...] = (
    *("pr_number", "piid", "modification_number", "amount"),
    *("certified_by", "certified_at", "expires", "status", "tas", "overage"),
)
_OBLIGATION: tuple[LiteralString, ...] = (
    *("document_number", "piid", "modification_number", "acrn", "clin", "vendor_uei", "tas", "fund_type"),
    *("fund_status", "cancel_date", "object_class", "program_activity", "fiscal_year"),
    *("obligated", "expended", "deobligated", "gl_post_date"),
)
_PAYMENT: tuple[LiteralString, ...] = ("voucher_number", "document_number", "vendor_uei", "amount", "paid_on")
_BANKING: tuple[LiteralString, ...] = ("vendor_uei", "routing_number", "account_number")

#: Fields that a scenario may leave out.
_DEFAULTS = {"overage": "0.00"}


def load(scenarios: Path, **connection: Any) -> tuple[int, bool]:
    """Replace all rows in one transaction; returns the number of rows, and whether any row has changed.

    `scenarios` is the folder with `cases/`; `connection` goes to `psycopg.connect` and must be the database's owner.
    The role `ledger_reader` must exist. Runs that read meanwhile see the earlier rows. Raises `ScenarioError` or
    psycopg.Error; the rows are then unchanged.
    """
    cases = load_cases(scenarios / "cases")
    commitments = [row for case in cases for row in _rows(case, "commitments")]
    lines = [row for case in cases for row in _rows(case, "obligation_lines")]
    wanted = {
        "commitment_records": (_COMMITMENT, commitments),
        "obligation_records": (_OBLIGATION, lines),
        "payments": (_PAYMENT, _payments(lines)),
        "vendor_banking": (_BANKING, _banking(lines)),
    }
    with psycopg.connect(**connection, autocommit=True) as session:
        # Separate from the rows: it locks the views for a moment.
        with session.transaction():
            session.execute(_SCHEMA.read_bytes())
        with session.transaction():
            before = _fingerprints(session, wanted)
            for table, (columns, rows) in wanted.items():
                session.execute(sql.SQL("DELETE FROM finance.{}").format(sql.Identifier(table)))
                _copy(session, table, columns, rows)
            changed = _fingerprints(session, wanted) != before
            if not changed:
                raise psycopg.Rollback
    return len(commitments) + len(lines), changed


def _fingerprints(session: psycopg.Connection[Any], tables: Iterable[str]) -> list[Any]:
    statement = "SELECT md5(string_agg(md5(entry::text), '' ORDER BY entry::text COLLATE \"C\")) FROM finance.{} AS entry"
    return [session.execute(sql.SQL(statement).format(sql.Identifier(table))).fetchone() for table in tables]


def _rows(case: Case, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = case.document["ledger"][table]
    return rows


def _payments(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One synthetic payment for each line, so that refusing to show them means something."""
    return [
        {
            "voucher_number": f"V{number:08d}",
            "document_number": line["document_number"],
            "vendor_uei": line["vendor_uei"],
            "amount": line["obligated"],
            "paid_on": line["gl_post_date"],
        }
        for number, line in enumerate(lines, start=1)
    ]


def _banking(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ueis = dict.fromkeys(line["vendor_uei"] for line in lines)
    return [
        {"vendor_uei": uei, "routing_number": "000000000", "account_number": f"SYNTHETIC-{number:06d}"}
        for number, uei in enumerate(ueis, start=1)
    ]


def _copy(
    session: psycopg.Connection[Any],
    table: str,
    columns: Sequence[LiteralString],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    statement = sql.SQL("COPY finance.{} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row.get(column, _DEFAULTS.get(column)) for column in columns])
