"""The commands `triage stop` and `triage export`, which ask the JSON API on behalf of a person."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import typer

from app.cli.api_client import Client
from app.cli.api_problems import Wording
from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import CommandError, out, print_json

_NAMED = re.compile(r'filename="([A-Za-z0-9_][A-Za-z0-9._-]{0,199})"')


def stop(
    run_id: Annotated[UUID, typer.Argument(metavar="RUN_ID", help="The id of a run, from `triage runs`.")],
    as_json: AsJson = False,
) -> None:
    """Stop a run and end its credentials, in your name.

    For security operators: TRIAGE_TOKEN_FILE names the file with your access token.
    """
    with reported():
        wording = Wording(unknown=f"run: no run has the id {run_id}")
        stopped = Client.of(Context()).post(f"/runs/{run_id}/stops", wording)
    if as_json:
        print_json(stopped)
    elif stopped["new"]:
        out.print(f"run {run_id} is being stopped; `triage runs` shows when it has ended", highlight=False)
    else:
        out.print(f"nothing to stop: run {run_id} has ended, or is already being stopped", highlight=False)


def export(
    action_id: Annotated[str, typer.Argument(metavar="ACTION_ID", help="The id of a submitted action.")],
    folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where to put it. A file there is never replaced.")
    ],
) -> None:
    """Take out the signed contract file of an action, in your name.

    TRIAGE_TOKEN_FILE names the file with your access token. `triage verify` checks the contract file.
    """
    with reported():
        if not folder.is_dir():
            raise CommandError(f"--out: {folder}: not a folder")
        wording = Wording(unknown=f"action: {action_id!r} is not known")
        answer = Client.of(Context()).file(f"/actions/{quote(action_id, safe='')}/contract-file", wording)
        named = _NAMED.search(answer.headers.get("content-disposition", ""))
        file = folder / (named[1] if named else "contract-file.zip")
        _keep(file, answer.content)
    typer.echo(file)


def _keep(file: Path, content: bytes) -> None:
    """Write a new file, whole or not at all."""
    with file.open("xb") as stream:
        try:
            stream.write(content)
            stream.flush()
        except OSError as error:
            file.unlink()
            error.filename = str(file)  # which an error of writing lacks
            raise
