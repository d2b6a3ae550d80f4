"""Large files to and from a vault: one deadline for a whole transfer, and a block at a time in memory."""

import os
from typing import BinaryIO

import httpcore

from app.connections.bounded_network import BoundedNetwork
from app.connections.deadline import Deadline
from app.connections.tls import Trust
from app.connections.vault_replies import VaultUnavailableError, odd, reply_of

_BLOCK = 65_536
#: Bytes of an answer that is no snapshot.
_LONGEST_REFUSAL = 100_000
_OK = 200


class Transfers:
    """Transfers with one vault, each over a connection of its own.

    All methods raise `VaultRefusedError`, `VaultUnavailableError`, and OSError for the file.
    """

    def __init__(self, address: str, trust: Trust) -> None:
        self._address = address
        self._trust = trust

    def save(self, path: str, token: str, file: BinaryIO, deadline: Deadline) -> int:
        """Copy the content of `path` into an open file; returns its size in bytes."""
        return self._transfer("GET", path, token, deadline, into=file)

    def load(self, path: str, token: str, file: BinaryIO, deadline: Deadline) -> None:
        """Send an open file to `path`."""
        self._transfer("POST", path, token, deadline, source=file)

    def _transfer(
        self,
        method: str,
        path: str,
        token: str,
        deadline: Deadline,
        *,
        source: BinaryIO | None = None,
        into: BinaryIO | None = None,
    ) -> int:
        headers = {"Host": self._address.partition("://")[2], "X-Vault-Token": token}
        if source is not None:
            headers["Content-Length"] = str(os.fstat(source.fileno()).st_size)
        pool = httpcore.ConnectionPool(ssl_context=self._trust.context, network_backend=BoundedNetwork())
        try:
            with (
                pool,
                pool.stream(
                    method,
                    f"{self._address}/v1/{path}",
                    headers=list(headers.items()),
                    content=None if source is None else iter(lambda: source.read(_BLOCK), b""),
                    # A moment, not a length of time: see `BoundedNetwork`.
                    extensions={"timeout": dict.fromkeys(("connect", "write", "read"), deadline.at)},
                ) as response,
            ):
                if any(name.lower() == b"content-encoding" for name, _ in response.headers):
                    raise odd("a content coding that was not asked for", status=response.status)
                if response.status == _OK and into is not None:
                    return sum(into.write(part) for part in response.iter_stream())
                reply_of(response.status, _beginning(response), method=method, path=path)
        except httpcore.TimeoutException:
            raise VaultUnavailableError(
                f"the transfer was not complete within {deadline.seconds:g} s"
            ) from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as broken:
            # Its own text is not repeated: it may hold the token.
            reason = self._trust.trouble(broken, what="it") or type(broken).__name__
            raise VaultUnavailableError(f"the transfer broke off ({reason})") from None
        return 0


def _beginning(response: httpcore.Response) -> bytes:
    content = bytearray()
    for part in response.iter_stream():
        content += part
        if len(content) > _LONGEST_REFUSAL:
            raise odd(f"answer larger than {_LONGEST_REFUSAL} bytes", status=response.status)
    return bytes(content)
