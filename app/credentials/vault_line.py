"""One line of the vault's audit log, parsed without trusting its shape."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

_TIME = re.compile(rb'"time":"([^"]{1,40})"')
#: What comes before the request id in a line of the vault.
REQUEST_ID = b'"request":{"id":"'
_REQUEST_ID = re.compile(re.escape(REQUEST_ID) + rb'([^"]{1,64})"')


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditLine:
    """One line of the log, without any HMAC string.

    `type` is "request" or "response". `accessor` belongs to the token of the request, `issued_accessor` to a token
    issued in the response, wrapped or not. `time` is UTC.
    """

    time: datetime
    type: str
    operation: str
    path: str
    request_id: str
    run_id: str | None
    accessor: str | None
    issued_accessor: str | None
    lease_id: str | None
    error: str | None

    @classmethod
    def parse(cls, raw: bytes) -> Self | None:
        """The line; None if the bytes are not a complete audit line."""
        data = _parsed(raw)
        moment = _moment(_text(data, "time"))
        request_id = _text(data, "request", "id")
        if moment is None or request_id is None:
            return None
        return cls(
            time=moment,
            type=_text(data, "type") or "",
            operation=_text(data, "request", "operation") or "",
            path=_text(data, "request", "path") or "",
            request_id=request_id,
            run_id=_text(data, "auth", "metadata", "run_id")
            or _text(data, "response", "auth", "metadata", "run_id"),
            accessor=_text(data, "auth", "accessor"),
            issued_accessor=_text(data, "response", "auth", "accessor")
            or _text(data, "response", "wrap_info", "accessor"),
            lease_id=_text(data, "response", "secret", "lease_id"),
            error=_text(data, "error"),
        )

    def is_about(self, run_id: str, wrapping_accessors: Collection[str]) -> bool:
        """Whether the line names the run, or a wrapping token that introduced it."""
        wrapped = {self.accessor, self.issued_accessor} - {None}
        return self.run_id == run_id or not wrapped.isdisjoint(wrapping_accessors)


def time_of(raw: bytes) -> datetime | None:
    """The time of a raw line, found without parsing all of it."""
    found = _TIME.search(raw)
    return None if found is None else _moment(found[1].decode(errors="replace"))


def request_id_of(raw: bytes) -> str | None:
    """The request id of a raw line, found without parsing all of it; None where it is not in the usual place."""
    found = _REQUEST_ID.search(raw)
    return None if found is None else found[1].decode(errors="replace")


def _parsed(raw: bytes) -> object:
    if not raw.endswith(b"\n"):
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _text(data: Any, *path: str) -> str | None:
    """The text at a path of keys; None where there is none, or an empty one."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) and data else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
