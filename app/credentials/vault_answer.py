"""An answer of the vault that concerns an identity or a credential of a run, as its log states it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from app.credentials.approle import LOGIN_PATH, MINT_PATH, RUN_ROLE
from app.credentials.grants import DatabaseUser, SignedToken
from app.credentials.vault_line import AuditLine, ForWhom

REVOKE_SELF = "auth/token/revoke-self"
#: A wrapping token is opened at either; the second is deprecated, and still works.
_OPENED_AT = ("sys/wrapping/unwrap", "cubbyhole/response")
#: One of these is in every line that may become an event, as the vault writes JSON.
MARKS = tuple(
    text.encode()
    for text in (
        f'"role_name":"{RUN_ROLE}"',
        *(f'"path":"{path}"' for path in (LOGIN_PATH, MINT_PATH, *_OPENED_AT)),
    )
)
#: Where the part of a line begins that its sender can make long.
_SENT = b',"data":{'
#: Characters of a text, and digits of an attempt's number.
_LONGEST, _DIGITS = 500, 9


class AnswerKind(StrEnum):
    """What the vault did. `DENIED`: it refused a request of a run.

    `BROKEN_OFF`: it did not finish making a database user, which nobody was given, and may be left.
    """

    MINTED = "minted"
    UNWRAPPED = "unwrapped"
    LOGGED_IN = "logged-in"
    ISSUED = "issued"
    BROKEN_OFF = "broken-off"
    REVOKED = "revoked"
    DENIED = "denied"
    LOGIN_REFUSED = "login-refused"


class Hidden(StrEnum):
    """Why the log does not show what was issued. None of our own processes asks in such a way."""

    WRAPPED = "wrapped"
    TOO_LONG = "too long"


@dataclass(frozen=True, kw_only=True, slots=True)
class VaultEvent:
    """One answer of the vault. `run_id` and what follows is what the vault bound to the identity; `at` is UTC.

    `token_accessor` belongs to the token that asked, `accessor` to what was issued: run token, API key or wrapping
    token. `claimed_run_id` is what an API key says of itself, where that differs.
    """

    request_id: str
    kind: AnswerKind
    at: datetime
    path: str
    run_id: UUID | None = None
    attempt: int | None = None
    job_id: str | None = None
    requested_by: str | None = None
    token_accessor: str | None = None
    accessor: str | None = None
    secret_id_accessor: str | None = None
    lease_id: str | None = None
    service_user: str | None = None
    remote_address: str | None = None
    claimed_run_id: str | None = None
    hidden: Hidden | None = None

    @classmethod
    def of(cls, raw: bytes) -> Self | None:
        """The event in a raw line; None if it holds none."""
        line = AuditLine.parse(raw)
        kind = None if line is None else _kind(line)
        return None if line is None or kind is None else cls._from(line, kind)

    @classmethod
    def of_beginning(cls, raw: bytes) -> Self | None:
        """The event in a line of which only the beginning is known; None if it holds none.

        The vault writes who asks, and where, before what it was sent. Whatever a run gets in that way counts as issued.
        """
        known, found, _ = raw.partition(_SENT)
        line = AuditLine.parse(known + b"}}\n") if found else None
        if line is None or line.type != "response":
            return None
        kind = _kind(line) or (AnswerKind.ISSUED if line.identity.role == RUN_ROLE else None)
        return None if kind is None else replace(cls._from(line, kind), hidden=Hidden.TOO_LONG)

    @classmethod
    def _from(cls, line: AuditLine, kind: AnswerKind) -> Self:
        minted, logged_in = kind is AnswerKind.MINTED, kind is AnswerKind.LOGGED_IN
        whom = line.given if minted else line.identity
        claimed = line.given.run_id if kind is AnswerKind.ISSUED else None
        wrapped = line.wrapped_accessor if not minted else None
        return cls(
            request_id=_clean(line.request_id) or "",
            kind=kind,
            at=line.time,
            path=_clean(line.path) or "",
            run_id=_run_id(whom),
            attempt=_attempt(whom),
            job_id=_clean(whom.job_id),
            requested_by=_clean(whom.requested_by),
            token_accessor=None if logged_in else line.accessor,
            accessor=wrapped or line.issued_accessor or (line.accessor if logged_in else None),
            secret_id_accessor=line.wrapped_accessor if minted else None,
            lease_id=line.lease_id,
            service_user=line.service_user,
            remote_address=line.remote_address,
            claimed_run_id=_clean(claimed) if claimed != whom.run_id else None,
            hidden=Hidden.WRAPPED if line.is_wrapped and not minted else None,
        )


def _kind(line: AuditLine) -> AnswerKind | None:
    if line.type != "response":
        return None
    if line.path == LOGIN_PATH:
        return _kind_of_login(line)
    if line.refused:
        return _kind_of_refusal(line) if line.identity.role == RUN_ROLE else None
    if line.path == MINT_PATH and line.is_wrapped:
        return AnswerKind.MINTED
    if line.path in _OPENED_AT and line.accessor:
        return AnswerKind.UNWRAPPED
    return _kind_of_run(line) if line.identity.role == RUN_ROLE else None


def _kind_of_refusal(line: AuditLine) -> AnswerKind | None:
    if not line.is_broken_off:
        return AnswerKind.DENIED
    return AnswerKind.BROKEN_OFF if line.path.startswith(DatabaseUser.MOUNT) else None


def _kind_of_run(line: AuditLine) -> AnswerKind | None:
    if line.path == REVOKE_SELF:
        return AnswerKind.REVOKED
    issued = line.issued_accessor or line.lease_id or line.path.startswith(SignedToken.MOUNT)
    return AnswerKind.ISSUED if issued else None


def _kind_of_login(line: AuditLine) -> AnswerKind | None:
    """A login that is answered wrapped has no `auth` in its answer. One without a SecretID cannot succeed."""
    if line.refused or line.accessor is None:
        return AnswerKind.LOGIN_REFUSED if line.brings_secret_id and not line.is_broken_off else None
    return AnswerKind.LOGGED_IN if line.identity.role == RUN_ROLE else None


def _run_id(whom: ForWhom) -> UUID | None:
    try:
        run_id = UUID(whom.run_id or "")
    except ValueError:
        return None
    return run_id if str(run_id) == whom.run_id else None


def _attempt(whom: ForWhom) -> int | None:
    text = whom.attempt or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _clean(text: str | None) -> str | None:
    """Text that a database can store."""
    if text is None:
        return None
    return text[:_LONGEST].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
