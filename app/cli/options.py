"""Options that several commands have."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
ActionStart = Annotated[
    str | None, typer.Option(metavar="START", help="The start of an action's ID or PIID.")
]
Limit = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="Maximum number of lines.")]
