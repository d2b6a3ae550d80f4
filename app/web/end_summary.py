"""How far the ends of one run are confirmed: what the page says after a stop."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.credentials.ending import Ending, Endings, EndState, unrecorded_name
from app.credentials.lineage import CredentialKind
from app.procurement.labels import KINDS, plural, worded
from app.review.queries import RunPage


@dataclass(frozen=True, kw_only=True, slots=True)
class EndSummary:
    """What a run was issued, by how it ended: "1 run token", "2 API keys".

    `expiring` are signed tokens that have not expired, until `expired_at` at the latest. `settled_at` is the last
    confirmed end; None while one is missing.
    """

    confirmed: tuple[str, ...]
    not_confirmed: tuple[str, ...]
    valid: tuple[str, ...]
    expiring: tuple[str, ...]
    expired: tuple[str, ...]
    expired_at: datetime | None
    settled_at: datetime | None
    problems: tuple[str, ...]


def end_summary(page: RunPage, endings: Endings) -> EndSummary:
    """The ends of one run at the time of `endings`."""
    found = list(_issued(page, endings))
    waiting = [each for _, each in found if each.state is EndState.NOT_CONFIRMED]
    confirmed = [each.at for _, each in found if each.state is EndState.REVOKED]
    signed = _noun(CredentialKind.SIGNED_TOKEN)

    def named(state: EndState, *, of_ttl: bool = False) -> tuple[str, ...]:
        names = Counter(name for name, each in found if each.state is state and (name == signed) is of_ttl)
        return tuple(plural(number, name) for name, number in names.items())

    return EndSummary(
        confirmed=named(EndState.REVOKED),
        not_confirmed=named(EndState.NOT_CONFIRMED),
        valid=named(EndState.VALID),
        expiring=named(EndState.VALID, of_ttl=True),
        expired=named(EndState.EXPIRED, of_ttl=True),
        expired_at=max((each.at for name, each in found if name == signed), default=None),
        settled_at=None if waiting else max(confirmed, default=None),
        problems=tuple(dict.fromkeys(each.problem for each in waiting if each.problem)),
    )


def _noun(kind: str) -> str:
    """The name of a kind within a sentence: "database user", "API key"."""
    name = worded(KINDS, kind)
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _issued(page: RunPage, endings: Endings) -> Iterator[tuple[str, Ending]]:
    for attempt, ending in endings.tokens():
        yield "run token" if attempt.token_accessor else "identity without a recorded login", ending
    for credential in page.credentials:
        yield _noun(credential.kind), endings.of_credential(credential)
    for event in page.unrecorded:
        yield (
            f"{unrecorded_name(event).lower()} that only the vault’s log shows",
            endings.of_unrecorded(event),
        )
