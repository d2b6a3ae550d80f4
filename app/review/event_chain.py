"""The chain of digests over the events of a fact: a change to one changes every later one."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from app.review.flag_history import Event


def digest(event: Event, previous: str) -> str:
    """SHA-256 (hex) of an event and the digest of the event before it ("" for the first of a fact): a chain per fact."""
    # Events of earlier versions have no field for an office, and keep their digests.
    stated = {
        name: str(value)
        for name, value in asdict(event).items()
        if value is not None or name not in {"office", "due_on"}
    }
    return _digest([previous, stated])


def first_broken(history: Iterable[tuple[Event, str]], *, version: int, start: str = "") -> int | None:
    """The number of the first event that was changed or is missing; None if the history is intact.

    `history` pairs each event with its stored digest. `version` is the flag's own count of events, which reveals a
    history whose end was cut off. `start` is the digest that the first event covers.
    """
    previous, number = start, 0
    for number, (event, stored) in enumerate(history, start=1):
        previous = digest(event, previous) if event.number == number else ""
        if previous != stored:
            return number
    return None if number == version else number + 1


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
