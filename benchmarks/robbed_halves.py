"""The same runs with one credential for each run and system, and with static keys; a thief comes after each half."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from app.connections.database import Sessions
from app.credentials.tables import CallRow, CredentialRow
from app.procurement.systems import ISSUING_PATHS, SYSTEMS
from app.review.measured_exposure import MeasuredExposure, MeasuredHalf
from app.review.queries import Pages
from app.review.queries.exposure import CredentialLife
from benchmarks.pipeline import KEY_FILE, PATTERN, STATIC, carry_out, processes
from benchmarks.thieves import Thieves
from benchmarks.work import submitted
from infra.local.options import SERVICES, StackOptions
from infra.local.stack import LocalStack
from infra.reporting import Say

#: Runs at once, and credentials that the thief tries at once.
_CONCURRENCY, _TRIES = 4, 8
#: Seconds for the vault's record to have all ends confirmed, and between two looks.
_PATIENCE, _POLL = 30.0, 0.2


class NotMeasuredError(RuntimeError):
    """A figure would not be a measured one; the text says why."""


@dataclass(frozen=True, slots=True)
class Stolen:
    """A credential in the thief's hands, of a run; a static key is of none."""

    tool: str
    run_id: UUID | None
    credential: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Robbery:
    """Runs from `began` on that took so many seconds, and what the thief of `at` held and was let in with."""

    run_ids: frozenset[UUID]
    began: datetime
    seconds: float
    at: datetime
    stolen: Sequence[Stolen]
    accepted: Sequence[Stolen]

    def half(self, **figures: Any) -> MeasuredHalf:
        """This half of the measurement, with the figures that its credentials have."""
        scopes = {each.tool: each.credential["scope"] for each in self.accepted}
        return MeasuredHalf(
            seconds=round(self.seconds, 3),
            stolen=len(self.stolen),
            accepted=len(self.accepted),
            reachable={system.name: scopes[system.name] for system in SYSTEMS if system.name in scopes},
            **{
                name: round(value, 3) if isinstance(value, float) else value
                for name, value in figures.items()
            },
        )


def measure(
    folder: Path, *, runs: int, say: Say = lambda _: None, stopping: Say = lambda _: None
) -> MeasuredExposure:
    """Both halves on a new stack in `folder`, which only its user may enter. Raises NotMeasuredError and others."""
    options = StackOptions(parts=SERVICES, usual_ports=False, actions=40)
    say("starting servers and the five systems")
    with (
        LocalStack(folder / "home", options=options, stopping=stopping) as stack,
        submitted(stack) as (database, actions),
        Thieves(stack) as thieves,
    ):
        wanted = list(islice(cycle(actions), runs))
        # First: the sweeper would look for what attempts with static keys never had.
        say(f"{runs} runs with one credential for each run and system")
        short_lived = _short_lived(stack, database, thieves, wanted, folder / "handover")
        say(f"{runs} runs with static keys")
        static_keys = _static_keys(stack, database, thieves, wanted)
    return MeasuredExposure(
        measured_at=datetime.now(UTC), runs=runs, static_keys=static_keys, short_lived=short_lived
    )


def _short_lived(
    stack: LocalStack, database: Sessions, thieves: Thieves, actions: Sequence[str], handover: Path
) -> MeasuredHalf:
    handover.mkdir(mode=0o700)
    stack.process_table.start(stack.services.background("sweeper"), lambda _: True)
    with processes(stack, mode=PATTERN, concurrency=_CONCURRENCY, handover=handover):
        robbery = _robbed(database, thieves, actions, lambda: list(_held(handover)))
    lives = _recorded(database, robbery)
    stack.process_table.stop("sweeper")
    ends = [lives[each.run_id, each.tool].ended for each in robbery.accepted]
    return robbery.half(
        credentials=len(lives),
        seconds_at_risk=sum(each.within(robbery.began, robbery.at) for each in lives.values()),
        seconds_at_risk_to_the_end=sum(each.length.total_seconds() for each in lives.values()),
        longest_life=max(each.length.total_seconds() for each in lives.values()),
        dead_after=max(0.0, (max(ends, default=robbery.at) - robbery.at).total_seconds()),
    )


def _static_keys(
    stack: LocalStack, database: Sessions, thieves: Thieves, actions: Sequence[str]
) -> MeasuredHalf:
    file = stack.layout.home / KEY_FILE
    with processes(stack, mode=STATIC, concurrency=_CONCURRENCY):
        robbery = _robbed(
            database,
            thieves,
            actions,
            lambda: [Stolen(tool, None, key) for tool, key in json.loads(file.read_text()).items()],
        )
    if ended := {each.tool for each in robbery.stolen} - {each.tool for each in robbery.accepted}:
        raise NotMeasuredError(
            f"the static key of {min(ended)} had ended before the theft: ask for fewer runs"
        )
    issued = [datetime.fromisoformat(each.credential["issued_at"]) for each in robbery.stolen]
    return robbery.half(
        credentials=len(issued),
        seconds_at_risk=sum((robbery.at - at).total_seconds() for at in issued),
        seconds_at_risk_to_the_end=None,
        longest_life=max((robbery.at - at).total_seconds() for at in issued),
        dead_after=None,
    )


def _robbed(
    database: Sessions, thieves: Thieves, actions: Sequence[str], steal: Callable[[], list[Stolen]]
) -> Robbery:
    began, started = datetime.now(UTC), time.monotonic()
    run_ids = frozenset(carry_out(database, actions))
    seconds, at = time.monotonic() - started, datetime.now(UTC)
    stolen = steal()
    with ThreadPoolExecutor(_TRIES) as threads:
        taken = list(threads.map(lambda each: thieves.is_taken(each.tool, each.credential), stolen))
    _require_answers(database, run_ids)
    accepted = [each for each, is_taken in zip(stolen, taken, strict=True) if is_taken]
    return Robbery(run_ids, began, seconds, at, stolen, accepted)


def _require_answers(database: Sessions, run_ids: frozenset[UUID]) -> None:
    """Every system must have answered: a credential that never worked is no loss."""
    query = (
        select(col(CredentialRow.tool), func.count())
        .join(CallRow, col(CallRow.credential_id) == col(CredentialRow.credential_id))
        .where(col(CredentialRow.run_id).in_(run_ids), col(CallRow.status).between(200, 299))
        .group_by(col(CredentialRow.tool))
    )
    with database.begin() as db:
        answered = {tool for tool, _ in db.execute(query)}
    for tool in ISSUING_PATHS.values():
        if tool not in answered:
            raise NotMeasuredError(f"{tool} answered no request of {len(run_ids)} runs")


def _held(handover: Path) -> Iterator[Stolen]:
    for file in sorted(handover.glob("*/[!.]*")):
        yield Stolen(file.name, UUID(file.parent.name), json.loads(file.read_text(encoding="utf-8")))


def _recorded(database: Sessions, robbery: Robbery) -> dict[tuple[UUID | None, str], CredentialLife]:
    """The life of each stolen credential by the vault's own record, once it has all ends that can be confirmed."""
    pages, deadline = Pages(database), time.monotonic() + _PATIENCE
    expected = {(each.run_id, each.tool): each.credential["kind"] for each in robbery.stolen}
    while time.monotonic() < deadline:
        found = pages.lives(ISSUING_PATHS, robbery.began, robbery.at)
        lives = {(each.run_id, each.tool): each for each in found if each.run_id in robbery.run_ids}
        if lives.keys() == expected.keys() and all(
            each.is_confirmed or expected[key] == "signed-token" for key, each in lives.items()
        ):
            return lives
        time.sleep(_POLL)
    raise NotMeasuredError(f"the vault's record was not complete {_PATIENCE:g} s after the theft")
