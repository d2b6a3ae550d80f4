"""The vault's public signing keys, kept by key id."""

import threading
import time

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from mocks.refusal import RefusalError, VaultUnreachableError
from mocks.vault_connection import VaultConnection

KEY_SET_PATH = "identity/oidc/.well-known/keys"


class KeySet:
    """Keys by `kid`, fetched again for an unknown one and when older than `max_age` seconds.

    The age bounds how long a key the vault has withdrawn is still believed.
    """

    def __init__(self, vault: VaultConnection, *, max_age: float = 300.0) -> None:
        self._vault = vault
        self._max_age = max_age
        self._keys: dict[str, ECKey] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching = threading.Lock()

    def key(self, kid: str) -> ECKey:
        """The key of that id. Raises `RefusalError` when the vault does not know it or does not answer."""
        asked = time.monotonic()
        known = self._keys.get(kid)
        if known is not None and asked - self._fetched < self._max_age:
            return known
        with self._fetching:
            # One fetch serves all who asked before it began, also when it fails: made-up key ids cannot multiply
            # requests to the vault, and a vault that hangs is not waited for in turn.
            if self._tried <= asked:
                self._fetch()
            elif self._fetched < self._tried:
                raise VaultUnreachableError
        try:
            return self._keys[kid]
        except KeyError:
            raise RefusalError(401, "the token names an unknown signing key") from None

    def _fetch(self) -> None:
        self._tried = time.monotonic()
        status, document = self._vault.read(KEY_SET_PATH)
        if status != 200 or not isinstance(document, dict):  # noqa: PLR2004
            raise VaultUnreachableError
        try:
            self._keys = {
                entry["kid"]: ECKey.import_key(entry)
                for entry in document.get("keys", [])
                if entry.get("kty") == "EC" and entry.get("crv") == "P-256"
            }
        except (JoseError, KeyError, ValueError, AttributeError):
            raise VaultUnreachableError from None
        self._fetched = self._tried
