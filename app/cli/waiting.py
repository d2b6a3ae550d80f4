"""Waits for runs and shows how far they are."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.context import err
from app.store.database import Sessions
from app.store.progress import Progress as RunProgress


def wait_for(
    sessions: Sessions,
    run_ids: Sequence[UUID],
    *,
    timeout: float,
    check: Callable[[], None] = lambda: None,
) -> bool:
    """Show a progress bar until every run ended; False when `timeout` seconds passed first.

    `check` is called now and then; what it raises ends the waiting.
    """
    questions = RunProgress(sessions)
    deadline = time.monotonic() + timeout
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    with Progress(*columns, console=err) as bar:
        task = bar.add_task("Runs", total=len(run_ids), note="")
        while True:
            ended = questions.ended(run_ids)
            reasons = questions.waiting_reasons(run_ids)
            bar.update(task, completed=ended, note="; ".join(reasons))
            if ended == len(run_ids):
                return True
            if time.monotonic() > deadline:
                return False
            check()
            time.sleep(0.25)
