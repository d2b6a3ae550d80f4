"""How the credentials on a page ended, for templates and charts."""

from datetime import datetime

from app.credentials.ending import Ending
from app.credentials.tables import AttemptRow, CredentialRow


def credential_ending(credential: CredentialRow, now: datetime) -> Ending:
    """How a credential ended by `now`, or when it will."""
    return Ending.of(
        revoked_at=credential.revoked_at,
        by=credential.ended_by,
        expires_at=credential.expires_at,
        now=now,
    )


def token_ending(attempt: AttemptRow, now: datetime) -> Ending | None:
    """How the run token of an attempt ended by `now`, or when it will; None if none was issued."""
    expires_at = attempt.token_expires_at or attempt.revoked_at
    if expires_at is None:
        return None
    return Ending.of(revoked_at=attempt.revoked_at, by=attempt.revoked_by, expires_at=expires_at, now=now)
