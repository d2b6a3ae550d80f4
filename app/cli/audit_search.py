"""The command `triage audit search`, which asks the JSON API on behalf of a person."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import typer

from app.cli.api_client import Client
from app.cli.api_problems import Wording
from app.cli.context import Context, reported
from app.cli.options import AsJson, Limit
from app.cli.output import print_json
from app.cli.reconcile_command import TimeOption, stretch
from app.cli.text_tables import Column, Kind, show_table
from app.credentials.vault_answer import AnswerKind
from app.procurement.systems import SYSTEMS
from app.review.queries.log_line_filter import VaultOutcome

_TOOLS = ", ".join(system.name for system in SYSTEMS)
_COLUMNS = (
    Column("Time (UTC)"),
    Column("What happened"),
    Column("Path", Kind.TEXT),
    Column("Request", Kind.ID),
)
#: The most lines in one answer of the API.
_MOST = 200


def search(
    *,
    since: TimeOption = None,
    until: TimeOption = None,
    run: Annotated[UUID | None, typer.Option(metavar="RUN_ID", help="Only lines of this run.")] = None,
    tool: Annotated[str | None, typer.Option(metavar="TOOL", help=f"{_TOOLS}.")] = None,
    kind: Annotated[AnswerKind | None, typer.Option(metavar="KIND", help=f"{', '.join(AnswerKind)}.")] = None,
    outcome: Annotated[
        VaultOutcome | None, typer.Option(metavar="OUTCOME", help=f"{', '.join(VaultOutcome)}.")
    ] = None,
    identity: Annotated[
        str | None, typer.Option(metavar="ID", help="All of an accessor or database user.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="All of an accessor, database user, request ID, lease ID, path or address."
        ),
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Search the recorded lines of the vault's log across all runs, newest first.

    For auditors and security operators: TRIAGE_TOKEN_FILE names the file with your access token.
    """
    begin, end = stretch(since, until)
    given = {
        "since": _written(begin),
        "until": _written(end),
        "run": run,
        "tool": tool,
        "kind": kind,
        "outcome": outcome,
        "identity": identity,
        "text": text,
    }
    with reported():
        client = Client.of(Context())
        found = list(_lines(client, {name: value for name, value in given.items() if value}, limit))
    if as_json:
        print_json(found)
    else:
        show_table("Lines of the vault's log", _COLUMNS, (_row(line) for line in found))


def _lines(client: Client, given: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    """As many lines as wanted. Raises `RefusedError`."""
    wording = Wording(
        unknown=f"{client.address} has no vault log", options={name: f"--{name}" for name in given}
    )
    while limit:
        query = urlencode({**given, "limit": min(limit, _MOST)})
        page = client.get(f"/vault-log?{query}", wording)
        yield from page["items"]
        limit -= len(page["items"])
        if page["next"] is None:
            return
        given["before"] = page["items"][-1]["number"]


def _row(line: dict[str, Any]) -> tuple[object, ...]:
    at = datetime.fromisoformat(line["at"])
    return f"{at:%Y-%m-%d %H:%M:%S}", line["kind"], line["path"], line["request_id"]


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
