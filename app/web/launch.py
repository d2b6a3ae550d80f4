"""Serves the pages: `python -m app.web.launch --bind HOST:PORT [--bind …]`, by gunicorn in one process with threads."""

import argparse
import logging
import ssl
from collections.abc import Mapping
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.errors import AppImportError

from app.connections import redaction
from app.connections.database import connect, silence
from app.connections.hardening import harden
from app.connections.secret_files import SettingsError, read_secret
from app.connections.starting import starting
from app.settings import Settings
from app.web.serving import configured, serve

log = logging.getLogger(__name__)

_LARGEST_PORT = 65_535


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with only the options given here: its environment variables and configuration file are ignored."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        try:
            return serve()
        except SettingsError as error:  # a file that has disappeared since the check
            raise AppImportError(str(error)) from None


def options(binds: list[str], configuration: Settings) -> dict[str, Any]:
    """The options for gunicorn."""
    tls = {}
    if configuration.tls_certificate_file and configuration.tls_key_file:
        tls = {
            "certfile": str(configuration.tls_certificate_file),
            "keyfile": str(configuration.tls_key_file),
        }
    return {
        "bind": binds,
        "worker_class": "gthread",
        "workers": 1,
        # Streams that stay open may hold some of them; see `app.web.application`.
        "threads": 24,
        "keepalive": 30,
        "graceful_timeout": 3,
        # TRUSTED_PROXIES handles forwarded headers; gunicorn itself trusts none.
        "forwarded_allow_ips": "",
        "control_socket_disable": True,
        **tls,
    }


def _check_certificate(configuration: Settings) -> None:
    certificate, key = configuration.tls_certificate_file, configuration.tls_key_file
    if (certificate is None) != (key is None):
        raise SettingsError("TLS_CERTIFICATE_FILE and TLS_KEY_FILE must be set together")
    if certificate is None or key is None:
        return
    read_secret(key, setting="TLS_KEY_FILE")
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # A key with a passphrase would otherwise ask for it on the terminal.
        context.load_cert_chain(configuration.file("tls_certificate_file"), key, password=lambda: "")
    except (ssl.SSLError, OSError):
        raise SettingsError(
            f"TLS_CERTIFICATE_FILE: {certificate} is not a PEM certificate for the key in TLS_KEY_FILE"
        ) from None


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise argparse.ArgumentTypeError(f"{text!r}: an IPv6 address is written in brackets, [::1]:8000")
    return text


def main() -> None:
    """Check settings and database, then serve until a signal; exit status 2 if either is unusable."""
    redaction.install()
    # Before it reads a secret. The process that answers is a fork of this one.
    harden()
    parser = argparse.ArgumentParser(prog="python -m app.web.launch", description=__doc__)
    parser.add_argument("--bind", action="append", required=True, type=_address, metavar="HOST:PORT")
    wanted = parser.parse_args()
    with starting():
        configuration = configured()
        _check_certificate(configuration)
        database = connect(configuration, pool_size=1)
        try:
            if reason := silence(database):
                log.warning("%s: the pages wait for it", reason)
        finally:
            database.dispose()
    _Server(options(wanted.bind, configuration)).run()


if __name__ == "__main__":
    main()
