"""The end of a leased credential, as recorded and by the vault. The sweeper confirms both in one transaction. Pure."""

from datetime import datetime, timedelta

from app.reconciliation.sides import Issued, KnownAttempt, Recorded

#: By how much the recorded end may follow the vault's, and precede it: a log may be read late.
_AFTER, _BEFORE = timedelta(seconds=5), timedelta(seconds=60)


def is_open(recorded: Recorded, issued: Issued, attempt: KnownAttempt, until: datetime | None) -> bool:
    """Whether neither side has an end, a minute after that of the attempt. `until`: as in `Sides`."""
    if not recorded.is_leased or recorded.revoked_at or issued.ended_at or not attempt.ended_at:
        return False
    return until is None or until > attempt.ended_at + _BEFORE


def is_rewritten(recorded: Recorded, issued: Issued, until: datetime | None) -> bool:
    """Whether only one side has an end, or both have ends that cannot belong together."""
    if not recorded.is_leased:
        return False
    if recorded.revoked_at is None:
        return issued.ended_at is not None
    if issued.ended_at is None:
        return until is None or until > recorded.revoked_at + _BEFORE
    return not -_BEFORE <= recorded.revoked_at - issued.ended_at <= _AFTER
