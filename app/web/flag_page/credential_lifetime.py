"""The share of its TTL that a credential was alive, and when it was used: numbers for a picture and its text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.credentials.ending import Endings, EndState
from app.credentials.tables import CallRow, CredentialRow

#: Percent of the bar drawn for even the shortest life.
_LEAST = 0.6


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifetime:
    """`share` and `uses` are percent of `whole`, the TTL; `left` is None once the credential has ended.

    With `not_confirmed`, its end was requested at `ends_at`, and it may still be alive.
    """

    whole: timedelta
    lived: timedelta
    share: float
    uses: tuple[float, ...]
    left: timedelta | None
    ends_at: datetime
    not_confirmed: bool


def lifetime(credential: CredentialRow, calls: Sequence[CallRow], endings: Endings) -> Lifetime:
    """The life of a credential up to the time of `endings`, with the calls it was used for."""
    now = endings.now
    whole = credential.expires_at - credential.issued_at
    ending = endings.of_credential(credential)
    not_confirmed = ending.state is EndState.NOT_CONFIRMED
    end = now if not_confirmed else min(ending.at, credential.expires_at)
    lived = max(min(end, now) - credential.issued_at, timedelta())

    def percent(part: timedelta) -> float:
        return round(min(max(100 * part / whole, 0), 100), 2) if whole else 100.0

    return Lifetime(
        whole=whole,
        lived=lived,
        share=max(percent(lived), _LEAST),
        uses=tuple(percent(call.started_at - credential.issued_at) for call in calls),
        left=None if end <= now else end - now,
        ends_at=ending.at,
        not_confirmed=not_confirmed,
    )
