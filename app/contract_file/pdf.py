"""Sets the printed contract file as an accessible (PDF/UA-1) and archivable (PDF/A-2a) PDF.

Only the fonts inside Typst are used, so that every machine gives the same output.
"""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from app.contract_file.print_text import printable

_PROGRAM = Path(__file__).with_name("typesetting.py")
#: Seconds one document may take, documents set in parallel, and seconds that others wait for a place.
_PATIENCE = 120.0
_PLACES = BoundedSemaphore(2)
_WAIT = 30.0


class PrintError(Exception):
    """The document could not be set. The text is Typst's message, or says what took too long."""


def pdf(document: dict[str, Any], *, at: datetime) -> bytes:
    """The document of `app.contract_file.printed_document` as PDF. The same content and time (UTC) give the same bytes.

    Raises `PrintError`.
    """
    order = {"document": _printable(document), "timestamp": int(at.timestamp())}
    if not _PLACES.acquire(timeout=_WAIT):
        raise PrintError(f"other documents were being set for {_WAIT:g} s")
    try:
        # Isolated: no environment variables, no user site.
        done = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM)],
            input=json.dumps(order).encode(),
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise PrintError(f"it took more than {_PATIENCE:g} s") from None
    finally:
        _PLACES.release()
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise PrintError(said[-1] if said else f"Typst ended with status {done.returncode}")
    return done.stdout


def _printable(value: Any) -> Any:
    """The value with every text in it made printable."""
    match value:
        case str():
            return printable(value)
        case dict():
            return {name: _printable(item) for name, item in value.items()}
        case list() | tuple():
            return [_printable(item) for item in value]
        case _:
            return value
