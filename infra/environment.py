"""What of the caller's environment counts: a proxy, a `PGOPTIONS` or a `VAULT_TOKEN` of the shell is not for us."""

import os
from collections.abc import MutableMapping

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")

#: Read by libraries behind our back: libpq, the vault's clients and server, Celery, Python in a process started by us.
_FOREIGN_PREFIXES = ("PG", "VAULT_", "BAO_", "REDIS_", "CELERY_", "PYTHON")
#: CA_FILE is the one way to say whom to believe. SSLKEYLOGFILE would have the keys of every connection written down.
_FOREIGN = frozenset(
    {"SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
)
#: Settings of our own that look foreign.
_OURS = frozenset(
    {
        "VAULT_ADDR",
        "VAULT_AUDIT_LOG",
        "VAULT_IDENTITY_FILE",
        "VAULT_ISSUER",
        "VAULT_LEDGER_URL",
        "REDIS_ADMIN_URL",
        "REDIS_PASSWORD_FILE",
        "REDIS_URL",
    }
)


def plain_environment() -> dict[str, str]:
    """The few variables every process started here gets; nothing else of the caller's environment is handed on."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def forget_foreign(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove what would change our own connections or reach a process we become; call it before the first of them."""
    for name in [name for name in environment if _is_foreign(name)]:
        del environment[name]


def _is_foreign(name: str) -> bool:
    if name in _OURS:
        return False
    return name in _FOREIGN or name.startswith(_FOREIGN_PREFIXES) or name.casefold().endswith("_proxy")
