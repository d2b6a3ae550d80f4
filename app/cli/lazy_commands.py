"""Commands whose modules are imported when they are used, so that a command does not wait for what others need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


@dataclass(frozen=True, kw_only=True, slots=True)
class LazyCommand:
    """A command or a group of commands. `text` is the first line of its help, `settings` are Typer's for it."""

    module: str
    name: str
    text: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def load(self, called: str) -> Any:
        """The command that Typer makes of it, as it is called on the command line."""
        found = getattr(import_module(self.module), self.name)
        if isinstance(found, typer.Typer):
            group = get_group(found)
            group.name, group.help = called, self.text
            return group
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        alone.command(called, **self.settings)(found)
        return get_command(alone)


class LazyGroup(TyperGroup):
    """A group of `LazyCommand`s; a subclass names them by how they are called."""

    lazy: ClassVar[Mapping[str, LazyCommand]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {**self.lazy, **self.commands}  # type: ignore[dict-item]  # loaded below

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # Typer gives it
        """The command, now imported; None if there is none of this name."""
        known: Any = self.commands.get(cmd_name)
        return known.load(cmd_name) if isinstance(known, LazyCommand) else known

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # Typer gives it
        """List the commands in the help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(called, known.text) for called, known in self.lazy.items()])
