"""The tool registry: every module here that ends in `TOOL = …` is a tool. Adding one is adding a file."""

from importlib import import_module
from pkgutil import iter_modules

from workers.runtime.tool import Tool


def registry() -> dict[str, Tool]:
    """All tools by name. Raises `ValueError` when two files claim the same name."""
    tools: dict[str, Tool] = {}
    for module in iter_modules(__path__):
        tool: Tool = import_module(f"{__name__}.{module.name}").TOOL
        if tool.name in tools:
            raise ValueError(f"two tools are called {tool.name!r}")
        tools[tool.name] = tool
    return tools
