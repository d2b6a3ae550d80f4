"""The frame of every mock: it authenticates each request, answers or refuses it, and writes the access log."""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from mocks.authentication import Verifier
from mocks.configuration import Configuration, ConfigurationError
from mocks.refusals import ErrorBody, RefusalError

_HEALTH = "/healthz"
_PAYMENTS = "/payments"
_METHODS = frozenset(HTTPMethod)
_QUERY_SHOWN = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One answered request. `fingerprint` is the SHA-256 of the credential, in hex; the credential itself is not logged."""

    service: str
    fingerprint: str | None
    method: str
    route: str
    query: dict[str, str]
    status: int
    reason: str | None
    subject: str | None
    remote_address: str | None


class AccessLog:
    """Appends to a file that stays open. Lines of concurrent threads and processes do not mix."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def append(self, access: Access) -> None:
        """Write one line. Raises OSError if it cannot be written completely: an unlogged request is not answered."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        line = json.dumps({"time": now, **asdict(access)}, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError("only part of a line was written to the access log")


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The credential that one service accepts, and the format of its errors."""

    name: str
    verifier: Verifier
    error_body: ErrorBody
    parameters: frozenset[str]
    """The known query parameters: only their values are logged, since others may be secrets."""

    def build(self, configuration: Configuration) -> Flask:
        """A Flask app with /healthz and /payments that accepts GET only.

        Raises `ConfigurationError` if the access log cannot be written.
        """
        app = Flask(self.name, static_folder=None)
        try:
            log = AccessLog(configuration.access_log)
        except OSError as error:
            raise ConfigurationError(f"MOCK_ACCESS_LOG: {error.filename}: {error.strerror}") from None

        @app.before_request
        def check() -> None:
            if request.path == _HEALTH:
                return
            if _is_payment(request.path):
                raise RefusalError(403, "payment records are not available to this interface")
            g.subject = self.verifier.verify(self.verifier.presented(request.headers))
            if request.method != "GET":
                raise RefusalError(405, f"{request.method} is not supported, use GET")

        @app.after_request
        def record(response: Response) -> Response:
            if request.path == _HEALTH:
                return response
            log.append(self._access(response))
            if delay := configuration.delay():
                time.sleep(delay)
            return response

        @app.get(_HEALTH)
        def healthy() -> dict[str, str]:
            return {"status": "ok", "service": self.name}

        app.register_error_handler(RefusalError, self._refuse)
        app.register_error_handler(HTTPException, self._not_found)
        return app

    def _refuse(self, refusal: RefusalError) -> Response:
        g.reason = refusal.reason
        headers = {"WWW-Authenticate": "Bearer"} if refusal.status == HTTPStatus.UNAUTHORIZED else {}
        return answer(self.error_body(refusal), status=refusal.status, headers=headers)

    def _not_found(self, error: HTTPException) -> Response:
        status = error.code or 500
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # Flask has logged the exception; the caller learns nothing of it.
            return self._refuse(RefusalError(status, "internal error"))
        return self._refuse(RefusalError(status, HTTPStatus(status).phrase.lower()))

    def _access(self, response: Response) -> Access:
        credential = self.verifier.presented(request.headers) or _misplaced(request)
        access = Access(
            service=self.name,
            fingerprint=_fingerprint(credential) if credential else None,
            method=request.method if request.method in _METHODS else "(unknown)",
            route=_route(),
            query={name: value for name, value in request.args.items() if name in self.parameters},
            status=response.status_code,
            reason=g.get("reason"),
            subject=g.get("subject"),
            remote_address=request.remote_addr,
        )
        values = access.query.values()
        if sum(map(len, values)) > _QUERY_SHOWN or (
            credential and any(credential in value for value in values)
        ):
            return replace(access, query={})
        return access


def answer(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    content = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(content, status=status, headers=headers, mimetype="application/json")


def _is_payment(path: str) -> bool:
    return path == _PAYMENTS or path.startswith(_PAYMENTS + "/")


def _route() -> str:
    if request.url_rule is not None:
        return request.url_rule.rule
    # An unknown path is not logged: it may contain a secret.
    return _PAYMENTS if _is_payment(request.path) else "(unknown)"


def _misplaced(request: Request) -> str | None:
    """A credential in a place that this service does not read."""
    return (
        request.headers.get("X-Api-Key")
        or request.headers.get("Authorization", "").removeprefix("Bearer ")
        or request.args.get("api_key")
        or None
    )


def _fingerprint(credential: str) -> str:
    """SHA-256 of a credential, in hex."""
    return hashlib.sha256(credential.encode("utf-8", "surrogateescape")).hexdigest()
