"""What all HTTP mocks share: every request is authenticated, answered or refused in shape, and logged."""

import json
import time
from dataclasses import dataclass, replace
from http import HTTPMethod, HTTPStatus
from typing import Any

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from mocks.access_log import Access, AccessLog, fingerprint
from mocks.authentication import Verifier
from mocks.configuration import Configuration, ConfigurationError
from mocks.error_bodies import ErrorBody
from mocks.refusal import RefusalError

_HEALTH = "/healthz"
_PAYMENTS = "/payments"
_METHODS = frozenset(HTTPMethod)
_QUERY_SHOWN = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """How one service identifies callers and words its errors."""

    name: str
    verifier: Verifier
    error_body: ErrorBody
    parameters: frozenset[str]
    """The query parameters it knows: only their values are logged, since anything else may be a secret."""

    def build(self, configuration: Configuration) -> Flask:
        """A Flask app that has /healthz and /payments, and takes GET only.

        Raises `ConfigurationError` when the access log cannot be written.
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
            if configuration.latency:
                time.sleep(configuration.latency)
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
            # By now the exception has been logged by Flask; the caller learns nothing of it.
            return self._refuse(RefusalError(status, "internal error"))
        return self._refuse(RefusalError(status, HTTPStatus(status).phrase.lower()))

    def _access(self, response: Response) -> Access:
        credential = self.verifier.presented(request.headers) or _misplaced(request)
        access = Access(
            service=self.name,
            fingerprint=fingerprint(credential) if credential else None,
            method=request.method if request.method in _METHODS else "(unknown)",
            route=_route(),
            query={name: value for name, value in request.args.items() if name in self.parameters},
            status=response.status_code,
            reason=g.get("reason"),
            subject=g.get("subject"),
        )
        values = access.query.values()
        if sum(map(len, values)) > _QUERY_SHOWN or (
            credential and any(credential in each for each in values)
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
    # A path nobody serves is not repeated: it could be anything, a secret too.
    return _PAYMENTS if _is_payment(request.path) else "(unknown)"


def _misplaced(request: Request) -> str | None:
    """A credential where this service does not look for one."""
    return (
        request.headers.get("X-Api-Key")
        or request.headers.get("Authorization", "").removeprefix("Bearer ")
        or request.args.get("api_key")
        or None
    )
