"""The `triage` command."""

from typing import Annotated, Any, ClassVar

import typer

from app import __version__
from app.cli import usage
from app.cli.lazy_commands import LazyCommand, LazyGroup
from app.cli.output import out
from infra.environment import forget_foreign

#: For commands that become another process, which reads all arguments itself.
PASSED_ON: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
}


class Commands(LazyGroup):
    """All commands, in the order of the help."""

    lazy: ClassVar = {
        "demo": LazyCommand(
            module="app.cli.demo",
            name="demo",
            text="Triage 12 actions on real servers, then serve the pages.",
        ),
        "submit": LazyCommand(
            module="app.cli.submit_command", name="submit", text="Store procurement actions, all or none."
        ),
        "run": LazyCommand(module="app.cli.run_command", name="run", text="Request a run of one action."),
        "runs": LazyCommand(
            module="app.cli.read_commands",
            name="runs",
            text="Show runs, newest first, with the filters of the JSON API.",
        ),
        "flags": LazyCommand(
            module="app.cli.flags_command",
            name="flags",
            text="Show flags of each action's latest run that are not closed, with the filters of the JSON API.",
        ),
        "lineage": LazyCommand(
            module="app.cli.lineage_command",
            name="lineage",
            text="Show one run: plan, credentials, calls, findings.",
        ),
        "decide": LazyCommand(
            module="app.cli.review_commands", name="decide", text="Decide a flag, in your name."
        ),
        "refer": LazyCommand(
            module="app.cli.review_commands",
            name="refer",
            text="Refer a flag to the office that must act, with a due date, in your name.",
        ),
        "assign": LazyCommand(
            module="app.cli.review_commands",
            name="assign",
            text="Assign a flag to an officer, to yourself or to nobody.",
        ),
        "comment": LazyCommand(
            module="app.cli.review_commands",
            name="comment",
            text="Comment on a flag, in your name. A comment changes no decision.",
        ),
        "concur": LazyCommand(
            module="app.cli.review_commands",
            name="concur",
            text="Agree, as the second officer, with a decision that waits for it.",
        ),
        "decline": LazyCommand(
            module="app.cli.review_commands",
            name="decline",
            text="Disagree, as the second officer, with a decision that waits for it. The flag is open again.",
        ),
        "undo": LazyCommand(
            module="app.cli.review_commands",
            name="undo",
            text="Undo the decision in force. It stays in the history; the flag is open again.",
        ),
        "stop": LazyCommand(
            module="app.cli.api_commands",
            name="stop",
            text="Stop a run and end its credentials, in your name.",
        ),
        "switch": LazyCommand(
            module="app.cli.switch_command",
            name="switch",
            text="Cut off the agent, a tool, a worker, a run or a credential, or let it on again, in your name.",
        ),
        "export": LazyCommand(
            module="app.cli.api_commands",
            name="export",
            text="Take out the signed contract file of an action, in your name.",
        ),
        "day": LazyCommand(
            module="app.cli.day",
            name="day",
            text="Do a day's work at once, and compare what the vault issued, what tools saw and what is recorded.",
        ),
        "reconcile": LazyCommand(
            module="app.cli.reconcile_command",
            name="reconcile_sides",
            text="Compare what the vault issued, what tools saw and what is recorded, and what policies grant with what was used.",
        ),
        "verify": LazyCommand(
            module="app.cli.verify_command",
            name="verify_bundle",
            text="Check that a contract file is complete and unaltered, and that the vault's own log agrees with its records.",
        ),
        "api-token": LazyCommand(
            module="app.cli.api_token", name="print_token", text="Print a token for the JSON interface."
        ),
        "worker": LazyCommand(
            module="app.cli.process_commands", name="worker", text="Start another agent worker."
        ),
        "evaluate": LazyCommand(
            module="app.cli.process_commands",
            name="evaluate",
            text="Evaluate the checks on scenarios with known answers.",
            settings=PASSED_ON,
        ),
        "rehearse": LazyCommand(
            module="app.cli.process_commands",
            name="rehearse",
            text="Carry out real attacks on the local stack, and show how each is stopped.",
            settings=PASSED_ON,
        ),
        "provision": LazyCommand(
            module="app.cli.process_commands",
            name="provision",
            text="Prepare your own servers: keys, database, broker, vault.",
            settings=PASSED_ON,
        ),
        "rotate": LazyCommand(
            module="app.cli.process_commands",
            name="rotate",
            text="Rotate secrets that are in use.",
            settings=PASSED_ON,
        ),
        "stack": LazyCommand(
            module="app.cli.stack_commands",
            name="commands",
            text="Start, stop and look at the local servers.",
        ),
        "audit": LazyCommand(
            module="app.cli.audit_command",
            name="commands",
            text="Prove that the log of the vault is what was read, and search it.",
        ),
    }


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: boxes leave too little of 80 columns
    help="Procurement triage by an agent that holds no standing credential.",
)


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


def main() -> None:
    """Entry point of the `triage` command."""
    forget_foreign()
    usage.run(app)


if __name__ == "__main__":
    main()
