"""`python -m benchmarks.pages`: response times of each page with many flags."""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from flask.testing import FlaskClient
from psycopg import sql
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sqlalchemy import Engine, event

from benchmarks import crowd, crowd_log, crowd_vault
from benchmarks.officer import ALONE, database, officer, signed_in
from benchmarks.page_addresses import ADDRESSES, OPERATOR
from infra.local.stack import LocalStack
from infra.provision.logins import APPLICATION

#: The limit for the 95th percentile of a page, in milliseconds.
AIM = 50.0
_DECIDED = (
    "SELECT flag_id, run_id, action_id FROM flag WHERE version > 0 ORDER BY raised_at OFFSET 50 LIMIT 1"
)
_BUSIEST = """
    SELECT (requested_at AT TIME ZONE 'America/New_York')::date FROM run GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
"""
_WIDTH = 120
#: Requests to warm up: after these, statements are prepared, as in a running server.
_WARM_UP = 12
#: For the mean page: CPU time of the web process, and time waiting for the database.
_FIGURES = ("p50", "p95", "max", "processor", "database", "statements")


def main() -> None:
    """Fill a database, request every page, print a table; with `--json FILE` also write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--flags", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of the vault's log")
    parser.add_argument("--times", type=int, default=40, help="requests of each page")
    parser.add_argument("--only", nargs="*", default=ADDRESSES, metavar="PAGE", help="pages to request")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="fill the database here once and reuse it"
    )
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    with (
        TemporaryDirectory() as fleeting,
        LocalStack(wanted.keep or Path(fleeting), options=ALONE) as stack,
    ):
        figures = _measure(stack, wanted)
    _show(figures)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _measure(stack: LocalStack, wanted: argparse.Namespace) -> dict[str, Any]:
    server = database(stack)
    began = time.monotonic()
    with server.connect(APPLICATION) as connection:
        if _number(connection, "run") == 0:
            crowd.fill(connection, runs=wanted.runs, flags=wanted.flags)
            crowd_log.write(connection, stack.layout.audit_log)
            crowd_vault.fill(connection, lines=wanted.lines - _number(connection, "vault_event"))
        filled = time.monotonic() - began
        flags, runs = (_number(connection, table) for table in ("flag", "run"))
        lines = _number(connection, "vault_event")
        names = _names(connection) | crowd_vault.names(connection)
    reader, operator = officer(stack), signed_in(stack, "operator")
    names["older"] = _older(reader)
    pages = {}
    for page in track(wanted.only, description="pages", transient=True):
        client = operator if page.endswith(OPERATOR) else reader
        pages[page] = _times(client, page.removesuffix(OPERATOR).format(**names), wanted.times)
    return {"flags": flags, "runs": runs, "lines": lines, "seconds to fill": round(filled, 1), "pages": pages}


def _number(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _names(connection: psycopg.Connection) -> dict[str, str]:
    """One of the oldest decided flags, with its run and action, and the Eastern day with most runs."""
    row = connection.execute(_DECIDED).fetchone()
    day = connection.execute(_BUSIEST).fetchone()
    return dict(zip(("flag", "run", "action", "day"), map(str, (*(row or ()), *(day or ()))), strict=True))


def _older(client: FlaskClient) -> str:
    """The address of a page deep in the queue."""
    address = "/flags"
    for _ in range(20):
        text = client.get(address).text
        following = [part.split('"')[0] for part in text.split('href="') if "after=" in part.split('"')[0]]
        if not following:
            break
        address = following[-1].replace("&amp;", "&")
    return address


@contextmanager
def _statements() -> Iterator[list[float]]:
    """Collects the milliseconds of each statement sent to the database in this context."""
    taken: list[float] = []

    def before(*arguments: Any) -> None:
        arguments[4].began = time.perf_counter()

    def after(*arguments: Any) -> None:
        taken.append(1e3 * (time.perf_counter() - arguments[4].began))

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield taken
    finally:
        event.remove(Engine, "before_cursor_execute", before)
        event.remove(Engine, "after_cursor_execute", after)


def _times(client: FlaskClient, address: str, times: int) -> dict[str, Any]:
    for _ in range(_WARM_UP):
        status = client.get(address).status_code
    taken, processor, database, number = [], [], [], 0
    for _ in range(times):
        with _statements() as statements:
            began, worked = time.perf_counter(), time.thread_time()
            client.get(address)
            taken.append(1e3 * (time.perf_counter() - began))
            processor.append(1e3 * (time.thread_time() - worked))
        database.append(sum(statements))
        number = len(statements)
    shares = {"processor": round(fmean(processor), 1), "database": round(fmean(database), 1)}
    return {"status": status, **_summary(taken), **shares, "statements": number}


def _summary(taken: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(taken, n=20)
    return {"p50": round(cuts[9], 1), "p95": round(cuts[18], 1), "max": round(max(taken), 1)}


def _show(figures: dict[str, Any]) -> None:
    table = Table(
        title=f"{figures['flags']:,} flags, {figures['runs']:,} runs, {figures['lines']:,} lines of the vault's log; milliseconds on the server, aim p95 {AIM:g};"
        f" filled in {figures['seconds to fill']} s"
    )
    table.add_column("page", no_wrap=True)
    for heading in ("status", *_FIGURES):
        table.add_column(heading, justify="right")
    for address, page in figures["pages"].items():
        late = "" if page["p95"] <= AIM else " *"
        cells = [f"{page[name]}{late if name == 'p95' else ''}" for name in _FIGURES]
        table.add_row(address, str(page["status"]), *cells)
    Console(width=max(Console().width, _WIDTH)).print(table)


if __name__ == "__main__":
    main()
