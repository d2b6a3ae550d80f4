"""A local stack for the length of one command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from app.cli.context import FAILED, USAGE, err
from app.settings import Settings
from infra.local.errors import OutsideError, StackError
from infra.local.options import Outside, StackOptions
from infra.local.stack import LocalStack
from infra.local.state import PartRecord, state_folder


@contextmanager
def running(**wanted: Any) -> Iterator[LocalStack]:
    """Start the stack, saying what is ready; stop it at the end. `wanted` are fields of `StackOptions`."""
    chosen = options(**wanted)
    try:
        with LocalStack(state_folder(), options=chosen, report=_say) as stack:
            yield stack
    except StackError as error:
        err.print(str(error), markup=False, highlight=False)
        raise typer.Exit(USAGE if isinstance(error, OutsideError) else FAILED) from None


def options(**wanted: Any) -> StackOptions:
    """What to start: `wanted`, and what the environment names. Exits with status 2 when that is wrong."""
    try:
        outside = Outside.from_environment(os.environ)
    except StackError as error:
        err.print(str(error), markup=False, highlight=False)
        raise typer.Exit(USAGE) from None
    binary = os.environ.get("TRIAGE_VAULT_BINARY") or None
    return StackOptions(outside=outside, vault_binary=binary, environment=_tuning(), **wanted)


def _tuning() -> dict[str, str]:
    """Settings such as ATTEMPT_LEASE that the caller's environment changes for the whole stack."""
    names = (name.upper() for name, field in Settings.model_fields.items() if field.default is not None)
    return {name: os.environ[name] for name in names if name in os.environ}


def _say(part: PartRecord) -> None:
    ready = "outside" if part.outside else f"ready after {part.seconds:.1f} s"
    err.print(f"{part.name:<18} {part.address:<32} {ready}", markup=False, highlight=False)
