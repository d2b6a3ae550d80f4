"""The credentials that a service accepts: signed tokens and API keys, both issued by the vault."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol
from werkzeug.datastructures import Headers

from mocks.key_set import KeySet
from mocks.refusals import RefusalError, VaultUnreachableError
from mocks.vault_connection import VaultConnection

#: Seconds a caller's clock may be ahead, for `iat` and `nbf`. Nothing is accepted at or after `exp`.
CLOCK_LEEWAY = 30
_LONGEST = 8192


class Verifier(Protocol):
    """Checks the credential of one service."""

    def presented(self, headers: Headers) -> str | None:
        """The credential in the request, or None."""

    def verify(self, credential: str | None) -> str:
        """The subject it belongs to, for the access log. Raises `RefusalError`."""


class SignedTokens:
    """ES256 tokens of the vault's identity issuer, verified here against its published keys."""

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        scope: str,
        keys: KeySet,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._scope = scope
        self._keys = keys
        self._clock = clock

    def presented(self, headers: Headers) -> str | None:
        """The bearer token."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def verify(self, credential: str | None) -> str:
        """The token's `sub`. Raises `RefusalError`: 403 without a token or with a wrong scope, 401 for an invalid one."""
        if credential is None:
            raise RefusalError(403, "no credential was supplied")
        try:
            token = jwt.decode(credential, self._find_key, algorithms=["ES256"])
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
            # The last four come from headers and claims that are unexpected JSON, or nested too deeply.
            raise RefusalError(401, "not a token this service can verify") from None
        return self._accept(token.claims)

    def _find_key(self, message: GuestProtocol) -> ECKey:
        kid = message.headers().get("kid")
        if not isinstance(kid, str):
            raise RefusalError(401, "the token names no signing key")
        return self._keys.key(kid)

    def _accept(self, claims: dict[str, Any]) -> str:
        now = self._clock()
        subject, scope = claims.get("sub"), claims.get("scope")
        if claims.get("iss") != self._issuer:
            raise RefusalError(401, "the token is from another issuer")
        if claims.get("aud") != self._audience:
            raise RefusalError(401, "the token is for another audience")
        if now >= _time(claims, "exp"):
            raise RefusalError(401, "the token has expired")
        if _time(claims, "iat") > now + CLOCK_LEEWAY:
            raise RefusalError(401, "the token was issued in the future")
        if "nbf" in claims and _time(claims, "nbf") > now + CLOCK_LEEWAY:
            raise RefusalError(401, "the token is not valid yet")
        if not isinstance(subject, str) or not subject:
            raise RefusalError(401, "the token names no subject")
        if not isinstance(scope, str) or self._scope not in scope.split():
            raise RefusalError(403, f"the token does not have the scope {self._scope}")
        return subject


class ApiKeys:
    """API keys: tokens of the vault that can look themselves up.

    Each request checks the key at the vault, so that a revoked key stops working at once.
    """

    def __init__(self, *, role: str, vault: VaultConnection, missing: int = 403, invalid: int = 403) -> None:
        self._role = role
        self._vault = vault
        self._missing = missing
        self._invalid = invalid

    def presented(self, headers: Headers) -> str | None:
        """The key in `X-Api-Key`."""
        return headers.get("X-Api-Key") or None

    def verify(self, credential: str | None) -> str:
        """The key's accessor, which is not a secret. Raises `RefusalError`."""
        if credential is None:
            raise RefusalError(self._missing, "no API key was supplied")
        refused = RefusalError(self._invalid, "the API key is invalid, expired or revoked")
        if not (credential.isascii() and credential.isprintable() and len(credential) <= _LONGEST):
            raise refused  # the vault cannot have issued it, and it must not go into a header
        status, answer = self._vault.read("auth/token/lookup-self", token=credential)
        if status != 200:  # noqa: PLR2004
            raise refused
        data = answer.get("data")
        if not isinstance(data, dict):
            raise VaultUnreachableError
        if data.get("role") != self._role or data.get("policies") != [f"tool-{self._role}"]:
            raise RefusalError(self._invalid, "the API key is for another service")
        return str(data.get("accessor") or "")


def _time(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    # Exactly an int: JSON's NaN would compare as never expired, and True is an int to `isinstance`.
    if type(value) is not int:
        raise RefusalError(401, f"the token has no valid {name}")
    return value
