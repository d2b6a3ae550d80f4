"""TLS connections to the broker that trust exactly the authorities this process trusts elsewhere."""

import socket
from typing import Any

import redis

from app.connections.tls import Trust


class TrustedConnection(redis.SSLConnection):
    """redis-py's connection with our context.

    Its own context would trust the system's authorities besides those it is given, and obeys variables
    such as SSL_CERT_FILE.
    """

    def __init__(self, *, trust: Trust, **named: Any) -> None:
        super().__init__(**named)
        self._trust = trust

    def _wrap_socket_with_ssl(self, sock: socket.socket) -> socket.socket:
        return self._trust.context.wrap_socket(sock, server_hostname=self.host)
