"""Refusals: the reason why a request is not answered, and its error body in the format of the real service."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any


class RefusalError(Exception):
    """A refusal with HTTP `status`. `reason` never contains the credential."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class VaultUnreachableError(RefusalError):
    """The vault could not check a credential, so it is not accepted."""

    def __init__(self) -> None:
        super().__init__(503, "the credential cannot be verified at the moment")


ErrorBody = Callable[[RefusalError], dict[str, Any]]

_SAM_TEXTS = {
    400: ("Invalid request", "INVALID_REQUEST"),
    401: ("The system account information is missing or invalid", "UNAUTHORIZED"),
    403: ("An invalid API key was supplied", "API_KEY_INVALID"),
    404: ("Not found", "NOT_FOUND"),
    405: ("Method not allowed", "METHOD_NOT_ALLOWED"),
    500: ("Internal server error", "INTERNAL_SERVER_ERROR"),
    503: ("Service unavailable", "SERVICE_UNAVAILABLE"),
}


def sam(refusal: RefusalError) -> dict[str, Any]:
    """Entity and exclusions, v3 and later; 429 comes from the gateway in front of them."""
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
        return over_quota()
    phrase = HTTPStatus(refusal.status).phrase
    message, code = _SAM_TEXTS.get(refusal.status, (phrase, phrase.upper().replace(" ", "_")))
    return {
        "Status": refusal.status,
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+00:00",
        "message": message,
        "detail": refusal.reason,
        "errorCode": code,
        "transaction_id": str(uuid.uuid4()),
    }


def contract_awards(refusal: RefusalError) -> dict[str, Any]:
    """Contract Awards v1."""
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS:
        return over_quota()
    return {"message": HTTPStatus(refusal.status).phrase, "detail": refusal.reason}


def contract_file(refusal: RefusalError) -> dict[str, Any]:
    """The agency's own contract file system."""
    name = HTTPStatus(refusal.status).name
    return {"error": {"status": refusal.status, "code": name, "message": refusal.reason}}


def over_quota() -> dict[str, Any]:
    """The gateway's answer when the daily quota is used up; it is renewed at midnight UTC."""
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    return {
        "code": "900804",
        "message": "Message throttled out",
        "description": "You have exceeded your quota. You can access API after the time below.",
        "nextAccessTime": tomorrow.strftime("%Y-%b-%d 00:00:00+0000 UTC"),
    }
