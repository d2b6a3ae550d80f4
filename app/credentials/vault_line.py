"""One line of the vault's audit log, parsed without trusting its shape."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

_TIME = re.compile(rb'"time":"([^"]{1,40})"')
#: What comes before the request id in a line of the vault.
BEFORE_ID = b'"request":{"id":"'
#: The vault's words for a request that it could not bring to its end.
_BROKEN_OFF = (
    *("context canceled", "context deadline exceeded", "internal error", "transaction commit failed"),
    "transaction has already been committed or rolled back",
)
_HMAC = "hmac-sha256:"
_REQUEST_ID = re.compile(re.escape(BEFORE_ID) + rb'([^"]{1,64})"')


@dataclass(frozen=True, slots=True)
class ForWhom:
    """The metadata of an identity: whom it acts for. What the vault did not bind may be a lie of its sender."""

    run_id: str | None = None
    attempt: str | None = None
    job_id: str | None = None
    requested_by: str | None = None
    role: str | None = None

    @classmethod
    def of(cls, metadata: object) -> Self:
        """From the metadata of a token or SecretID, of any shape."""
        keys = ("run_id", "attempt", "job_id", "requested_by", "role_name")
        return cls(*(_text(metadata, key) for key in keys)) if isinstance(metadata, dict) else cls()


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditLine:
    """One line of the log, without any HMAC string.

    `type` is "request" or "response". `accessor` belongs to the token of the request, `issued_accessor` to a token
    issued in the response; if the response is wrapped, that is the wrapping token, and `wrapped_accessor` belongs to
    the token or SecretID in it. `identity` is the metadata of the token that asks, or that a login gives; `given` is
    the metadata of what is issued, as the caller wrote it. `brings_secret_id`: whether a login presents a SecretID.
    `refused`: whether the vault said no. `time` is UTC.
    """

    time: datetime
    type: str
    operation: str
    path: str
    request_id: str
    identity: ForWhom
    given: ForWhom
    accessor: str | None
    issued_accessor: str | None
    wrapped_accessor: str | None
    is_wrapped: bool
    lease_id: str | None
    service_user: str | None
    remote_address: str | None
    brings_secret_id: bool
    refused: bool
    error: str | None

    @property
    def is_broken_off(self) -> bool:
        """Whether the vault did not come to a judgment, mostly because its client was killed or cut off."""
        return self.error is not None and any(words in self.error for words in _BROKEN_OFF)

    @property
    def run_id(self) -> str | None:
        """The run that the identity names."""
        return self.identity.run_id

    @classmethod
    def parse(cls, raw: bytes) -> Self | None:
        """The line; None if the bytes are not a complete audit line."""
        data: Any = _parsed(raw)
        moment = _moment(_text(data, "time"))
        request_id = _text(data, "request", "id")
        if moment is None or request_id is None:
            return None
        auth, answer = _part(data, "auth"), _part(data, "response")
        issued, asked, error = _part(answer, "auth"), _part(data, "request", "data"), _text(data, "error")
        return cls(
            time=moment,
            type=_text(data, "type") or "",
            operation=_text(data, "request", "operation") or "",
            path=_text(data, "request", "path") or "",
            request_id=request_id,
            identity=ForWhom.of(_part(auth, "metadata") or _part(issued, "metadata")),
            given=ForWhom.of(_part(issued, "metadata") or _minted_for(asked)),
            accessor=_text(auth, "accessor"),
            issued_accessor=_text(issued, "accessor") or _text(answer, "wrap_info", "accessor"),
            wrapped_accessor=_text(answer, "wrap_info", "wrapped_accessor"),
            is_wrapped=_part(answer, "wrap_info") is not None,
            lease_id=_text(answer, "secret", "lease_id"),
            service_user=_text(answer, "data", "username"),
            remote_address=_text(data, "request", "remote_address"),
            brings_secret_id=_text(asked, "secret_id", hashed=True) is not None,
            refused=bool(error or _text(answer, "data", "error", hashed=True)),
            error=error,
        )

    def is_about(self, run_id: str, wrapping_accessors: Collection[str]) -> bool:
        """Whether the line names the run, or a wrapping token that introduced it."""
        wrapped = {self.accessor, self.issued_accessor} - {None}
        return self.run_id == run_id or not wrapped.isdisjoint(wrapping_accessors)


def time_of(raw: bytes) -> datetime | None:
    """The time of a raw line, found without parsing all of it."""
    return _moment(stated_time_of(raw))


def stated_time_of(raw: bytes) -> str:
    """The time of a raw line as it is written, in UTC; empty where there is none."""
    found = _TIME.search(raw)
    return "" if found is None else found[1].decode(errors="replace")


def request_id_of(raw: bytes) -> str | None:
    """The request id of a raw line, found without parsing all of it; None where it is not in the usual place."""
    found = _REQUEST_ID.search(raw)
    return None if found is None else found[1].decode(errors="replace")


def lines_without_id(block: bytes) -> int:
    """How many lines of a block are no audit lines; rarely any is, so that counting both sides tells."""
    if block.count(b"\n") == block.count(BEFORE_ID):
        return 0
    return sum(request_id_of(raw) is None for raw in block.splitlines(keepends=True))


def _parsed(raw: bytes) -> object:
    if not raw.endswith(b"\n"):
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _part(data: Any, *path: str) -> Any:
    """What is at a path of keys; None where there is nothing."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _text(data: Any, *path: str, hashed: bool = False) -> str | None:
    """The text at a path of keys; None where there is none, or an empty one, or unless `hashed` its HMAC."""
    found = _part(data, *path)
    if not isinstance(found, str) or not found or (not hashed and found.startswith(_HMAC)):
        return None
    return found


def _minted_for(asked: Any) -> object:
    """The metadata of a SecretID, which the dispatcher sends as JSON in a text."""
    text = _text(asked, "metadata")
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
