"""Where a command prints, and the errors that end it."""

import json
from typing import Any

import typer
from rich.console import Console

out = Console()
err = Console(stderr=True)
USAGE, FAILED = 2, 1


class CommandError(Exception):
    """Ends a command: `lines` say why, on standard error; `exit_status` is USAGE or FAILED."""

    def __init__(self, *lines: str, exit_status: int = USAGE) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines
        self.exit_status = exit_status


def print_json(value: Any) -> None:
    """Print one JSON document on standard output, without colours or wrapping."""
    typer.echo(json.dumps(value, indent=2, default=str))
