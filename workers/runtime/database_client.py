"""SQL reads from a database tool with the run's own database user: bounded and recorded."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, LiteralString, Self
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from app.connections import database
from app.connections.bounded_database import BoundedConnection
from app.connections.database_trouble import trouble
from app.connections.deadline import Deadline
from app.credentials.lineage import ToolCall
from app.credentials.settings import AgentSettings
from workers.runtime.answer import Answer, ToolError
from workers.runtime.run_session import Issued

_CONNECT = "CONNECT"
_ROW_LIMIT = 10_000
#: Seconds the server may take to notice its own time limit.
_PATIENCE = 1.0


class DatabaseClient:
    """One database, one leased user, one run. Use as a context manager; it connects on entry.

    Every query, and a connection that failed, is added to `calls`, and all of them end by the deadline.
    """

    def __init__(
        self,
        address: str,
        settings: AgentSettings,
        issued: Issued,
        calls: list[ToolCall],
        deadline: Deadline | None = None,
    ) -> None:
        url = database.address(address, settings)
        self._place = {**url.translate_connect_args(database="dbname"), **url.query}
        self._timeout = settings.tool_timeout
        self._size_limit = settings.tool_answer_limit
        self._issued = issued
        self._calls = calls
        self._deadline = deadline or Deadline(settings.tool_deadline)

    def recording(self, calls: list[ToolCall], deadline: Deadline) -> Self:
        """The same connection for another run: its calls are added to this list and end by this deadline."""
        self._calls, self._deadline = calls, deadline
        return self

    def __enter__(self) -> Self:
        started = _Started()
        try:
            self._connection = BoundedConnection.connect_by(
                self._deadline.within(self._timeout),
                {
                    **self._place,
                    "user": self._issued.record.service_user,
                    "password": self._issued.secret.reveal(),
                    "options": f"-c statement_timeout={int(self._timeout * 1000)}"
                    " -c default_transaction_read_only=on",
                    "autocommit": True,
                    "row_factory": dict_row,
                },
            )
        except psycopg.Error as error:
            raise self._failed(started, _CONNECT, error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def select(self, operation: str, query: LiteralString, params: dict[str, Any]) -> Answer:
        """Rows as dicts in the answer's body. Raises `ToolError` when the database refuses or does not answer."""
        if self._deadline.over:
            raise ToolError(f"not everything was answered within {self._deadline.seconds:g} s")
        started = _Started()
        self._connection.deadline = self._deadline.within(self._timeout + _PATIENCE)
        try:
            with self._connection.cursor() as cursor:
                rows = self._limited(cursor.stream(query, params))
        except ToolError as too_much:
            self._record(started, operation, status=200, error=str(too_much))
            raise
        except psycopg.Error as error:
            raise self._failed(started, operation, error) from None
        content = json.dumps(rows, default=str).encode()
        return Answer(self._record(started, operation, status=200, content=content), rows)

    def _limited(self, stream: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        size = 0
        for row in stream:
            rows.append(row)
            size += len(json.dumps(row, default=str))
            if len(rows) > _ROW_LIMIT:
                raise ToolError(f"answer larger than {_ROW_LIMIT} rows")
            if size > self._size_limit:
                raise ToolError(f"answer larger than {self._size_limit} bytes")
        return rows

    def _failed(self, started: "_Started", operation: str, error: psycopg.Error) -> ToolError:
        status, reason = 0, f"no answer ({type(error).__name__})"
        if operation == _CONNECT:
            reason = trouble(error, what="it", setting="issued for this run")
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            status, reason = 403, "refused the credential (permission denied)"
        elif isinstance(error, psycopg.errors.QueryCanceled) or self._is_late(started):
            limit = self._deadline.seconds if self._deadline.over else self._timeout
            reason = f"no answer within {limit:g} s"
        self._record(started, operation, status=status, error=reason)
        return ToolError(reason)

    def _is_late(self, started: "_Started") -> bool:
        return self._deadline.over or time.monotonic() - started.clock >= self._timeout

    def _record(
        self,
        started: "_Started",
        operation: str,
        *,
        status: int,
        content: bytes = b"",
        error: str | None = None,
    ) -> UUID:
        call = ToolCall(
            call_id=uuid4(),
            credential_id=self._issued.record.credential_id,
            operation=operation,
            status=status,
            started_at=started.at,
            latency_ms=round((time.monotonic() - started.clock) * 1000, 3),
            answer_digest=None if error else hashlib.sha256(content).hexdigest(),
            answer_bytes=len(content),
            answer=content or None,
            error=error,
        )
        self._calls.append(call)
        return call.call_id


@dataclass(frozen=True, slots=True)
class _Started:
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
