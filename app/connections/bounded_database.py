"""Connections to PostgreSQL on which every wait ends: for the name, the connection, an answer, a row, a commit."""

import math
import select
import time
from collections.abc import Mapping
from typing import Any, Self

import psycopg
from psycopg.abc import RV, PQGen

from app.connections.deadline import Deadline
from app.connections.host_lookup import look_up

#: Seconds for one wait: the longest statement, and a moment for the server to notice its own time limit.
LONGEST_WAIT = 12.0
#: Seconds for a connection from a pool to show that it is still alive.
LONGEST_PING = 3.0
#: libpq takes less for a mistake.
_LEAST_TO_CONNECT = 2


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed when an answer is late; the statement then fails with `psycopg.OperationalError`.

    psycopg itself waits for ever if a server hangs, or if it sends a byte now and then.
    """

    #: When everything on this connection must be over, if it serves one task.
    deadline: Deadline | None = None
    #: When it came back to a pool, by the monotonic clock; the next statement then only asks whether it is alive.
    idle_since: float | None = None

    def was_in_use(self, within: float) -> bool:
        """Whether it came back in these last seconds, and the server has not ended it since."""
        if self.idle_since is None or time.monotonic() - self.idle_since >= within:
            return False
        said = select.poll()
        said.register(self.fileno(), select.POLLIN)
        return not said.poll(0)

    @classmethod
    def connect_by(cls, deadline: Deadline, parameters: Mapping[str, Any]) -> Self:
        """Connect to the first address of `host` that answers; `parameters` as for `psycopg.connect`.

        Raises `psycopg.OperationalError`.
        """
        host = parameters.get("host")
        if not host or host.startswith("/"):
            return cls.connect(**parameters, connect_timeout=_seconds(deadline.left))
        found = _addresses(host, deadline)
        failure = psycopg.OperationalError("connection timeout expired")
        for number, address in enumerate(found):
            if deadline.over:
                break
            share = _seconds(deadline.left / (len(found) - number))
            try:
                return cls.connect(**parameters, hostaddr=address, connect_timeout=share)
            except psycopg.OperationalError as error:
                failure = error
        raise failure

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """As psycopg's, with an end. With a `timeout`, the caller has its own: to wait for a notification, say."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        waits_in_pool = self.idle_since is not None
        limit = Deadline(min(LONGEST_WAIT, LONGEST_PING) if waits_in_pool else LONGEST_WAIT)
        if self.deadline is not None and self.deadline.at < limit.at:
            limit = self.deadline
        try:
            return super().wait(gen, interval, limit.left)
        except psycopg.OperationalError:
            if not limit.over or self.closed:
                raise
            # What it still sends would be taken for the answer to the next statement.
            self.pgconn.finish()
            raise psycopg.OperationalError("timeout expired") from None
        except psycopg.InternalError as error:
            if error.sqlstate is not None:
                raise
            # The same holds for what is not PostgreSQL's protocol.
            self.pgconn.finish()
            raise psycopg.OperationalError("received invalid response") from None


def _addresses(host: str, deadline: Deadline) -> list[str]:
    try:
        return [str(address[0]) for *_, address in look_up(host, 0, until=deadline.at)]
    except TimeoutError:
        raise psycopg.OperationalError("connection timeout expired") from None
    except OSError:
        raise psycopg.OperationalError(f"failed to resolve host {host!r}") from None


def _seconds(left: float) -> int:
    return max(_LEAST_TO_CONNECT, math.ceil(left))
