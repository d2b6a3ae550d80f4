"""The `triage` command."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from app import __version__, usecases
from app.cli import (
    api_commands,
    audit_command,
    local_stack,
    process_commands,
    read_commands,
    stack_commands,
    usage,
)
from app.cli import day as whole_day
from app.cli import demo as whole_demo
from app.cli.api_token import print_token
from app.cli.context import FAILED, Context, err, out, print_json, reported
from app.cli.flags_command import flags
from app.cli.lineage_command import lineage, show_lineage
from app.cli.read_commands import AsJson
from app.cli.reconcile_command import VERDICT_STATUS, SharedUser, reconcile_sides
from app.cli.review_commands import REVIEWS
from app.cli.submit_command import submit
from app.cli.verify_command import verify_bundle
from app.cli.waiting import wait_for, wait_for_ends
from infra.environment import forget_foreign

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: boxes leave too little of 80 columns
    help="Procurement triage by an agent that holds no standing credential.",
)
app.add_typer(stack_commands.commands, name="stack", help="Start, stop and look at the local servers.")
app.add_typer(audit_command.commands, name="audit", help="Prove that the log of the vault is what was read.")


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"triage {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def triage(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    exit_: Annotated[
        bool, typer.Option("--exit", help="Stop when the runs are done, instead of serving the pages.")
    ] = False,
    shared_user: SharedUser = False,
) -> None:
    """Triage 12 actions on real servers, then serve the pages.

    Starts the stack like `triage stack up` and stops it on Ctrl-C. Compares the three sides like `triage day`, with the same exit
    status; it is also 1 if a run did not complete.
    """
    with reported():
        whole_demo.run_demo(stay=not exit_, shared_user=shared_user)


app.command()(submit)


@app.command()
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


app.command()(read_commands.runs)
app.command()(flags)
app.command()(lineage)
for review in REVIEWS:
    app.command(review.name)(review.command())
app.command("stop")(api_commands.stop)
app.command("export")(api_commands.export)


@app.command()
def day(
    runs: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Number of runs.")] = 400,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write the report to this file.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, metavar="S", help="Seconds the runs may take.")] = 900,
    with_stack: Annotated[
        bool, typer.Option("--with-stack", help="Start the stack first and stop it afterwards.")
    ] = False,
    shared_user: SharedUser = False,
) -> None:
    """Do a day's work at once, and compare what the vault issued, what tools saw and what is recorded.

    Also asks the vault which of the recorded leased credentials are alive. Exit status 0 pass, 1 fail, 3 not established.
    """
    with reported(), local_stack.running(actions=min(runs, 400)) if with_stack else nullcontext():
        if json_file:
            json_file.touch()  # Fail before the day's work, not after it.
        report = whole_day.run_day(Context(), runs=runs, timeout=timeout, shared_user=shared_user)
    whole_day.show(report)
    if json_file:
        json_file.write_text(json.dumps(report.as_json(), indent=2) + "\n", encoding="utf-8")
    raise typer.Exit(VERDICT_STATUS[report.verdict])


app.command("reconcile")(reconcile_sides)
app.command("verify")(verify_bundle)
app.command("api-token")(print_token)
app.command()(process_commands.worker)
app.command(**process_commands.PASSED_ON)(process_commands.evaluate)
app.command(**process_commands.PASSED_ON)(process_commands.provision)
app.command(**process_commands.PASSED_ON)(process_commands.rotate)


def main() -> None:
    """Entry point of the `triage` command."""
    forget_foreign()
    usage.run(app)


if __name__ == "__main__":
    main()
