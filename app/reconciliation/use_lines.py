"""What one line of a tool's log says: a use of a credential, something else, or nothing that can be read.

An HTTP service writes one JSON object a line, with `time` (RFC 3339), `method`, `route`, `status`, and where they are
known `fingerprint` (SHA-256 of the credential in hex), `subject` and `remote_address`. A PostgreSQL server writes each
authorized connection and each refused login, with the line prefix of `LINE_PREFIX`.
"""

import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

#: `log_line_prefix` of the server. It holds nothing that a client may choose, so that no client can forge a line.
LINE_PREFIX = "%m [%p] %h "
_CONNECTION = re.compile(
    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] (\S*) LOG:  connection authorized: user=(.*?) database=(.*)"
)
#: A login that was refused before it was authorized. One that is refused afterwards has its line as a connection.
_REFUSAL = re.compile(
    rb"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] (\S*) FATAL:  (?:"
    rb"[\w -]*authentication failed for|(?:no pg_hba\.conf entry|pg_hba\.conf rejects)[^\"]*\"[^\"]*\",)"
    rb' user "(.*?)(?:"(?:[,:] .*)?)?\r?$'
)
_UNKNOWN_ROLE = re.compile(
    rb'(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[\d+\] (\S*) FATAL:  role "(.*)" does not exist\r?$'
)
_OTHER_LINE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC \[\d+\] |\t|\r?$")
#: What follows the name of the database, if anything does.
_AFTER_DATABASE = re.compile(rb" (?:application_name=|SSL enabled|GSS )")


class UnreadableLineError(Exception):
    """The line is none of this log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolUse:
    """One use of a credential at a tool, as the tool logged it. `at` is in UTC.

    A login has no status, and 401 if it was refused.
    """

    at: datetime
    operation: str
    status: int | None = None
    fingerprint: str | None = None
    subject: str | None = None
    service_user: str | None = None
    remote_address: str | None = None


#: The use in a line, or None if the line is about something else. Raises `UnreadableLineError`.
LineReader = Callable[[bytes], ToolUse | None]


def read_request(line: bytes) -> ToolUse:
    """A line of an HTTP service's access log. Raises `UnreadableLineError`."""
    try:
        found = json.loads(line)
        at = datetime.fromisoformat(found["time"])
        status = found["status"]
        texts = [found["method"], found["route"]]
        optional = [found.get(name) for name in ("fingerprint", "subject", "remote_address")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnreadableLineError from None
    if (
        at.tzinfo is None
        or type(status) is not int
        or not 100 <= status <= 999  # noqa: PLR2004  # three digits
        or not all(_is_text(each) for each in texts)
        or not all(each is None or _is_text(each) for each in optional)
    ):
        raise UnreadableLineError
    fingerprint, subject, remote_address = optional
    return ToolUse(
        at=at.astimezone(UTC),
        operation=" ".join(texts),
        status=status,
        fingerprint=fingerprint,
        subject=subject,
        remote_address=remote_address,
    )


def connections_of(database: str | None, standing: Collection[str]) -> LineReader:
    """Reads the logins at one database, or at any, but those of standing users; and every login that was refused.

    A refusal does not always name its database, and somebody may be guessing the password of a standing user.
    """

    def read(line: bytes) -> ToolUse | None:
        if refused := _REFUSAL.match(line) or _UNKNOWN_ROLE.match(line):
            return _login(*refused.groups(), status=HTTPStatus.UNAUTHORIZED)
        found = _CONNECTION.match(line)
        if found is None:
            if _OTHER_LINE.match(line) is None:
                raise UnreadableLineError
            return None
        moment, address, user, rest = found.groups()
        name = _AFTER_DATABASE.split(rest, maxsplit=1)[0].decode(errors="replace")
        login = _login(moment, address, user)
        if login.service_user in standing or (database is not None and name != database):
            return None
        return login

    return read


def _login(moment: bytes, address: bytes, user: bytes, *, status: int | None = None) -> ToolUse:
    return ToolUse(
        at=datetime.fromisoformat(f"{moment.decode()}+00:00"),
        operation="connect",
        status=status,
        service_user=user.decode(errors="replace"),
        remote_address=address.decode(errors="replace") or None,
    )


def _is_text(value: object) -> bool:
    # A database stores neither NUL nor half of a surrogate pair.
    return (
        isinstance(value, str)
        and "\0" not in value
        and not any("\ud800" <= each <= "\udfff" for each in value)
    )
