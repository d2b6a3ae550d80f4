"""Calls to a vault: one deadline each, a bounded answer, and another try where that can do no harm."""

import json
import random
import time
import weakref
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from app.connections.deadline import Deadline
from app.connections.http_wire import (
    DistrustError,
    KeptConnectionError,
    LateError,
    Wire,
    WireAnswer,
    WireError,
)
from app.connections.tls import Trust
from app.connections.vault_replies import (
    VaultReply,
    VaultUnavailableError,
    odd,
    reply_of,
)

#: Bytes of an answer. The vault's largest here, a list of accessors, has some thousand entries.
_LIMIT = 1_000_000
#: The vault's word that two of its transactions met. It has done nothing.
_MET = "transaction commit failed"
_MOST_TRIES = 5
#: A header without fractions of a second is half a second old on average.
_HALF_A_SECOND = 0.5


class VaultCalls:
    """A connection pool to one vault. Not fork-safe: make it after the fork."""

    def __init__(
        self, address: str, trust: Trust, *, pool_size: int, seconds: float, is_lenient: bool = False
    ) -> None:
        """`seconds` is the time for one call, with everything that belongs to it; `is_lenient` as in `reply_of`."""
        self._is_lenient = is_lenient
        self.address = address
        #: Seconds by which the vault's clock is ahead of this process's, to about half a second; None before an answer.
        self.ahead: float | None = None
        self._seconds = seconds
        self._wire = Wire(trust, size=pool_size)
        # Like a file, it closes its connections when nobody refers to it any more.
        weakref.finalize(self, self._wire.close)

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        data: Mapping[str, Any] | None = None,
        wrap_ttl: str | None = None,
        repeatable: bool = False,
        once: bool = False,
        deadline: Deadline | None = None,
    ) -> VaultReply:
        """The reply to one request. Raises `VaultRefusedError` and `VaultUnavailableError`.

        What the vault has not done, because two of its transactions met, is tried again, unless it must be sent `once`. A
        request whose connection was closed is tried again only if it is `repeatable`: if twice does no more than once.
        """
        own = deadline.within(self._seconds) if deadline else Deadline(self._seconds)
        headers = {"X-Vault-Request": "true"}
        if token:
            headers["X-Vault-Token"] = token
        if wrap_ttl:
            headers["X-Vault-Wrap-TTL"] = wrap_ttl
        body = None
        if data is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(data).encode()
        for tries in range(1, _MOST_TRIES + 1):
            try:
                answer = self._wire.request(
                    method,
                    f"{self.address}/v1/{path}",
                    headers=headers,
                    body=body,
                    deadline=own,
                    limit=_LIMIT,
                )
                return self._reply(answer, method, path)
            except WireError as silent:
                failed = _unavailable(silent)
                can_repeat = repeatable and isinstance(silent, KeptConnectionError)
            except VaultUnavailableError as down:
                failed, can_repeat = down, _MET in down.reason and not once
            pause = random.uniform(0.01, 0.05) * tries  # noqa: S311  # spreads tries, guards nothing
            if not can_repeat or tries == _MOST_TRIES or own.left <= pause:
                raise failed from None
            time.sleep(pause)
        raise AssertionError("unreachable")

    def _reply(self, answer: WireAnswer, method: str, path: str) -> VaultReply:
        reply = reply_of(answer.status, answer.content, method=method, path=path, is_lenient=self._is_lenient)
        self._compare_clocks(answer.headers.get("date", ""))
        return reply

    def _compare_clocks(self, date: str) -> None:
        try:
            self.ahead = parsedate_to_datetime(date).timestamp() + _HALF_A_SECOND - time.time()
        except (ValueError, OverflowError):
            return


def _unavailable(silent: WireError) -> VaultUnavailableError:
    if silent.status and not isinstance(silent, LateError):
        return odd(str(silent), status=silent.status)
    return VaultUnavailableError(str(silent), is_final=isinstance(silent, DistrustError))
