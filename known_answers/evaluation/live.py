"""Runs the scenarios through a complete stack: vault, broker, dispatcher, workers, tools over HTTP, database."""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import usecases
from app.cli.waiting import wait_for
from app.connections.database import Sessions, connect, sessions
from app.credentials.tables import RunRow, RunState, table_of
from app.settings import Settings
from app.store.tables import FlagRow
from infra.local.errors import StackError
from infra.local.options import EVERYTHING, Part, StackOptions
from infra.local.stack import LocalStack
from known_answers.evaluation.comparison import Evaluation, Finding, KnownAnswer
from known_answers.evaluation.preparation import Scenarios, without_stated_time
from known_answers.scenarios.loader import ScenarioError

#: More would not fit into one query.
_MOST = 50_000
_AT_ONCE = 200
_FOUND, _RUN = table_of(FlagRow), table_of(RunRow)
_ENVIRONMENT = {
    # The known answers are those of the day of the action.
    "JUDGED_ON": "action",
    # A hanging tool need not hang longer than TOOL_TIMEOUT: other scenarios need its threads.
    "MOCK_HANG_MS": "6000",
}


def evaluate_live(scenarios: Scenarios, work: Path) -> Evaluation:
    """Start a stack in the folder `work`, run every scenario, and compare the results in its database.

    The stack uses free ports and is stopped afterwards, also when interrupted. Scenarios that state a time are left
    out, since a stack has the time of the machine. Raises `ScenarioError` for no scenarios or more than 50,000, and
    `StackError` if a part does not start or stops, or if the runs do not end.
    """
    every = len(scenarios.cases)
    scenarios = without_stated_time(scenarios)
    count = len(scenarios.cases)
    if not 1 <= count <= _MOST:
        raise ScenarioError(f"--live: {count} scenarios for a live run, not 1 to {_MOST}")
    options = StackOptions(
        parts=EVERYTHING - {Part.WEB, Part.IDENTITY},
        usual_ports=False,
        scenarios=scenarios.folder,
        patience=30 + 0.05 * count,
        vault_binary=os.environ.get("TRIAGE_VAULT_BINARY") or None,
        environment=_ENVIRONMENT,
    )
    left_out = (
        f", without {every - count} that state their own time or earlier decisions" if every > count else ""
    )
    sys.stderr.write(f"Starting a stack for {count} scenarios{left_out} …\n")
    with LocalStack(work / "stack", options=options) as stack, _database(stack) as factory:
        run_ids = _requested(factory, scenarios)
        patience = 120 + 5 * count
        if not wait_for(factory, run_ids, timeout=patience, check=stack.check):
            raise StackError(f"the runs did not end within {patience} s")
        result = _compared(factory, scenarios, run_ids)
        result.left_out = every - count
        return result


@contextmanager
def _database(stack: LocalStack) -> Iterator[Sessions]:
    environment = stack.environment("cli")
    database = {name: environment[name.upper()] for name in ("database_url", "database_password_file")}
    engine = connect(Settings.model_validate(database), pool_size=2)
    try:
        yield sessions(engine)
    except SQLAlchemyError as error:
        stack.check()  # names the part that has ended, if one has
        raise StackError(f"the database does not answer ({type(error).__name__})") from None
    finally:
        engine.dispose()


def _requested(factory: Sessions, scenarios: Scenarios) -> list[UUID]:
    """Submit the actions in portions that fit into a submitted file, and request a run of each, in order."""
    documents = [case.document["action"] for case, _ in scenarios.cases]
    ids: list[str] = []
    for start in range(0, len(documents), _AT_ONCE):
        submitted, _ = usecases.submit(factory, json.dumps(documents[start : start + _AT_ONCE]))
        ids += submitted
    return usecases.request_runs(factory, ids)


def _compared(factory: Sessions, scenarios: Scenarios, run_ids: Sequence[UUID]) -> Evaluation:
    found: defaultdict[UUID, list[Finding]] = defaultdict(list)
    with factory() as db:
        rows = select(_FOUND.c.run_id, _FOUND.c.rule, _FOUND.c.subject, _FOUND.c.severity)
        for run_id, rule, subject, severity in db.execute(rows):
            found[run_id].append(Finding(rule, subject, severity))
        failed = select(_RUN.c.run_id, _RUN.c.failure).where(_RUN.c.state != RunState.COMPLETED)
        failures = {run_id: failure for run_id, failure in db.execute(failed)}  # noqa: C416  # dict() takes it for a mapping
    result = Evaluation()
    for (case, _), run_id in zip(scenarios.cases, run_ids, strict=True):
        answer = KnownAnswer.of(case.slug, case.document)
        if run_id in failures:
            result.add_without_result(answer, f"its run failed: {failures[run_id]}")
        else:
            result.add(answer, found[run_id])
    return result
