"""Calls to the identity provider, each with an end; what it answers is checked here."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from app.connections.deadline import Deadline
from app.connections.http_wire import LateError, Wire, WireAnswer, WireError
from app.connections.tls import Trust
from app.web.sign_in.provider_cache import ProviderAnswerError, ProviderError

#: Seconds for one call. A sign-in makes three: discovery, token and keys.
LONGEST_CALL = 3.0
_ANSWER_LIMIT = 64_000
_REFUSALS = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED)


class RefusedCodeError(Exception):
    """The provider itself, in its own words, does not accept the code."""


class ProviderCalls:
    """The HTTP client for one provider. Raises `ProviderError` if it does not answer as a provider does."""

    def __init__(self, trust: Trust) -> None:
        self._wire = Wire(trust, size=4)

    def close(self) -> None:
        """Close the idle connections."""
        self._wire.close()

    def get(self, url: str) -> dict[str, Any]:
        """The JSON object at this address."""
        answer = self._sent("GET", url)
        if answer.status != HTTPStatus.OK:
            raise ProviderAnswerError(f"it answered with HTTP {answer.status}")
        return _object(answer)

    def post(self, url: str, *, body: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """The answer to a form sent to the token endpoint. Raises `RefusedCodeError`."""
        answer = self._sent("POST", url, body=body.encode(), headers=headers)
        if answer.status not in (HTTPStatus.OK, *_REFUSALS):
            raise ProviderAnswerError(f"its token endpoint answered with HTTP {answer.status}")
        document = _object(answer)
        if answer.status == HTTPStatus.OK:
            return document
        if isinstance(document.get("error"), str):  # RFC 6749, section 5.2
            raise RefusedCodeError
        raise ProviderAnswerError(f"its token endpoint answered with HTTP {answer.status}")

    def _sent(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> WireAnswer:
        try:
            return self._wire.request(
                method,
                url,
                headers=headers or {},
                body=body,
                deadline=Deadline(LONGEST_CALL),
                limit=_ANSWER_LIMIT,
            )
        except LateError as late:
            raise ProviderError(str(late)) from None
        except WireError as error:
            raise (ProviderAnswerError if error.status else ProviderError)(str(error)) from None


def _object(answer: WireAnswer) -> dict[str, Any]:
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise ProviderAnswerError("its answer is not JSON") from None
    if not isinstance(document, dict):
        raise ProviderAnswerError("its answer is not a JSON object")
    return document
