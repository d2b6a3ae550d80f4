"""Whose password is in whose folder: the logins of the database and the users of the broker, by owner."""

from infra.provision.secrets_folder import FileName, Owner, SecretsFolder, random_secret

#: Logins of the database to the processes that use them. The first owner's file counts, the others hold copies.
DATABASE_LOGINS: dict[str, tuple[Owner, ...]] = {
    "triage_app": ("web",),
    "triage_dispatcher": ("dispatcher", "sweeper"),
    "triage_worker": ("worker",),
}
#: Users of the broker to the processes that use them.
BROKER_USERS: dict[str, tuple[Owner, ...]] = {"dispatcher": ("dispatcher",), "worker": ("worker",)}


def ensure_shared(folder: SecretsFolder, name: FileName, owners: tuple[Owner, ...]) -> list[Owner]:
    """One random secret in the folders of all these owners; those whose file was missing or differed."""
    text = folder.read(owners[0], name) or random_secret()
    return share(folder, name, owners, text)


def share(folder: SecretsFolder, name: FileName, owners: tuple[Owner, ...], text: str) -> list[Owner]:
    """Give all these owners this secret; those that did not have it."""
    changed = [owner for owner in owners if folder.read(owner, name) != text]
    for owner in changed:
        folder.replace(owner, name, text)
    return changed
