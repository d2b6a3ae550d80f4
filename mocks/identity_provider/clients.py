"""The registered clients: public ones, identified by PKCE and their redirect addresses."""

import json
from dataclasses import dataclass
from pathlib import Path

from authlib.oauth2.rfc6749 import ClientMixin

_SCOPES = frozenset({"openid", "profile"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Client(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """One registered client; the methods are required by Authlib."""

    client_id: str
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...] = ()

    @property
    def client_metadata(self) -> dict[str, list[str]]:
        """The addresses that are allowed after the end of a session."""
        return {"post_logout_redirect_uris": list(self.post_logout_redirect_uris)}

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """None: the request must name it."""

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(sorted(_SCOPES & set((scope or "").split())))

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class Clients:
    """The clients in a JSON file: [{"client_id", "redirect_uris", "post_logout_redirect_uris"}].

    It is read at every request, so that a client can be registered when its address is known.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, client_id: str) -> Client | None:
        """The client with this id; None without a file. Raises `ValueError` for an invalid file."""
        try:
            listed = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        for entry in listed:
            if entry["client_id"] == client_id:
                return Client(
                    client_id=client_id,
                    redirect_uris=tuple(entry["redirect_uris"]),
                    post_logout_redirect_uris=tuple(entry.get("post_logout_redirect_uris", ())),
                )
        return None
