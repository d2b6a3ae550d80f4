"""The identity provider: OpenID Connect discovery, and the code flow of a public client with PKCE."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.client import OAuth2Client

from app.connections.tls import Trust
from app.review.roles import Person
from app.web.sign_in.assurance import ANY, Assurance, SignedIn, stated_assurance, too_weak
from app.web.sign_in.provider_cache import ProviderAnswerError, StaleIfErrorCache
from app.web.sign_in.provider_calls import ProviderCalls, RefusedCodeError
from app.web.sign_in.tokens import Keys, TokenError, claims, person_of, signed_in_within

#: The audience that access tokens of the JSON interface name.
API_AUDIENCE = "triage-api"
_LONGEST_BEARER = 8_000
#: The most seconds since the person authenticated at the provider: as long as a sign-in may take.
_PROVED_WITHIN = 600
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class SignInRefusedError(Exception):
    """The sign-in was refused. The text gives the reason for the page."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pending:
    """A sign-in under way: values that the response must match."""

    nonce: str
    verifier: str


class _PublicClient(OAuth2Client):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's client over `ProviderCalls`."""

    def _fetch_token(self, url: str, *, body: str, headers: dict[str, str], auth: Any, **_: Any) -> Any:
        url, headers, body = auth.prepare("POST", url, dict(headers), body)
        return self.session.post(url, body=body, headers=headers)


class Provider:
    """One provider. It is contacted first for a sign-in or a bearer token.

    Browsers use addresses below `issuer`; this server reaches the same endpoints below `address`.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        redirect_uri: str,
        trust: Trust,
        address: str | None = None,
        clock: Callable[[], float] = time.time,
        assurance: Assurance = ANY,
    ) -> None:
        """`clock` gives seconds since 1970, by which tokens are valid; `assurance` is what they must state."""
        self.issuer = issuer
        self._address = address or issuer
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._calls = ProviderCalls(trust)
        self._clock = clock
        self._assurance = assurance
        self._metadata = StaleIfErrorCache(self._discovered)
        self.keys = Keys(lambda: self._calls.get(self._reached(self._known()["jwks_uri"])))

    @property
    def origin(self) -> str:
        """Scheme and host of the issuer."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def states_issuer(self) -> bool:
        """Whether it announces that its authorization responses name it (RFC 9207). Raises `ProviderError`."""
        return self._known().get("authorization_response_iss_parameter_supported") is True

    def close(self) -> None:
        """End the connections kept open."""
        self._calls.close()

    def address(self, state: str, pending: Pending) -> str:
        """The URL where a visitor signs in, even if the provider has a session. Raises `ProviderError`."""
        url, _ = self._client().create_authorization_url(
            self._known()["authorization_endpoint"],
            state=state,
            code_verifier=pending.verifier,
            nonce=pending.nonce,
            prompt="login",
            max_age=0,
            **self._assurance.parameters,
        )
        return str(url)

    def identify(self, code: str, pending: Pending) -> SignedIn:
        """The person who signed in. No token is kept.

        Raises `SignInRefusedError`, `TokenError`, `ProviderError`.
        """
        try:
            token = self._client().fetch_token(
                self._reached(self._known()["token_endpoint"]),
                grant_type="authorization_code",
                code=code,
                code_verifier=pending.verifier,
                redirect_uri=self._redirect_uri,
            )
        except RefusedCodeError:
            raise SignInRefusedError("The identity provider did not accept its own answer.") from None
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise ProviderAnswerError("its token endpoint gave no id_token")
        verified = claims(
            id_token,
            self.keys,
            issuer=self.issuer,
            audience=self._client_id,
            types=frozenset({"jwt", ""}),
            nonce=pending.nonce,
            clock=self._clock,
        )
        if verified.get("azp", self._client_id) != self._client_id:
            raise TokenError("the token is for another client")
        if not signed_in_within(verified, _PROVED_WITHIN, clock=self._clock):
            # Otherwise anyone at the computer could renew an ended session with one click.
            raise SignInRefusedError(
                "The identity provider did not confirm that you authenticated within the last ten minutes, which is"
                " required. Sign out there, then sign in again."
            )
        if lacking := self._assurance.lacking(verified):
            raise SignInRefusedError(too_weak(lacking))
        return SignedIn(person=person_of(verified), assurance=stated_assurance(verified))

    def bearer(self, header: str) -> Person:
        """Who an `Authorization` header with an access token (RFC 9068) speaks for.

        Raises `TokenError`, `ProviderError`.
        """
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_BEARER:
            raise TokenError("it is not a bearer token")
        verified = claims(
            token.strip(),
            self.keys,
            issuer=self.issuer,
            audience=API_AUDIENCE,
            types=frozenset({"at+jwt"}),
            clock=self._clock,
        )
        if lacking := self._assurance.lacking(verified):
            raise TokenError(lacking)
        return person_of(verified)

    def end_session(self, *, subject: str, back_to: str) -> str | None:
        """The URL where a visitor signs out at the provider; None if it has none. Raises `ProviderError`.

        The URL names client and person instead of an id_token, since none is kept.
        """
        endpoint = self._known().get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        parameters = {
            "client_id": self._client_id,
            "logout_hint": subject,
            "post_logout_redirect_uri": back_to,
        }
        return f"{endpoint}?{urlencode(parameters)}"

    def _client(self) -> OAuth2Client:
        return _PublicClient(
            self._calls,
            client_id=self._client_id,
            token_endpoint_auth_method="none",  # noqa: S106  # a method, no secret: PKCE is the proof
            code_challenge_method="S256",
            scope="openid profile",
            redirect_uri=self._redirect_uri,
        )

    def _known(self) -> dict[str, Any]:
        return self._metadata.get()

    def _discovered(self) -> dict[str, Any]:
        document = self._calls.get(f"{self._address}/.well-known/openid-configuration")
        if document.get("issuer") != self.issuer:
            raise ProviderAnswerError("its discovery document names another issuer")
        if not all(isinstance(document.get(name), str) for name in _ENDPOINTS):
            raise ProviderAnswerError("its discovery document lacks an address")
        return document

    def _reached(self, url: str) -> str:
        """A URL of the discovery document as this server reaches it."""
        below = url.removeprefix(f"{self.issuer}/")
        return url if below == url else f"{self._address}/{below}"
