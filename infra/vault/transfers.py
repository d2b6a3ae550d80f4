"""Large files to and from a vault: one deadline for a whole transfer, and a block at a time in memory."""

import os
import ssl
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import BinaryIO
from urllib.parse import urlsplit

from app.connections.bounded_network import LostConnectionError, UnconnectedError
from app.connections.deadline import Deadline
from app.connections.http_exchange import exchange, pieces
from app.connections.kept_connections import KeptConnections
from app.connections.tls import Trust
from app.connections.vault_replies import VaultUnavailableError, odd, reply_of

#: Bytes of an answer that is no snapshot.
_LONGEST_REFUSAL = 100_000


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
        place = urlsplit(f"{self._address}/v1/{path}")
        headers = {"Host": place.netloc, "Accept-Encoding": "identity", "X-Vault-Token": token}
        if source is not None:
            headers["Content-Length"] = str(os.fstat(source.fileno()).st_size)
        kept = KeptConnections(self._trust.context, size=0)
        try:
            with kept.connection(
                place.scheme, place.hostname or "", place.port, until=deadline.at
            ) as connection:
                response = exchange(connection.socket, method, place.path, headers=headers, body=source)
                if response.getheader("Content-Encoding"):
                    raise odd("a content coding that was not asked for", status=response.status)
                if response.status == HTTPStatus.OK and into is not None:
                    return sum(into.write(piece) for piece in pieces(response))
                reply_of(response.status, _beginning(response), method=method, path=path)
        except TimeoutError:
            raise VaultUnavailableError(
                f"the transfer was not complete within {deadline.seconds:g} s"
            ) from None
        except (
            ConnectionError,
            UnconnectedError,
            LostConnectionError,
            ssl.SSLError,
            HTTPException,
        ) as broken:
            # Its own text is not repeated: it may hold the token.
            reason = self._trust.trouble(broken, what="it") or type(broken).__name__
            raise VaultUnavailableError(f"the transfer broke off ({reason})") from None
        return 0


def _beginning(response: HTTPResponse) -> bytes:
    content = bytearray()
    for piece in pieces(response):
        content += piece
        if len(content) > _LONGEST_REFUSAL:
            raise odd(f"answer larger than {_LONGEST_REFUSAL} bytes", status=response.status)
    return bytes(content)
