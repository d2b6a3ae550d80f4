"""The vault's public signing keys, cached by key id."""

import logging
import threading
import time

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from mocks.refusals import RefusalError, VaultUnreachableError
from mocks.vault_connection import VaultConnection

log = logging.getLogger(__name__)

KEY_SET_PATH = "identity/oidc/.well-known/keys"


class KeySet:
    """Keys by `kid`, fetched again for an unknown one and when older than `max_age` seconds.

    The age limits how long a key that the vault has withdrawn is accepted.
    """

    def __init__(self, vault: VaultConnection, *, max_age: float = 300.0) -> None:
        self._vault = vault
        self._max_age = max_age
        self._keys: dict[str, ECKey] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching = threading.Lock()

    def key(self, kid: str) -> ECKey:
        """The key with this id. Raises `RefusalError` if the vault does not know it or does not answer."""
        now = time.monotonic()
        cached = self._keys.get(kid)
        if cached is not None and now - self._fetched < self._max_age:
            return cached
        with self._fetching:
            # One fetch serves all requests that came before it began, even if it fails: invented key ids cannot
            # multiply requests to the vault, and requests do not wait for a hanging vault one after another.
            if self._tried <= now:
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
        if status != 200:  # noqa: PLR2004
            log.warning("the vault's signing keys cannot be read: HTTP %s", status)
            raise VaultUnreachableError
        try:
            self._keys = {
                entry["kid"]: ECKey.import_key(entry)
                for entry in document["keys"]
                if entry.get("kty") == "EC" and entry.get("crv") == "P-256"
            }
        except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("the vault's signing keys cannot be used: %s", type(error).__name__)
            raise VaultUnreachableError from None
        self._fetched = self._tried
