"""Filters the caller's environment: a proxy, `PGOPTIONS` or `VAULT_TOKEN` of the shell must not reach our processes."""

import os
from collections.abc import MutableMapping

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")

#: Read by libraries: libpq, the vault's clients and server, Celery, and Python in our child processes.
_FOREIGN_PREFIXES = ("PG", "VAULT_", "BAO_", "REDIS_", "CELERY_", "PYTHON")
#: CA_FILE alone names the trusted authorities. SSLKEYLOGFILE would write the keys of every connection to a file.
_FOREIGN = frozenset(
    {"SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
)
#: Our own settings with one of these prefixes.
_OURS = frozenset(
    {
        "VAULT_ADDR",
        "VAULT_AUDIT_LOG",
        "VAULT_AUDIT_LOG_2",
        "VAULT_IDENTITY_FILE",
        "VAULT_ISSUER",
        "VAULT_LEDGER_URL",
        "VAULT_LOG_KEPT",
        "REDIS_ADMIN_URL",
        "REDIS_PASSWORD_FILE",
        "REDIS_URL",
    }
)


def plain_environment() -> dict[str, str]:
    """The few variables of the caller's environment that every child process inherits."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def forget_foreign(environment: MutableMapping[str, str] = os.environ) -> None:
    """Remove variables that would change our connections or child processes; call it before the first of either."""
    for name in [name for name in environment if _is_foreign(name)]:
        del environment[name]


def _is_foreign(name: str) -> bool:
    if name in _OURS:
        return False
    return name in _FOREIGN or name.startswith(_FOREIGN_PREFIXES) or name.casefold().endswith("_proxy")
