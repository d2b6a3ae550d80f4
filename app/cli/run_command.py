"""The command `triage run`."""

from typing import Annotated

import typer

from app import usecases
from app.cli.context import Context, reported
from app.cli.lineage_command import show_lineage
from app.cli.options import AsJson
from app.cli.output import FAILED, err, out, print_json
from app.cli.waiting import wait_for, wait_for_ends


def run(
    action: Annotated[str, typer.Argument(help="The id of a submitted action.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the result and print it.")] = False,
    timeout: Annotated[float, typer.Option(min=0, metavar="S", help="Seconds to wait.")] = 120,
    as_json: AsJson = False,
) -> None:
    """Request a run of one action."""
    with reported():
        context = Context()
        (run_id,) = usecases.request_runs(context.sessions, [action])
        if not wait:
            print_json({"run_id": run_id, "action_id": action, "new": True}) if as_json else out.print(
                f"run {run_id} requested"
            )
            return
        if not wait_for(context.sessions, [run_id], timeout=timeout):
            err.print(f"run {run_id} has not ended within {timeout:g} s; it continues, see `triage runs`")
            raise typer.Exit(FAILED)
        if wait_for_ends(context.sessions, [run_id]):
            err.print("the vault has not confirmed the end of every credential of this run yet")
        show_lineage(context, run_id, as_json=as_json)
