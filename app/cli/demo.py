"""`triage demo`: real servers, 12 actions triaged, what was found, and the pages."""

import signal
import threading
from collections.abc import Callable

from app import usecases
from app.cli import reading
from app.cli.context import Context, out
from app.cli.local import running
from app.cli.waiting import wait_for
from app.store.pages import FlagFilter, Pages

ACTIONS = 12
#: Whom the demo's identity provider lets a visitor be (`mocks.identity_provider.personas`).
PERSONAS = (
    "Contracting officer A or B, Auditor A, Security operator A, or Visitor A, who has no role and is refused"
)


def run_demo(*, stay: bool) -> None:
    """Start the stack, triage, print, and serve until Ctrl-C unless told not to `stay`."""
    with running(actions=ACTIONS) as stack:
        context = Context()
        inbox = (context.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
        ids, _ = usecases.submit(context.sessions, inbox)
        run_ids = usecases.request_runs(context.sessions, ids[:ACTIONS])
        if not wait_for(context.sessions, run_ids, timeout=120, check=stack.check):
            out.print("[bold red]not all runs ended within 120 s; see `triage runs`")
        pages = Pages(context.sessions)
        reading.show_runs(pages.runs(limit=ACTIONS))
        reading.show_flags(pages.flag_queue(FlagFilter(), limit=ACTIONS).stretch.lines)
        web = stack.endpoints["web"]
        out.print(
            f"All findings: {web}/flags    One run, step by step: {web}/runs/{run_ids[0]}", highlight=False
        )
        if stack.options.outside.identity is None:
            out.print(f"Sign in at {web} as {PERSONAS}.", highlight=False)
        if stay:
            out.print("Ctrl-C stops everything.")
            _until_interrupted(stack.check)


def _until_interrupted(check: Callable[[], None]) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1.0):
        check()
