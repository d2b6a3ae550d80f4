"""The command `triage submit`: actions from a file or standard input, as JSON, JSON Lines or CSV."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from app import usecases
from app.cli.context import Context, reported
from app.cli.output import USAGE, err, out
from app.intake import BODY_LIMIT, MOST_ACTIONS, Notation
from app.procurement.labels import plural

_STANDARD_INPUT = "-"
_SUFFIXES = {
    ".json": Notation.JSON,
    ".jsonl": Notation.JSON_LINES,
    ".ndjson": Notation.JSON_LINES,
    ".csv": Notation.CSV,
}


def submit(
    file: Annotated[Path, typer.Argument(help="A file with procurement actions, or - for standard input.")],
    run: Annotated[bool, typer.Option("--run", help="Also request a run of each.")] = False,
    notation: Annotated[
        Notation | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="json (one action or a list), jsonl (one per line) or csv. Default: by the ending of the name, else json.",
        ),
    ] = None,
) -> None:
    """Store procurement actions, all or none.

    At most 500 actions and 1,000,000 bytes at once, as in the JSON API. The columns of a CSV file are the fields of an
    action there; each vendor has columns of its own: vendor1_uei, vendor1_name, vendor1_role, vendor1_cage, vendor2_uei …
    """
    text = _text(file)
    with reported(), Context() as context:
        ids, new = usecases.submit(
            context.sessions,
            text,
            notation=notation or _SUFFIXES.get(file.suffix.lower(), Notation.JSON),
            most=MOST_ACTIONS,
        )
        out.print(f"{plural(len(ids), 'action')} submitted, {new} of them new", highlight=False)
        if run:
            usecases.request_runs(context.sessions, ids)
            out.print(f"{plural(len(ids), 'run')} requested", highlight=False)


def _text(file: Path) -> str:
    """The text of the file. Exits with status 2 if it cannot be read, is too large, or is not UTF-8."""
    try:
        # One byte over the limit is enough for a refusal.
        if str(file) == _STANDARD_INPUT:
            content = sys.stdin.buffer.read(BODY_LIMIT + 1)
        else:
            with file.open("rb") as stream:
                content = stream.read(BODY_LIMIT + 1)
        if len(content) > BODY_LIMIT:
            reason = f"more than {BODY_LIMIT} bytes; submit it in parts"
        else:
            return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "not UTF-8 text"
    err.print(f"file: {file}: {reason}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(USAGE)
