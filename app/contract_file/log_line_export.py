"""Lines of the vault's log as JSON lines: one object for each, as the JSON API has it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO

from app.contract_file.spooled import unnamed_file
from app.review.queries.log_lines import VaultLogLine


def spooled_lines(lines: Iterable[VaultLogLine]) -> IO[bytes]:
    """The lines in an anonymous file, rewound. The caller sends and closes it."""
    with unnamed_file() as made:
        for line in lines:
            made.write(json.dumps(line.fields(), ensure_ascii=False, default=_written).encode() + b"\n")
    return made


def _written(value: object) -> str:
    """A time in UTC as the JSON API writes it; an id as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
