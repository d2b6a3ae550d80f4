"""Verifies tokens signed by the identity provider."""

import time
from collections.abc import Callable
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from app.review.roles import Person
from app.web.sign_in.provider_cache import ProviderAnswerError, StaleIfErrorCache

#: Asymmetric algorithms only: never `none`, never HMAC.
ALGORITHMS = ["ES256", "RS256", "PS256"]
#: Seconds by which the provider's clock may differ.
LEEWAY = 30


class TokenError(Exception):
    """An invalid token. The text says why, without content of the token."""


class Keys:
    """The provider's public keys by `kid`, fetched again for an unknown one and every five minutes.

    A withdrawn key is accepted for as long, or for an hour if the provider does not answer.
    """

    def __init__(
        self, fetch: Callable[[], dict[str, Any]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys = StaleIfErrorCache(lambda: dict(_imported(fetch())), clock=clock)

    def key(self, kid: str | None) -> Key:
        """The key with this id. Raises `TokenError` for an unknown id, `ProviderError` if keys cannot be fetched."""
        key = self._keys.get(lambda keys: kid in keys).get(kid or "")
        if key is None:
            raise TokenError("it names an unknown signing key")
        return key


def _imported(document: dict[str, Any]) -> list[tuple[str, Key]]:
    kinds: dict[str, type[ECKey | RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
    try:
        return [
            (entry["kid"], kinds[entry["kty"]].import_key(entry))
            for entry in document["keys"]
            if entry.get("kty") in kinds and entry.get("use", "sig") == "sig" and "kid" in entry
        ]
    except (JoseError, KeyError, ValueError, TypeError, AttributeError):
        raise ProviderAnswerError("its key set cannot be read") from None


def claims(
    token: str,
    keys: Keys,
    *,
    issuer: str,
    audience: str,
    types: frozenset[str],
    nonce: str | None = None,
    clock: Callable[[], float] = time.time,
) -> dict[str, Any]:
    """The claims of a token, after verifying signature, type, issuer, audience, times and, if given, nonce.

    `types` are the accepted values of the header `typ` in lower case; "" for a token without it. `clock` gives seconds
    since 1970. Raises `TokenError` and `ProviderError`.
    """
    wanted: dict[str, Any] = {
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": audience},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
    }
    if nonce is not None:
        wanted["nonce"] = {"essential": True, "value": nonce}
    try:
        read = jwt.decode(token, lambda found: keys.key(found.headers().get("kid")), algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(now=int(clock()), leeway=LEEWAY, **wanted).validate(read.claims)
    except (JoseError, ValueError, TypeError) as error:
        raise TokenError(type(error).__name__) from None
    if str(read.header.get("typ", "")).lower().removeprefix("application/") not in types:
        raise TokenError("it is a token of another type")
    return dict(read.claims)


def signed_in_within(
    verified: dict[str, Any], seconds: float, *, clock: Callable[[], float] = time.time
) -> bool:
    """Whether the person authenticated (`auth_time`) at most this many seconds ago."""
    at = verified.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return False
    return -LEEWAY <= clock() - at <= seconds + LEEWAY


def person_of(verified: dict[str, Any]) -> Person:
    """The person in the claims. Raises `TokenError` if they are malformed."""
    subject, name, roles = verified.get("sub"), verified.get("name"), verified.get("roles", [])
    if not isinstance(subject, str) or not subject:
        raise TokenError("it has no subject")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise TokenError("its roles are not a list of names")
    return Person.of(subject=subject, name=name if isinstance(name, str) and name else subject, roles=roles)
