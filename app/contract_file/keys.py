"""The keys of exports: one that signs, and the public halves of earlier ones."""

import json
from pathlib import Path
from typing import Any, Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from app.connections.secret_files import read_secret

#: ECDSA on P-256 with SHA-256 (RFC 7518, FIPS 186-5): known to every JWS library.
ALGORITHM = "ES256"
#: The type of the signature, so that nothing else signed with these keys passes for a manifest (RFC 8725, 3.11).
_TYPE = "triage-manifest+jws"


class KeysError(Exception):
    """A key set that cannot be used. The text says why and repeats no part of it."""


class SignatureError(Exception):
    """An invalid signature. The text says why, in words for a person."""


class PublicKeys:
    """Keys that check signatures, by their RFC 7638 thumbprints. Any `kid` in the set is ignored."""

    def __init__(self, keys: list[ECKey]) -> None:
        self._keys = {key.thumbprint(): key for key in keys}

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Parse a JWK Set (RFC 7517). Raises `KeysError` if it is not one, or has no key on P-256."""
        return cls(_parsed(text))

    def as_set(self) -> dict[str, Any]:
        """The set as published, public halves only."""
        marks = {"use": "sig", "alg": ALGORITHM}
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": thumbprint, **marks}
                for thumbprint, key in self._keys.items()
            ]
        }

    def check(self, signature: str, payload: bytes) -> str:
        """The thumbprint of the key that made a detached JWS of `payload`. Raises `SignatureError`."""
        try:
            header = jws.extract_compact(signature.encode(), payload).headers()
            kid = header.get("kid")
            if header.get("typ") != _TYPE:
                raise SignatureError("it is not the signature of a manifest")
            key = self._keys.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise SignatureError(f"it was made with key {str(kid)[:64]!r}, which is not in the key set")
            jws.deserialize_compact(signature, key, [ALGORITHM], payload=payload)
        except (JoseError, ValueError, TypeError):
            raise SignatureError("it does not belong to this manifest and key") from None
        return str(kid)


class SigningKeys:
    """A key set of which the first key signs."""

    def __init__(self, keys: list[ECKey]) -> None:
        if not keys or not keys[0].is_private:
            raise KeysError("its first key is not a private key")
        self._key = keys[0]
        self.public = PublicKeys(keys)

    @classmethod
    def load(cls, file: Path) -> Self:
        """The keys in the file that EXPORT_KEY_FILE names. Raises `KeysError`, and `SettingsError` as `read_secret`."""
        text = read_secret(file, setting="EXPORT_KEY_FILE")
        try:
            return cls(_parsed(text))
        except KeysError as error:
            raise KeysError(f"{file}: {error}") from None

    def sign(self, payload: bytes) -> str:
        """A detached JWS (RFC 7515, appendix F): header and signature, with nothing between the two dots."""
        header = {"typ": _TYPE, "alg": ALGORITHM, "kid": self._key.thumbprint()}
        return jws.detach_content(jws.serialize_compact(header, payload, self._key, [ALGORITHM]))


def _parsed(text: str | bytes) -> list[ECKey]:
    try:
        entries = json.loads(text)["keys"]
        keys = [
            ECKey.import_key(entry) for entry in entries if entry["kty"] == "EC" and entry["crv"] == "P-256"
        ]
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise KeysError("it is not a JWK Set") from None
    if not keys:
        raise KeysError("it holds no key on P-256")
    return keys
