"""The commands that become another program: `triage worker`, `evaluate`, `rehearse`, `provision` and `rotate`."""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, NoReturn

import typer

from app.cli.context import Context, reported
from app.cli.output import CommandError
from app.cli.stack_commands import Pool


def worker(
    concurrency: Annotated[int, typer.Option(min=1, max=256, metavar="N", help="Runs at once.")] = 4,
    pool: Annotated[
        Pool, typer.Option(metavar="KIND", help="prefork (a process for each parallel run) or threads.")
    ] = Pool.PREFORK,
    recycle: Annotated[bool, typer.Option("--recycle", help="One process per run (prefork only).")] = False,
) -> None:
    """Start another agent worker.

    Takes its settings from the environment, or else from the stack running here.
    """
    with reported():
        Context().join_stack("worker")
    line = ["--concurrency", str(concurrency), "--pool", pool.value, *(["--recycle"] if recycle else [])]
    _become("workers.launch", *line)


def evaluate(arguments: typer.Context) -> None:
    """Evaluate the checks on scenarios with known answers."""
    _become("known_answers.evaluation", *arguments.args)


def rehearse(arguments: typer.Context) -> None:
    """Carry out real attacks on the local stack, and show how each is stopped."""
    if find_spec("rehearsals") is None:
        with reported():
            raise CommandError("rehearsals run against a local stack only, and are not installed here")
    import_module("rehearsals.__main__").main(arguments.args)


def provision(arguments: typer.Context) -> None:
    """Prepare your own servers: keys, database, broker, vault."""
    _become("infra.provision", *arguments.args)


def rotate(arguments: typer.Context) -> None:
    """Rotate secrets that are in use."""
    _become("infra.provision", "rotate", *arguments.args)


def _become(module: str, *arguments: str) -> NoReturn:
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606  # becoming it is the point
