"""The printed contract file: one PDF for people, tagged for those who do not see it (PDF/UA-1), fit to be kept (PDF/A-2a).

Only the fonts inside Typst are used, so that every machine prints the same.
"""

import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from app.export.printing import printable

_STANDARDS: list[Any] = ["ua-1", "a-2a"]


class PrintError(Exception):
    """The document could not be set; the text is Typst's message."""


def pdf(document: dict[str, Any], *, at: datetime) -> bytes:
    """The document of `app.export.document` as PDF. The same content and time (UTC) give the same bytes.

    Raises `PrintError`.
    """
    compiler = typst.Compiler(
        input=_template(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": json.dumps(_printable(document))},
    )
    try:
        made = compiler.compile(format="pdf", pdf_standards=_STANDARDS, timestamp=int(at.timestamp()))
    except typst.TypstError as error:
        raise PrintError(error.message) from None
    if not isinstance(made, bytes):
        raise PrintError("Typst returned no document")
    return made


def _printable(value: Any) -> Any:
    """The same with every text in it made printable."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {name: _printable(item) for name, item in value.items()}
        case list() | tuple():
            return [_printable(item) for item in value]
        case _:
            return value


@cache
def _template() -> bytes:
    return files("app.export").joinpath("contract_file.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False)
