"""Settings of the pages and of the JSON interface."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.connections.addresses import HttpAddress
from app.connections.settings import ConnectionSettings, listed

#: A value of `acr` or `amr`. Requests list them with spaces between.
StatedValue = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$")]


class WebSettings(ConnectionSettings):
    """How the web process is reached, and how people sign in."""

    #: The vault's own audit log, a file to be read with those that rotation left beside it; with wildcards where several
    #: servers write one each. Without it pages say that they cannot tell what the vault logged.
    vault_audit_log: Path | None = None
    #: The identity provider, by the address its tokens carry as `iss`, and what it calls this application.
    oidc_issuer: HttpAddress | None = None
    #: Where this server reaches the provider, when that is not the issuer's address.
    oidc_address: HttpAddress | None = None
    oidc_client_id: str | None = None
    #: How people must have authenticated, as JSON lists: one of the classes in OIDC_REQUIRED_ACR and all of the methods in
    #: OIDC_REQUIRED_AMR, as the provider names them in the claims `acr` and `amr`. Tokens of programs must state the same.
    oidc_required_acr: Annotated[tuple[StatedValue, ...], BeforeValidator(listed)] = ()
    oidc_required_amr: Annotated[frozenset[StatedValue], BeforeValidator(listed)] = frozenset()
    #: Where browsers reach the pages. The provider sends people back there and nowhere else.
    web_address: HttpAddress | None = None
    #: The socket of the process of a local stack that carries out what a presenter orders. Elsewhere there is none.
    presenter_socket: Path | None = None
    #: Where docs/runbook.md is published, for links from alarms.
    runbook_url: HttpAddress | None = None
    #: Reverse proxies in front of the pages: that many entries at the end of `X-Forwarded-For` are trusted.
    trusted_proxies: int = Field(default=0, ge=0, le=8)
    #: Certificate chain and key, in PEM, of pages that serve TLS themselves.
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    #: A secret file with the key that signs CSRF tokens: at least 32 characters, the same for all web processes.
    web_key_file: Path | None = None
    #: Seconds until an unused session of the pages ends, and until any ends (NIST SP 800-63B, AAL3: 15 min, 12 h).
    session_idle: int = Field(default=15 * 60, ge=120, le=3600)
    session_lifetime: int = Field(default=12 * 3600, ge=120, le=24 * 3600)
    #: Requests answered per minute: sign-ins begun from one address; writes, exports and API calls by one person. The
    #: rest get HTTP 429.
    sign_ins_per_minute: int = Field(default=60, ge=1)
    writes_per_minute: int = Field(default=120, ge=1)
    exports_per_minute: int = Field(default=60, ge=1)
    api_calls_per_minute: int = Field(default=600, ge=1)
