"""Authorization codes: single-use, valid for a minute, kept in memory by their hash."""

import hashlib
import time
from dataclasses import dataclass
from threading import Lock

from authlib.oidc.core import AuthorizationCodeMixin

from mocks.identity_provider.methods import Method

#: Seconds between the choice of a persona and the exchange of the code.
LIFETIME = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib ships no types
    """The sign-in that a code stands for; the methods are required by Authlib."""

    client_id: str
    redirect_uri: str
    scope: str
    subject: str
    method: Method
    nonce: str | None
    code_challenge: str
    auth_time: int
    until: float
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> str | None:
        return self.method.acr

    def get_amr(self) -> list[str]:
        return list(self.method.amr)


class Codes:
    """Codes that have not been used yet."""

    def __init__(self) -> None:
        self._codes: dict[str, Code] = {}
        self._lock = Lock()

    def keep(self, code: str, meaning: Code) -> None:
        """Store a code, and delete expired ones."""
        now = time.monotonic()
        with self._lock:
            self._codes = {name: kept for name, kept in self._codes.items() if kept.until > now}
            self._codes[_name(code)] = meaning

    def take(self, code: str, client_id: str) -> Code | None:
        """The sign-in of a code, or None. The code is used up, even by a wrong client id or verifier."""
        with self._lock:
            meaning = self._codes.pop(_name(code), None)
        if meaning is None or meaning.client_id != client_id or meaning.until <= time.monotonic():
            return None
        return meaning


def _name(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
