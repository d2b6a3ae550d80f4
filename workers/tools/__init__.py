"""The tools, one a module, each ending in `TOOL = …`. A new module is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

from app.procurement.systems import SYSTEMS
from workers.runtime.tool import Tool


def registry() -> dict[str, Tool]:
    """All tools by name. Raises `ValueError` when two modules define one tool, or none defines that of a record."""
    tools: dict[str, Tool] = {}
    for module in iter_modules(__path__):
        tool: Tool = import_module(f"{__name__}.{module.name}").TOOL
        if tool.name in tools:
            raise ValueError(f"two tools are called {tool.name!r}")
        tools[tool.name] = tool
    if missing := {system.name for system in SYSTEMS} - tools.keys():
        raise ValueError(f"no module of workers.tools defines {', '.join(sorted(missing))}")
    return tools
