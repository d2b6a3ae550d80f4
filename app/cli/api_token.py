"""The command `triage api-token`: signs in at the demo's identity provider as a browser would."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

import typer

from app import settings
from app.cli.context import Context, reported
from app.cli.output import FAILED, USAGE, err
from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireAnswer, WireError
from app.connections.secret_files import SettingsError
from app.connections.tls import trust_of
from infra.local.state import read_record

#: Seconds for both requests, and bytes of an answer.
_TIMEOUT, _LIMIT = 10.0, 100_000


class TokenRefusedError(Exception):
    """The provider refuses a token. The text says why."""


def print_token(
    persona: Annotated[
        str, typer.Option(metavar="NAME", help="The persona's name, as on the demo's sign-in page.")
    ],
) -> None:
    """Print a token for the JSON interface.

    The demo's identity provider issues it. It is valid for 15 minutes; see docs/api.md.
    """
    with reported():
        issuer, client = _provider()
        try:
            typer.echo(_token(issuer, client, persona))
        except TokenRefusedError as error:
            err.print(f"persona: {persona!r}: {error}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(USAGE) from None
        except (WireError, ValueError, LookupError, TypeError) as odd:
            reason = str(odd) if isinstance(odd, WireError) else "answered, but not with a token"
            err.print(f"the identity provider: {reason}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(FAILED) from None


def _provider() -> tuple[str, dict[str, str]]:
    """The address of the demo's provider and the client of the pages. Raises `SettingsError` if none is running."""
    layout = Context().layout
    record = read_record(layout)
    issuer = record.endpoints.get("identity-provider") if record and record.ready else None
    if issuer is None:
        raise SettingsError(
            "no demo identity provider is running here: start one with `triage stack up`, or ask your own for a token"
        )
    pages = json.loads(layout.clients.read_text(encoding="utf-8"))[0]
    return issuer, {"client_id": pages["client_id"], "redirect_uri": pages["redirect_uris"][0]}


def _token(issuer: str, client: dict[str, str], persona: str) -> str:
    """Authorization code flow with PKCE. The choice of persona is posted as the sign-in page would."""
    verifier, state = token_urlsafe(48), token_urlsafe(16)
    query = {
        **client,
        "response_type": "code",
        "scope": "openid profile",
        "state": state,
        "nonce": token_urlsafe(16),
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    deadline = Deadline(_TIMEOUT)
    with Wire(trust_of(settings.load()), size=1) as wire:

        def post(path: str, form: dict[str, str], params: dict[str, str] | None = None) -> WireAnswer:
            return wire.request(
                "POST",
                f"{issuer}{path}",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                params=params,
                body=urlencode(form).encode(),
                deadline=deadline,
                limit=_LIMIT,
            )

        sent = post("/authorize", {"persona": persona}, query)
        back = parse_qs(urlsplit(sent.headers.get("location", "")).query)
        if "code" not in back or back.get("state") != [state]:
            raise TokenRefusedError("the identity provider knows no such persona")
        exchange = {**client, "grant_type": "authorization_code", "code": back["code"][0]}
        answer = post("/token", {**exchange, "code_verifier": verifier})
        return str(json.loads(answer.content)["access_token"])
