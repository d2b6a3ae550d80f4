"""Waits for runs and shows their progress on standard error."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.cli.output import err
from app.connections.database import Sessions
from app.credentials.progress import Progress as RunProgress
from app.credentials.progress import UnconfirmedEnd

#: Seconds that the vault and the sweeper may take after the last run.
GRACE = 15.0
#: Seconds between two lines where there is no terminal to draw a bar on.
_LINE_EVERY = 2.0


class ShowProgress(Protocol):
    """Shows how many are done, with an optional note."""

    def __call__(self, done: int, note: str = "") -> None: ...


def wait_for(
    sessions: Sessions,
    run_ids: Sequence[UUID],
    *,
    timeout: float,
    check: Callable[[], None] = lambda: None,
) -> bool:
    """Show progress until every run has ended. Returns False if `timeout` seconds pass first.

    Calls `check` regularly; an exception from it ends the wait.
    """
    questions = RunProgress(sessions)
    deadline = time.monotonic() + timeout
    with counting(len(run_ids), what="Runs") as show:
        while True:
            ended = questions.ended(run_ids)
            show(ended, "; ".join(questions.waiting_reasons(run_ids)))
            if ended == len(run_ids):
                return True
            if time.monotonic() > deadline:
                return False
            check()
            time.sleep(0.25)


def wait_for_ends(sessions: Sessions, run_ids: Sequence[UUID]) -> list[UnconfirmedEnd]:
    """Wait until the vault has confirmed every end of these runs' credentials, for `GRACE`. Returns those it has not."""
    questions = RunProgress(sessions)
    deadline = time.monotonic() + GRACE
    while (unconfirmed := questions.unconfirmed(run_ids)) and time.monotonic() < deadline:
        time.sleep(0.25)
    return unconfirmed


@contextmanager
def counting(total: int, *, what: str) -> Iterator[ShowProgress]:
    """Show n of `total`: a bar on a terminal, otherwise a line from time to time."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
    )
    started = due = time.monotonic()
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=total, note="")

        def show(done: int, note: str = "") -> None:
            nonlocal due
            bar.update(task, completed=done, note=note)
            now = time.monotonic()
            if bar.disable and (now >= due or done == total):
                due = now + _LINE_EVERY
                line = " ".join(
                    filter(None, (f"{what}: {done} of {total} after {now - started:.0f} s", note))
                )
                err.print(line, markup=False, highlight=False, soft_wrap=True)

        yield show
