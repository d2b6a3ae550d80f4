"""Everything between running servers and the first run: tables, vault policies and roles, scenario data."""

import json
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from infra.local.errors import StackError
from infra.local.options import Outside
from infra.local.ports import LOOPBACK
from infra.local.state import Layout
from infra.postgres.migrate import migrate
from infra.postgres.provision import APPLICATION, LEDGER, OWNERS, VAULT_ADMIN, Server, address, password_file
from infra.vault.bootstrap import BootstrapError, LedgerAdmin, bootstrap


def migrate_tables(server: Server, layout: Layout) -> None:
    """Bring the application's tables to the newest version; attempts of an earlier start count as lost.

    Their messages went with the earlier broker and their credentials with the earlier vault, so that nobody has
    to wait for their leases to run out.
    """
    owner = OWNERS[APPLICATION]
    password = password_file(layout.secrets, owner).read_text(encoding="utf-8")
    engine = create_engine(
        address(server, owner, APPLICATION),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"password": password},
    )
    migrate(engine, lambda _: None)
    with server.connect(APPLICATION) as connection:
        connection.execute("UPDATE attempt SET lease_until = now() WHERE state IN ('dispatched', 'running')")


def bootstrap_vault(*, vault: str, token: str, ledger: LedgerAdmin, layout: Layout) -> None:
    """Policies, roles and identities; `token` is revoked when this returns.

    Raises StackError when the vault cannot be prepared.
    """
    try:
        bootstrap(
            address=vault, token=token, ledger=ledger, secrets=layout.secrets, audit_log=layout.audit_log
        )
    except BootstrapError as refused:
        raise StackError(f"the vault could not be prepared: {refused}") from None


def local_ledger(server: Server, password: str) -> LedgerAdmin:
    """The vault's login at the ledger on our own server."""
    return LedgerAdmin(
        host=LOOPBACK, port=server.port, database=LEDGER, username=VAULT_ADMIN, password=password
    )


def outside_ledger(outside: Outside) -> LedgerAdmin:
    """The vault's login at an outside ledger, from the file named by LEDGER_ADMIN_FILE.

    Raises StackError when it is not named or does not hold the five fields.
    """
    if outside.ledger_admin_file is None:
        raise StackError(
            "DATABASE_URL is set, so LEDGER_ADMIN_FILE must name the vault's login at the ledger"
        )
    try:
        return LedgerAdmin(**json.loads(Path(outside.ledger_admin_file).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise StackError(
            "LEDGER_ADMIN_FILE must hold a JSON object with host, port, database, username and password"
        ) from None
