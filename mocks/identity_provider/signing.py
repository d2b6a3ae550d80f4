"""The provider's signing key, and the tokens it signs."""

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"


class SigningKey:
    """A P-256 key, generated at the start, with its thumbprint (RFC 7638) as its id."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)

    @property
    def key_id(self) -> str:
        """The `kid` in the header of each token."""
        return str(self.key.kid)

    def public(self) -> dict[str, object]:
        """The public key set document."""
        return dict(KeySet([self.key]).as_dict(private=False))

    def subject_of(self, access_token: str, *, issuer: str) -> str | None:
        """The subject of an access token of this provider; None if the token is invalid or expired."""
        try:
            token = jwt.decode(access_token, self.key, algorithms=[ALGORITHM])
            jwt.JWTClaimsRegistry(iss={"essential": True, "value": issuer}, exp={"essential": True}).validate(
                token.claims
            )
        except (JoseError, ValueError):
            return None
        if token.header.get("typ") != "at+jwt":
            return None
        return str(token.claims.get("sub"))
