"""Creates the ledger's schema and fills it from scenario files, as often as you like.

`python -m mocks.ledger.load --scenarios DIR` connects as PGHOST, PGPORT, PGUSER, PGPASSFILE and PGDATABASE say.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from mocks.scenarios.loader import Case, load_cases

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

#: What a scenario may leave out.
_DEFAULTS = {"overage": "0.00"}


def load(scenarios: Path, **connection: Any) -> int:
    """Replace all rows in one transaction; returns how many commitments and obligation lines there are now.

    `scenarios` is the folder with `cases/`; `connection` goes to `psycopg.connect`. Must run as the database's
    owner, and the role `ledger_reader` must exist. Raises `ScenarioError` or psycopg.Error, and then changes nothing.
    """
    cases = load_cases(scenarios / "cases")
    commitments = [row for case in cases for row in _rows(case, "commitments")]
    lines = [row for case in cases for row in _rows(case, "obligation_lines")]
    with psycopg.connect(**connection) as session:
        session.execute(_SCHEMA.read_bytes())
        session.execute(
            "TRUNCATE finance.commitment_records, finance.obligation_records, finance.payments,"
            " finance.vendor_banking"
        )
        _copy(session, "commitment_records", _COMMITMENT, commitments)
        _copy(session, "obligation_records", _OBLIGATION, lines)
        _copy(session, "payments", _PAYMENT, _payments(lines))
        _copy(session, "vendor_banking", _BANKING, _banking(lines))
    return len(commitments) + len(lines)


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
    table: LiteralString,
    columns: Sequence[LiteralString],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    statement = sql.SQL("COPY finance.{} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with session.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([row.get(column, _DEFAULTS.get(column)) for column in columns])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Create and fill the financial ledger.")
    parser.add_argument("--scenarios", type=Path, required=True, help="folder with cases/*.json")
    rows = load(parser.parse_args().scenarios)
    print(f"{rows} rows in the ledger")  # noqa: T201


if __name__ == "__main__":
    main()
