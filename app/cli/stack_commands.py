"""`triage stack`: start, stop and inspect the local stack."""

import subprocess
import sys
import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.cli.local_stack import options, say
from app.cli.output import FAILED, USAGE, out, print_json
from app.cli.text_tables import Column, Kind, show_table
from infra.environment import plain_environment
from infra.local.errors import StackError
from infra.local.interruption import Interruption
from infra.local.leftovers import is_alive, stop_stack
from infra.local.options import StackOptions
from infra.local.stack import LocalStack
from infra.local.state import Layout, StackRecord, is_locked, read_record, state_folder
from infra.local.status import conditions
from infra.local.supervisor import Supervisor

commands = typer.Typer(help="The real servers and processes on this machine.", no_args_is_help=True)


class Pool(StrEnum):
    """How an agent worker executes runs in parallel."""

    PREFORK = "prefork"
    THREADS = "threads"


Home = Annotated[
    Path | None, typer.Option("--home", metavar="FOLDER", help="State folder; else TRIAGE_HOME, else .local.")
]


@commands.command()
def up(
    *,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Agent workers.")] = 1,
    concurrency: Annotated[
        int, typer.Option(min=1, max=256, metavar="N", help="Runs per worker at once.")
    ] = 8,
    pool: Annotated[
        Pool, typer.Option(metavar="KIND", help="threads, or prefork (a process for each parallel run).")
    ] = Pool.THREADS,
    recycle: Annotated[
        bool, typer.Option("--recycle", help="A new process for each run; needs --pool prefork.")
    ] = False,
    actions: Annotated[int, typer.Option(min=1, metavar="N", help="Procurement actions to generate.")] = 12,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of the generated actions.")] = 2026,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete runs and logs of earlier starts.")] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when ready and leave the stack running.")
    ] = False,
    home: Home = None,
) -> None:
    """Start everything; Ctrl-C stops it.

    If VAULT_ADDR, DATABASE_URL, REDIS_URL or a tool's address is set, that server is used and no local one is started.
    TRIAGE_PORT_WEB and similar variables fix a port. Otherwise it is the usual port, the last one used, or a free one.
    """
    if recycle and pool is not Pool.PREFORK:
        _fail("--recycle needs --pool prefork", status=USAGE)
    wanted = options(
        workers=workers,
        concurrency=concurrency,
        pool=pool.value,
        recycle=recycle,
        actions=actions,
        seed=seed,
        fresh=fresh,
    )
    folder = (home or state_folder()).absolute()
    if detach:
        _start_detached(folder, wanted)
    else:
        raise typer.Exit(_run_in_foreground(folder, wanted))


def _run_in_foreground(folder: Path, options: StackOptions) -> int:
    def ready(stack: LocalStack) -> None:
        _say_ready(stack.endpoints)
        out.print("Ctrl-C stops everything.")

    return Supervisor(folder, options=options, report=say, notice=say, ready=ready, say=say).run()


def _start_detached(folder: Path, options: StackOptions) -> None:
    log = folder / "supervisor.log"
    with Interruption() as interruption:
        started = subprocess.Popen(
            [
                *(sys.executable, "-m", "infra.local.supervisor", "--home", str(folder)),
                *("--options", options.model_dump_json(), "--log", str(log)),
            ],
            stdin=subprocess.DEVNULL,
            env=plain_environment(),
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
        try:
            record = _ready(Layout(folder), started)
        except KeyboardInterrupt:
            interruption.settle()
            started.terminate()
            raise typer.Exit(started.wait()) from None
    if record is None:
        # The supervisor has reported why.
        raise typer.Exit(started.returncode)
    _say_ready(record.endpoints)
    out.print(f"It continues in the background. `triage stack down` stops it; its log is {log}.")


def _ready(layout: Layout, started: subprocess.Popen[bytes]) -> StackRecord | None:
    """The record of the stack once it is ready; None if it has ended. Each part has its own deadline."""
    while started.poll() is None:
        record = read_record(layout)
        if record is not None and record.ready and record.supervisor.pid == started.pid:
            return record
        time.sleep(0.1)
    return None


def _say_ready(endpoints: dict[str, str]) -> None:
    out.print("Ready:")
    for name, address in endpoints.items():
        out.print(f"  {name:<18} {address}", highlight=False, soft_wrap=True)


@commands.command()
def down(*, home: Home = None) -> None:
    """Stop everything, including processes left by a crash."""
    layout = Layout((home or state_folder()).absolute())
    try:
        stopped = stop_stack(layout)
    except StackError as error:
        _fail(str(error))
    out.print("stopped" if stopped else f"no stack runs in {layout.home}", highlight=False, soft_wrap=True)


@commands.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    home: Home = None,
) -> None:
    """Show every part, its process and whether it answers, and whether processes share one user.

    Exit status 1 if a part does not answer.
    """
    layout = Layout((home or state_folder()).absolute())
    record = read_record(layout)
    running = record is not None and is_locked(layout) and is_alive(record.supervisor)
    parts = conditions(record) if record is not None and running else ()
    healthy = record is not None and running and record.ready and all(part.healthy for part in parts)
    if as_json:
        report = {
            "home": str(layout.home),
            "running": running,
            "healthy": healthy,
            "separated": record.separated if record is not None and running else None,
            "users": record.users if record is not None and running else None,
            "parts": [asdict(part) for part in parts],
        }
        print_json(report)
    elif not running:
        out.print(f"no stack runs in {layout.home}", highlight=False, soft_wrap=True)
    else:
        columns = (
            Column("Part"),
            Column("Process", Kind.NUMBER),
            Column("Address", Kind.ID),
            Column("State", Kind.TEXT),
        )
        show_table(
            "Parts",
            columns,
            ((part.name, part.pid or "outside", part.address or "", part.note) for part in parts),
        )
        out.print(record.users if record is not None else "", highlight=False)
    raise typer.Exit(0 if healthy else FAILED)


def _fail(text: str, *, status: int = FAILED) -> NoReturn:
    say(text)
    raise typer.Exit(status)
