"""How the vault makes and ends users of a database, who only read and only for their lease.

The vault runs the statements of one end in one transaction, so the login is closed and committed first: a session
that begins while others are ended would outlive its user. Each statement may find its work done.
"""

from typing import Literal

from infra.postgres.unrecorded_statements import recorded
from infra.vault.entry import Entry

#: How the vault states the password of a new user: in a statement that the server must not record, or as a verifier.
Passwords = Literal["plain", "hashed"]

_USER_EXISTS = "EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{{name}}')"
#: The vault itself is a member as well.
_USERS = "(SELECT count(*) FROM pg_catalog.pg_auth_members WHERE roleid = readers AND member <> CURRENT_USER::regrole)"


def database_connection(name: str, *, role: str, url: str, username: str, passwords: Passwords) -> Entry:
    """The database engine's connection `name`, for users of `role`.

    Their passwords leave the vault `plain`, in statements that the server records nowhere, or `hashed`, as verifiers.
    """
    details = {
        "connection_url": url,
        "username": username,
        "password_authentication": "password" if passwords == "plain" else "scram-sha-256",
        "max_open_connections": 8,
        "username_template": "triage-{{ random 16 | lowercase }}",
    }
    return Entry(
        name=f"{name} connection",
        path=f"database/config/{name}",
        data={
            "plugin_name": "postgresql-database-plugin",
            "allowed_roles": [role],
            "connection_details": details,
        },
    )


def creation(group: str, *, most: int, passwords: Passwords = "plain") -> list[str]:
    """A login that may read what `group` may, unless `most` such users exist, or a plain password could be recorded.

    The server refuses that in the session in which the password would be stated next: settings are changed later as
    well, and a session keeps what was set when it began.
    """
    unrecorded = (
        f" IF {recorded()} THEN RAISE EXCEPTION 'this server could record the passwords of users of {group}:"
        " run triage provision database'; END IF;"
    )
    first = (
        f"DO $$ DECLARE readers regrole := '{group}'; BEGIN IF {_USERS} >= {most}"
        f" THEN RAISE EXCEPTION 'there are {most} users of {group} already'; END IF;"
        f"{unrecorded if passwords == 'plain' else ''} END $$"
    )
    rights = "LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' CONNECTION LIMIT 2"
    return [first, f'CREATE ROLE "{{{{name}}}}" {rights} IN ROLE {group}']


def revocation(group: str) -> list[str]:
    """Close the login, end its sessions until none is left, drop what it owns, then the user itself."""
    close = (
        f"DO $$ BEGIN IF {_USER_EXISTS} THEN"
        f' ALTER ROLE "{{{{name}}}}" NOLOGIN; REVOKE {group} FROM "{{{{name}}}}"; END IF; END $$'
    )
    # By number: a session of a dropped user has no name. What the view shows stays the same until it is cleared.
    # 200 waits of 5 ms at most: nothing else is issued meanwhile, and the vault tries a failed end again.
    end_sessions = (
        "DO $$ DECLARE who oid := (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = '{{name}}'); BEGIN"
        " FOR i IN 1..200 LOOP"
        " PERFORM pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usesysid = who;"
        " EXIT WHEN NOT FOUND; PERFORM pg_catalog.pg_sleep(0.005); PERFORM pg_catalog.pg_stat_clear_snapshot();"
        " END LOOP;"
        " IF EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE usesysid = who)"
        " THEN RAISE EXCEPTION 'a session of {{name}} is still open'; END IF; END $$"
    )
    # Dropping what somebody owns takes that user's rights. It has none left to read with.
    drop = (
        f"DO $$ BEGIN IF {_USER_EXISTS} THEN"
        ' GRANT "{{name}}" TO CURRENT_USER WITH INHERIT TRUE, SET FALSE;'
        ' DROP OWNED BY "{{name}}"; DROP ROLE "{{name}}"; END IF; END $$'
    )
    return [close, "COMMIT", "BEGIN", end_sessions, drop]
