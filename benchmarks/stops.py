"""One stop of a run in hand: how long each of its credentials was accepted after it."""

import json
import math
import shutil
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app import usecases
from app.connections.database import Sessions
from benchmarks.thieves import Thieves

SIGNED = "signed-token"
#: Seconds after which a credential that is still accepted counts as never refused; a signed token, after its expiry.
_LONGEST, _LEEWAY = 30.0, 10.0
#: Seconds between two tries of a credential, and for a run to be in hand.
_POLL, _PATIENCE = 0.01, 120.0
#: Of one run: its token, and five credentials.
_HELD = 6


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A signed token that outlived its run's stop, to be tried after its expiry. Times in seconds since the epoch."""

    tool: str
    secret: str
    stopped: float
    expires: float


@dataclass(frozen=True, slots=True)
class Stop:
    """Seconds until each credential was refused, by kind, and until the sweeper had confirmed the end of all."""

    seconds: Mapping[str, list[float]]
    signed: list[SignedToken]
    confirmed: float


def stop_one(database: Sessions, thieves: Thieves, handover: Path) -> Stop:
    """Stop a run that the worker has in hand, and try all its credentials until they are refused."""
    run_id, held = _in_hand(handover)
    accepted = {
        name: thieves.hold(name, credential)
        for name, credential in held.items()
        if credential["kind"] != SIGNED
    }
    began, at = time.monotonic(), time.time()
    usecases.stop_run(database, run_id, requested_by="benchmark")
    seconds: dict[str, list[float]] = {}
    with ThreadPoolExecutor(len(accepted) + 1) as threads:
        waits = {name: threads.submit(_seconds_while, tried, began) for name, tried in accepted.items()}
        confirmed = threads.submit(_seconds_while, lambda: not thieves.is_confirmed(run_id), began)
        for name, wait in waits.items():
            seconds.setdefault(held[name]["kind"], []).append(wait.result())
    thieves.let_go()
    shutil.rmtree(handover / str(run_id))
    signed = [
        SignedToken(name, each["secret"], at, _expiry(each["secret"]))
        for name, each in held.items()
        if each["kind"] == SIGNED
    ]
    return Stop(seconds, signed, confirmed.result())


def _in_hand(handover: Path) -> tuple[UUID, dict[str, dict[str, Any]]]:
    """The run that the worker has held longest, with its token and all its credentials by name."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        for folder in sorted(handover.iterdir(), key=lambda path: path.stat().st_ctime):
            names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
            if len(names) == _HELD:
                return UUID(folder.name), {name: json.loads((folder / name).read_text()) for name in names}
        time.sleep(_POLL)
    raise TimeoutError("no run is in the hands of the worker")


def _seconds_while(accepted: Callable[[], bool], began: float) -> float:
    while accepted():
        if time.monotonic() - began > _LONGEST:
            return math.inf
        time.sleep(_POLL)
    return time.monotonic() - began


def _expiry(signed_token: str) -> float:
    part = signed_token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return float(claims["exp"])


def seconds_to_expiry(thieves: Thieves, tokens: Iterable[SignedToken], *, wait: bool) -> list[float]:
    """From each stop to the expiry of a signed token. With `wait`, `inf` for one that is accepted after it."""
    found = []
    for token in tokens:
        seconds = token.expires - token.stopped
        if wait:
            time.sleep(max(0.0, token.expires + _LEEWAY - time.time()))
            accepted = thieves.hold(token.tool, {"kind": SIGNED, "secret": token.secret})
            seconds = math.inf if accepted() else seconds
        found.append(seconds)
    return found
