"""Roles of a server and what each may do; every change is said, what is right stays as it is."""

from typing import LiteralString

import psycopg
from psycopg import pq, sql

from infra.reporting import Say

#: Attributes of a role by the column of `pg_roles`, with the words that set and clear them.
_ATTRIBUTES: dict[str, tuple[LiteralString, LiteralString]] = {
    "rolcanlogin": ("LOGIN", "NOLOGIN"),
    "rolcreaterole": ("CREATEROLE", "NOCREATEROLE"),
    "rolcreatedb": ("CREATEDB", "NOCREATEDB"),
    "rolsuper": ("SUPERUSER", "NOSUPERUSER"),
}


def ensure_role(
    connection: psycopg.Connection, role: str, say: Say, *, password: str | None, attributes: frozenset[str]
) -> None:
    """A role with exactly these of the attributes; a new one gets the password, an old one keeps its own."""
    wanted = {column: column in attributes for column in _ATTRIBUTES}
    found = connection.execute(
        "SELECT rolcanlogin, rolcreaterole, rolcreatedb, rolsuper FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    if found is None:
        words = _words(wanted)
        if password is not None:
            words += sql.SQL(" PASSWORD {}").format(sql.Literal(verifier(role, password)))
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(role), words))
        say(f"role {role}: created")
        return
    had = dict(zip(_ATTRIBUTES, found, strict=True))
    # Only what differs: naming SUPERUSER or its opposite takes a superuser.
    differing = {column: value for column, value in wanted.items() if had[column] != value}
    if differing:
        connection.execute(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(role), _words(differing)))
        say(f"role {role}: {_words(differing).as_string(connection)}")


def _words(attributes: dict[str, bool]) -> sql.Composed:
    return sql.SQL(" ").join(sql.SQL(_ATTRIBUTES[column][not value]) for column, value in attributes.items())


def verifier(role: str, password: str) -> str:
    """What the server stores in place of a password: SCRAM-SHA-256, so that no statement or log holds the password."""
    nowhere = pq.PGconn.connect_start(b"?")  # libpq asks for a connection; one that was never tried will do
    return nowhere.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Give a role a password, which reaches the server as a verifier only."""
    set_verifier(connection, role, verifier(role, password))


def set_verifier(connection: psycopg.Connection, role: str, stored: str) -> None:
    """Give a role the password that `verifier` was called with."""
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(stored)))


def ensure_member(
    connection: psycopg.Connection, *, group: str, member: str, options: tuple[bool, bool, bool], say: Say
) -> None:
    """Membership with exactly these options: to give it to others, to have its rights, to become it."""
    found = connection.execute(
        "SELECT bool_or(admin_option), bool_or(inherit_option), bool_or(set_option) FROM pg_auth_members"
        " WHERE roleid = %s::regrole AND member = %s::regrole",
        [group, member],
    ).fetchone()
    if found == options:
        return
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH ADMIN {}, INHERIT {}, SET {}").format(
            *(sql.Identifier(name) for name in (group, member)), *(sql.Literal(option) for option in options)
        )
    )
    say(f"role {member}: member of {group}")


def ensure_own(connection: psycopg.Connection, role: str) -> None:
    """Let an administrator who is no superuser own things in the name of a role that it created."""
    (may,) = connection.execute(
        "SELECT pg_has_role(current_user, %(role)s, 'USAGE') AND pg_has_role(current_user, %(role)s, 'SET')",
        {"role": role},
    ).fetchone() or (False,)
    if not may:
        connection.execute(
            sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(sql.Identifier(role))
        )
