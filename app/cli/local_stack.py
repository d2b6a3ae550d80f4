"""A local stack for the duration of one command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from app.cli.output import FAILED, USAGE, err
from app.settings import Settings
from infra.local.errors import OutsideError, StackError
from infra.local.interruption import Interruption
from infra.local.options import Outside, StackOptions
from infra.local.ports import fixed_ports
from infra.local.stack import LocalStack
from infra.local.state import state_folder
from infra.local.supervisor import INTERRUPTED
from infra.local.users import first_user


@contextmanager
def running(**wanted: Any) -> Iterator[LocalStack]:
    """Start the stack, report its parts as they become ready, and stop it at the end.

    `wanted` are fields of `StackOptions`. Addresses are not printed; the command prints those it needs.
    """
    chosen = options(**wanted)
    with Interruption() as interruption:

        def stopping(text: str) -> None:
            interruption.settle()
            say(text)

        try:
            with LocalStack(
                state_folder(), options=chosen, report=say, notice=say, stopping=stopping
            ) as stack:
                yield stack
        except StackError as error:
            say(error)
            raise typer.Exit(USAGE if isinstance(error, OutsideError) else FAILED) from None
        except KeyboardInterrupt:
            say("stopped")
            raise typer.Exit(INTERRUPTED) from None
        say("stopped")


def options(**wanted: Any) -> StackOptions:
    """The options of the stack, from `wanted` and the environment. Exit status 2 if they are invalid."""
    try:
        outside, ports = Outside.from_environment(os.environ), fixed_ports(os.environ)
        wanted |= first_user(os.environ)
    except StackError as error:
        say(error)
        raise typer.Exit(USAGE) from None
    binary = os.environ.get("TRIAGE_VAULT_BINARY") or None
    return StackOptions(outside=outside, ports=ports, vault_binary=binary, environment=_tuning(), **wanted)


def say(text: object) -> None:
    """Print a message on standard error, wrapped on a terminal, otherwise on one line."""
    err.print(str(text), markup=False, highlight=False, soft_wrap=not err.is_terminal)


def _tuning() -> dict[str, str]:
    """Settings such as ATTEMPT_LEASE that the environment overrides for the whole stack."""
    names = (name.upper() for name, field in Settings.model_fields.items() if field.default is not None)
    return {name: os.environ[name] for name in names if name in os.environ}
