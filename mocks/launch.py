"""Starts one mock: `python -m mocks.launch NAME --bind HOST:PORT [--bind …]`, served by gunicorn in one process."""

import argparse
import importlib
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import BaseApplication

from known_answers.scenarios.loader import ScenarioError
from mocks import services
from mocks.configuration import ConfigurationError

#: The module of each mock by its name: those of the tools are found in `mocks.services`.
_MODULES = {
    **{
        module.name.replace("_", "-"): f"{services.__name__}.{module.name}"
        for module in iter_modules(services.__path__)
    },
    "identity-provider": "mocks.identity_provider",
}
_LARGEST_PORT = 65_535
_CERTIFICATE, _KEY = "TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"
#: Modes that a private key must not have: a group may read it, others have no access.
_TOO_OPEN = 0o037


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with an existing application; its one process is forked from this one."""

    def __init__(self, app: Flask, options: Mapping[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def options(binds: Sequence[str], environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The settings of gunicorn. Raises `ConfigurationError` for a certificate or key that cannot be used."""
    certificate, key = environment.get(_CERTIFICATE), environment.get(_KEY)
    if bool(certificate) != bool(key):
        raise ConfigurationError(f"{_CERTIFICATE} and {_KEY} must be set together")
    tls = {}
    if certificate and key:
        _check(certificate, key)
        tls = {"certfile": certificate, "keyfile": key}
    return {
        "bind": list(binds),
        "worker_class": "gthread",
        "workers": 1,
        "threads": 16,
        "preload_app": True,
        "keepalive": 30,
        "graceful_timeout": 3,
        "control_socket_disable": True,
        **tls,
    }


def _check(certificate: str, key: str) -> None:
    for name, path in ((_CERTIFICATE, certificate), (_KEY, key)):
        try:
            Path(path).read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{name}: {path}: {error.strerror}") from None
    if (mode := Path(key).stat().st_mode) & _TOO_OPEN:
        raise ConfigurationError(f"{_KEY}: {key} can be read or changed by others, mode {mode & 0o777:04o}")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            certificate,
            key,
            password=lambda: "",  # a key with a passphrase would otherwise ask for it on the terminal
        )
    except ssl.SSLError:
        raise ConfigurationError(
            f"{_CERTIFICATE}: {certificate} is not a PEM certificate for the key in {_KEY}"
        ) from None


def _address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= _LARGEST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise argparse.ArgumentTypeError(f"{text!r}: an IPv6 address is written in brackets, [::1]:8000")
    return text


def _refuse(problems: str) -> NoReturn:
    sys.stderr.write(f"{problems}\n")
    sys.exit(2)


def main() -> None:
    """Make the mock and serve it until a signal; exit status 2 for a wrong setting."""
    parser = argparse.ArgumentParser(prog="python -m mocks.launch", description=__doc__)
    parser.add_argument("name", choices=_MODULES)
    parser.add_argument("--bind", action="append", required=True, type=_address, metavar="HOST:PORT")
    arguments = parser.parse_args()
    try:
        settings = options(arguments.bind)
        app = importlib.import_module(_MODULES[arguments.name]).create_app()
    except ConfigurationError as error:
        _refuse(str(error))
    except ScenarioError as error:
        _refuse("\n".join(f"MOCK_SCENARIOS: {line}" for line in str(error).splitlines()))
    _Server(app, settings).run()


if __name__ == "__main__":
    main()
