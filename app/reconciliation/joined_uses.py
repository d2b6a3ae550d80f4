"""Joins what tools saw with the recorded credentials: by fingerprint, or by the user's name. Pure."""

from collections import defaultdict
from collections.abc import Iterator

from app.reconciliation.clocks import FirstUse, Shift, ToolClocks
from app.reconciliation.sides import KnownAttempt, Recorded, Sides, Used
from app.reconciliation.uses import CredentialUses, unrecorded_uses
from app.reconciliation.worker_places import Origin, Places, SeenPlace


def joined(sides: Sides) -> tuple[list[CredentialUses], list[Used]]:
    """All recorded credentials, each with its uses, and the uses that belong to none."""
    seen, unknown = _seen(sides)
    attempts = {(each.run_id, each.number): each for each in sides.attempts}
    issued = {each.request_id: each for each in sides.issued}
    places = Places([*sides.places, *_places(sides, seen)])
    clocks = ToolClocks([*sides.first_uses, *_first_uses(sides, seen)])
    unrecorded = unrecorded_uses(sides.recorded, attempts)
    uses = [
        CredentialUses(
            of=each,
            attempt=(attempt := attempts.get((each.run_id, each.attempt))),
            issued=issued.get(each.request_id),
            seen=seen[each.request_id],
            vault=vault_shift(sides, attempt),
            tool=clocks.shift(each.system, each.issued_at),
            known=places,
            unrecorded=unrecorded[each.request_id],
        )
        for each in sides.recorded
    ]
    return uses, unknown


def vault_shift(sides: Sides, attempt: KnownAttempt | None) -> Shift:
    """How far the vault's clock may have been off during an attempt."""
    return Shift.of(sides.vault_ahead, *([attempt.vault_ahead] if attempt else []))


def needs_history(sides: Sides) -> bool:
    """Whether earlier credentials may explain a time or a place of these."""
    return any(
        each.places - {each.home} or any(True for _ in each.leftovers(is_covered=False))
        for each in joined(sides)[0]
    )


def unproven(sides: Sides) -> list[str]:
    """What these sides leave open for lack of others to compare with, in plain words."""
    found = {
        f"{each.of.system} saw a credential from {place}; no other run shows that this is its worker's address"
        for each in joined(sides)[0]
        for place in each.places
        if each.origin(place) is Origin.UNKNOWN
    }
    return sorted(found)


def _seen(sides: Sides) -> tuple[defaultdict[str, list[Used]], list[Used]]:
    """The uses by the request ids of their credentials, and those of none."""
    by_fingerprint = {each.fingerprint: each for each in sides.recorded}
    by_user = {each.service_user: each for each in sides.recorded if each.service_user}
    seen: defaultdict[str, list[Used]] = defaultdict(list)
    unknown = []
    for used in sides.used:
        of = (
            by_user.get(used.service_user)
            if used.service_user
            else by_fingerprint.get(used.fingerprint or "")
        )
        if of is None:
            unknown.append(used)
        else:
            seen[of.request_id].append(used)
    return seen, unknown


def _own(sides: Sides, seen: defaultdict[str, list[Used]]) -> Iterator[tuple[Recorded, list[Used]]]:
    """Each credential with its uses at its own tool, if there are any."""
    for each in sides.recorded:
        if uses := [used for used in seen[each.request_id] if used.system == each.system]:
            yield each, uses


def _places(sides: Sides, seen: defaultdict[str, list[Used]]) -> Iterator[SeenPlace]:
    homes = {(each.run_id, each.number): each.login_address for each in sides.attempts}
    for each, uses in _own(sides, seen):
        home = homes.get((each.run_id, each.attempt))
        for place in {used.remote_address for used in uses}:
            if home is not None and place is not None:
                yield SeenPlace(each.system, each.run_id, each.attempt, home, place)


def _first_uses(sides: Sides, seen: defaultdict[str, list[Used]]) -> Iterator[FirstUse]:
    for each, uses in _own(sides, seen):
        yield FirstUse(each.system, each.run_id, each.attempt, each.issued_at, min(used.at for used in uses))
