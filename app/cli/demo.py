"""`triage demo`: starts real servers, triages 12 actions, prints the findings and serves the pages."""

import os
import time
from contextlib import suppress
from typing import Annotated
from uuid import UUID

import typer

from app import usecases
from app.cli import read_commands
from app.cli.comparison import compare_since
from app.cli.context import Context, reported
from app.cli.local_stack import running, say
from app.cli.output import FAILED, out
from app.cli.reconcile_command import VERDICT_STATUS, SharedUser, show_sides, show_verdict
from app.cli.waiting import wait_for, wait_for_ends
from app.credentials.tables import RunState
from app.review.queries import FlagFilter, Pages
from infra.local.stack import LocalStack

ACTIONS = 12
#: The personas of the demo's identity provider (`mocks.identity_provider.personas`).
PERSONAS = (
    "Contracting officer A or B, Auditor A, Security operator A, or Visitor A, who has no role and is refused"
)
#: More findings than twelve actions have.
_ALL = 100
#: Seconds the twelve runs may take; they took 3 when measured.
PATIENCE = 120


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
        given = dict(os.environ)
        again = _run_demo(stay=not exit_, shared_user=shared_user)
        while again:
            say("a presenter asked to start anew")
            # Without the addresses of the stack that has ended, which this process had joined.
            os.environ.clear()
            os.environ.update(given)
            again = _run_demo(stay=True, shared_user=shared_user, fresh=True)


def _run_demo(*, stay: bool, shared_user: bool = False, fresh: bool = False) -> bool:
    """Start the stack, triage, print the findings and compare. If `stay`, serve the pages until Ctrl-C.

    True when a presenter asked to start anew; `fresh`: with empty records and logs. Otherwise it ends with exit status 1
    if a run did not complete, else with that of the verdict. `shared_user` as in `compare_since`.
    """
    with running(actions=ACTIONS, fresh=fresh, can_start_again=stay) as stack:
        context = Context()
        began = context.database_time()
        inbox = (context.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
        ids, _ = usecases.submit(context.sessions, inbox)
        run_ids = usecases.request_runs(context.sessions, ids[:ACTIONS])
        wait_for(context.sessions, run_ids, timeout=PATIENCE, check=stack.check)
        pages = Pages(context.sessions)
        runs = pages.runs(limit=ACTIONS)
        read_commands.show_runs(runs)
        read_commands.show_flags(pages.flag_queue(FlagFilter(), limit=_ALL).page.lines)
        open_runs = sum(line.run.state != RunState.COMPLETED for line in runs)
        if open_runs:
            say(f"{open_runs} of {ACTIONS} runs did not complete within {PATIENCE} s")
        wait_for_ends(context.sessions, run_ids)
        compared = compare_since(context, began, shared_user=shared_user)
        show_sides(compared)
        show_verdict(compared.stated)
        if stay:
            _show_the_way(stack, max(runs, key=lambda line: line.findings).run.run_id)
            if _is_asked_again(stack):
                context.engine.dispose()
                return True
    raise typer.Exit(FAILED if open_runs else VERDICT_STATUS[compared.verdict])


def _show_the_way(stack: LocalStack, run_id: UUID) -> None:
    web = stack.endpoints["web"]
    out.print(f"The pages     {web}", highlight=False)
    out.print(f"All findings  {web}/flags", highlight=False)
    out.print(f"One run       {web}/runs/{run_id}", highlight=False)
    if stack.options.outside.identity is None:
        out.print(f"Sign in as {PERSONAS}.", highlight=False)
    out.print("Ctrl-C stops everything.")


def _is_asked_again(stack: LocalStack) -> bool:
    """Whether a presenter asked to start anew; False after Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while not stack.layout.start_again.exists():
            stack.check()
            time.sleep(1.0)
        return True
    return False
