"""`triage stack`: start, stop and look at the local stack."""

import json
import subprocess
import sys
import time
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from app.cli.local import options
from infra.local.errors import StackError
from infra.local.leftovers import is_alive, stop_stack
from infra.local.options import StackOptions
from infra.local.stack import LocalStack
from infra.local.state import Layout, PartRecord, is_locked, read_record, state_folder
from infra.local.status import Condition, conditions
from infra.local.supervisor import Supervisor

commands = typer.Typer(help="The real servers and processes on this machine.", no_args_is_help=True)
_screen = Console()
_errors = Console(stderr=True)

_UNHEALTHY = 1
_WRONG_USAGE = 2
_DETACH_PATIENCE = 60.0


class Pool(StrEnum):
    """How an agent worker runs several runs at once."""

    PREFORK = "prefork"
    THREADS = "threads"


Home = Annotated[Path | None, typer.Option("--home", help="State folder; TRIAGE_HOME or .local otherwise.")]


@commands.command()
def up(
    *,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Agent workers.")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Runs per worker at once.")] = 8,
    pool: Annotated[Pool, typer.Option(help="Threads, or a process per run at once.")] = Pool.THREADS,
    recycle: Annotated[bool, typer.Option("--recycle", help="A new process for each run (prefork).")] = False,
    actions: Annotated[int, typer.Option(min=1, help="Procurement actions to generate.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the generated actions.")] = 2026,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget runs and logs of earlier starts.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return when ready, leave it running.")] = False,
    home: Home = None,
) -> None:
    """Start everything; Ctrl-C stops it.

    VAULT_ADDR, DATABASE_URL, REDIS_URL and the tools' addresses, when set, are used instead of starting that part.
    """
    if recycle and pool is not Pool.PREFORK:
        _fail("--recycle needs --pool prefork", status=_WRONG_USAGE)
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
    parts: list[PartRecord] = []
    with Live(_parts_table(parts), console=_screen, refresh_per_second=8) as live:

        def report(part: PartRecord) -> None:
            parts.append(part)
            live.update(_parts_table(parts))

        def ready(stack: LocalStack) -> None:
            live.update(_parts_table(parts), refresh=True)
            live.stop()
            _say_ready(stack.endpoints)
            _screen.print("Ctrl-C stops everything.")

        return Supervisor(folder, options=options, report=report, ready=ready, say=_errors.print).run()


def _start_detached(folder: Path, options: StackOptions) -> None:
    layout = Layout(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = folder / "supervisor.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            [
                *(sys.executable, "-m", "infra.local.supervisor"),
                *("--home", str(folder), "--options", options.model_dump_json()),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    deadline = time.monotonic() + _DETACH_PATIENCE
    while True:
        record = read_record(layout)
        if record is not None and record.ready and record.supervisor.pid == started.pid:
            break
        if started.poll() is not None:
            _fail(log.read_text(encoding="utf-8").strip())
        if time.monotonic() > deadline:
            started.terminate()
            _fail(f"the stack was not ready after {_DETACH_PATIENCE:.0f} s; see {log}")
        time.sleep(0.1)
    _screen.print(_parts_table(list(record.parts)))
    _say_ready(record.endpoints)


def _say_ready(endpoints: dict[str, str]) -> None:
    _screen.print(f"Ready: {endpoints['web']}" if "web" in endpoints else "Ready.", highlight=False)


def _parts_table(parts: list[PartRecord]) -> Table:
    table = Table("part", "address", "ready after")
    for part in parts:
        table.add_row(part.name, part.address, "outside" if part.outside else f"{part.seconds:.1f} s")
    return table


@commands.command()
def down(*, home: Home = None) -> None:
    """Stop everything, also what a crash left behind."""
    layout = Layout((home or state_folder()).absolute())
    try:
        stopped = stop_stack(layout)
    except StackError as error:
        _fail(str(error))
    _screen.print("Stopped." if stopped else f"No stack runs in {layout.home}.", highlight=False)


@commands.command()
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False, home: Home = None
) -> None:
    """Show every part, its process and whether it answers; exit status 1 when something does not."""
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
            "parts": [asdict(part) for part in parts],
        }
        sys.stdout.write(json.dumps(report) + "\n")
    elif not running:
        _screen.print(f"No stack runs in {layout.home}.", highlight=False)
    else:
        _screen.print(_conditions_table(parts))
    raise typer.Exit(0 if healthy else _UNHEALTHY)


def _conditions_table(parts: tuple[Condition, ...]) -> Table:
    table = Table("part", "process", "address", "state")
    for part in parts:
        state = part.note if part.healthy else f"[red]{part.note}[/red]"
        table.add_row(part.name, str(part.pid or "outside"), part.address or "", state)
    return table


def _fail(text: str, *, status: int = _UNHEALTHY) -> NoReturn:
    _errors.print(text, highlight=False, markup=False)
    raise typer.Exit(status)
