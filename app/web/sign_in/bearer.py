"""Access tokens of the JSON interface (RFC 9068), made by the same provider."""

from app.review.roles import Person
from app.web.sign_in.provider import Provider
from app.web.sign_in.tokens import TokenError, claims, person_of

#: Who the tokens are meant for. One meant for somebody else is refused.
AUDIENCE = "triage-api"
_LONGEST = 8_000


def bearer(header: str, provider: Provider) -> Person:
    """Who an `Authorization` header speaks for. Raises `TokenError` and `ProviderError`."""
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
        raise TokenError("it is no bearer token")
    told = claims(
        token.strip(), provider.keys, issuer=provider.issuer, audience=AUDIENCE, types=frozenset({"at+jwt"})
    )
    return person_of(told)
