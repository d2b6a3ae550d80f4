"""The authorization code grant, built from Authlib's parts. Tokens are signed, never stored."""

import time
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import OpenIDCode
from authlib.oidc.rpinitiated import EndSessionEndpoint
from joserfc.jwk import KeySet

from mocks.identity_provider.clients import Client
from mocks.identity_provider.codes import LIFETIME, Code, Codes
from mocks.identity_provider.methods import Authenticated
from mocks.identity_provider.personas import PERSONAS
from mocks.identity_provider.signing import ALGORITHM, SigningKey

#: The audience of access tokens: the JSON interface of the application.
API = "triage-api"
ID_TOKEN_SECONDS = 300
ACCESS_TOKEN_SECONDS = 900


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    """Authorization code for public clients. Its class attribute `codes` is set by `code_grant`."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    codes: Codes

    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.codes.keep(
            code,
            Code(
                client_id=request.client.client_id,
                redirect_uri=request.payload.redirect_uri,
                scope=request.scope,
                subject=request.user.persona.subject,
                method=request.user.method,
                nonce=data.get("nonce"),
                code_challenge=data["code_challenge"],
                auth_time=int(time.time()),
                until=time.monotonic() + LIFETIME,
            ),
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return self.codes.take(code, client.client_id)

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Nothing to do: looking it up has deleted it."""

    def authenticate_user(self, authorization_code: Code) -> Authenticated | None:
        persona = PERSONAS.get(authorization_code.subject)
        return Authenticated(persona=persona, method=authorization_code.method) if persona else None


def code_grant(codes: Codes) -> type[CodeGrant]:
    """The grant with these codes: Authlib creates an instance for each request."""
    return type("CodeGrantOfThisProvider", (CodeGrant,), {"codes": codes})


class S256Only(CodeChallenge):  # type: ignore[misc]
    """Mandatory PKCE: a request without a challenge, or with a plain one, is refused."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("'code_challenge' with method S256 is required")
        super().validate_code_challenge(grant, redirect_uri)


class IdToken(OpenIDCode):  # type: ignore[misc]
    """The id_token beside the access token."""

    def __init__(self, signing: SigningKey, issuer: str) -> None:
        super().__init__(require_nonce=True)
        self._signing = signing
        self._issuer = issuer

    def exists_nonce(self, _nonce: str, _request: Any) -> bool:
        """The client checks whether a nonce was used before: each code carries its own."""
        return False

    def resolve_client_private_key(self, _client: Client) -> Any:
        return self._signing.key

    def get_client_algorithm(self, _client: Client) -> str:
        return ALGORITHM

    def get_encode_header(self, _client: Client) -> dict[str, str]:
        return {"alg": ALGORITHM, "kid": self._signing.key_id, "typ": "JWT"}

    def get_client_claims(self, client: Client) -> dict[str, object]:
        expires = int(time.time()) + ID_TOKEN_SECONDS
        return {"iss": self._issuer, "aud": client.client_id, "exp": expires}

    def generate_user_info(self, user: Authenticated, _scope: str) -> dict[str, object]:
        return user.persona.claims()


class AccessToken(JWTBearerTokenGenerator):  # type: ignore[misc]
    """Access tokens as RFC 9068 has them, for the application's JSON interface."""

    def __init__(self, signing: SigningKey, issuer: str) -> None:
        super().__init__(issuer=issuer, alg=ALGORITHM, expires_generator=ACCESS_TOKEN_SECONDS)
        self._signing = signing

    def get_jwks(self) -> Any:
        return KeySet([self._signing.key])  # from a set, the token's header gets the key's id

    def get_audiences(self, _client: Client, _user: Authenticated, _scope: str) -> str:
        return API

    def get_acr(self, user: Authenticated) -> str | None:
        return user.method.acr

    def get_amr(self, user: Authenticated) -> list[str]:
        return list(user.method.amr)

    def get_extra_claims(
        self, _client: Client, _grant_type: str, user: Authenticated, _scope: str
    ) -> dict[str, object]:
        return {"name": user.persona.name, "roles": list(user.persona.roles)}


class Issuer(IssuerParameter):  # type: ignore[misc]
    """Names the issuer in each authorization response (RFC 9207)."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        return self._issuer


class EndSession(EndSessionEndpoint):  # type: ignore[misc]
    """RP-initiated logout. The provider keeps no session; it only sends the visitor back."""

    def is_post_logout_redirect_uri_legitimate(self, *_: Any) -> bool:
        return True  # Authlib has checked that it is registered for this client

    def get_server_jwks(self) -> Any:
        return {"keys": []}

    def end_session(self, _request: Any) -> None:
        """Nothing to do: the provider keeps no session."""
