"""Reports wrong usage in one line: the option, the value given, and the values allowed."""

import sys
from typing import NoReturn

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from app.cli.output import USAGE, err
from app.connections import redaction
from app.intake.problems import shown


def run(app: typer.Typer) -> NoReturn:
    """Run the command and end the process. Wrong usage gives status 2 and one line on standard error."""
    redaction.install()
    try:
        status = app(standalone_mode=False)
    except TyperException as wrong:
        err.print(_line(wrong), markup=False, highlight=False, soft_wrap=True)
        sys.exit(getattr(wrong, "exit_code", USAGE))
    except typer.Abort:
        sys.exit(130)
    finally:
        redaction.install()  # Typer has replaced what prints uncaught errors
    sys.exit(status if isinstance(status, int) else 0)


def _line(wrong: TyperException) -> str:
    text: str = getattr(wrong, "format_message", wrong.__str__)()
    text = text.replace(": Value error, ", ": ")
    if isinstance(wrong.__cause__, ValidationError):
        # Typer's message names the option, but mostly not the value given.
        given = shown(wrong.__cause__.errors()[0]["input"])
        option, _, message = text.partition(": ")
        return text if message.startswith(given) else f"{option}: {given}: {message}"
    return text
