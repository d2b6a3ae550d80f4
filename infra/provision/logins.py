"""The owners in the secrets folder, the databases with their roles, and who holds the password of each login."""

from app.credentials.grants import DatabaseUser
from app.procurement.systems import SYSTEMS
from infra.secrets_folder import SecretsFolder, random_secret

#: Servers that get a certificate with `triage provision keys --tls`.
SERVERS = (
    *("vault", "postgres", "valkey", "identity-provider", "web", "proxy"),
    *(system.name for system in SYSTEMS if not isinstance(system.credential, DatabaseUser)),
)
OWNERS = (
    "dispatcher",
    "sweeper",
    "reconciler",
    "switch",
    "worker",
    "rotator",
    "backup",
    "operator",
    *SERVERS,
)
APPLICATION, LEDGER = "triage", "ledger"
DATABASE_OWNERS = {APPLICATION: "triage_owner", LEDGER: "ledger_owner"}
#: The group of the ledger that the vault's login puts the users of runs into.
READERS, VAULT_ADMIN = "ledger_reader", "vault_ledger_admin"
#: The login that asks whether users of runs are gone, and ends those that the vault forgot.
SWEEPER = "triage_sweeper"
#: Users of the ledger that no run is given.
STANDING_USERS = (DATABASE_OWNERS[LEDGER], VAULT_ADMIN, SWEEPER)
#: Database logins and the processes that use them. The first owner's file is authoritative, the others are copies.
DATABASE_LOGINS: dict[str, tuple[str, ...]] = {
    "triage_app": ("web",),
    "triage_dispatcher": ("dispatcher",),
    "triage_sweeper": ("sweeper",),
    "triage_reconciler": ("reconciler",),
    "triage_switch": ("switch",),
    "triage_worker": ("worker",),
}
#: Broker users and the processes that use them.
BROKER_USERS: dict[str, tuple[str, ...]] = {"dispatcher": ("dispatcher",), "worker": ("worker",)}


def ensure_shared(folder: SecretsFolder, name: str, owners: tuple[str, ...]) -> list[str]:
    """Give all these owners the same secret, a new one if the first has none; returns those whose file changed."""
    text = folder.read(owners[0], name) or random_secret()
    return share(folder, name, owners, text)


def share(folder: SecretsFolder, name: str, owners: tuple[str, ...], text: str) -> list[str]:
    """Give all these owners this secret; returns those whose file changed."""
    changed = [owner for owner in owners if folder.read(owner, name) != text]
    for owner in changed:
        folder.replace(owner, name, text)
    return changed
