"""Checks that an HTTPS server answers 200: `python -m infra.docker.probe https://web:8000/readyz [--at HOST]`.

Exit status 0, or 1 after a line with the reason. CA_FILE names the trusted authorities. `--at` is the host to connect to
if it is not that of the address, for which the certificate must be valid.
"""

import argparse
import http.client
import os
import socket
import ssl
import sys
from urllib.parse import urlsplit

_PATIENCE = 4.0


def main() -> None:
    """Send one request."""
    parser = argparse.ArgumentParser(prog="python -m infra.docker.probe", description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--at", metavar="HOST")
    arguments = parser.parse_args()
    parts = urlsplit(arguments.address)
    try:
        status = _status(parts.hostname or "", parts.port or 443, parts.path or "/", at=arguments.at)
    except (OSError, http.client.HTTPException) as error:
        _refuse(str(error) or type(error).__name__)
    if status != http.client.OK:
        _refuse(f"HTTP {status}")


def _status(host: str, port: int, path: str, *, at: str | None) -> int:
    trust = ssl.create_default_context(cafile=os.environ.get("CA_FILE"))
    plain = socket.create_connection((at or host, port), _PATIENCE)
    with trust.wrap_socket(plain, server_hostname=host) as encrypted:
        connection = http.client.HTTPConnection(host, port)
        connection.sock = encrypted
        connection.request("GET", path)
        return connection.getresponse().status


def _refuse(reason: str) -> None:
    sys.stderr.write(f"{reason}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
