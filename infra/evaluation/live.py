"""The same scenarios through a running stack: vault, broker, workers and all."""

import json
import time
from collections import defaultdict

from sqlalchemy import select

from app import usecases
from app.settings import Settings
from app.store import tables
from app.store.database import connect, sessions
from app.store.progress import Progress
from app.store.tables import table_of
from infra.evaluation.comparison import Evaluation, Finding, Truth
from infra.local.errors import StackError
from infra.local.state import Layout, read_record
from mocks.scenarios.loader import load_cases

_DEADLINE = 1800.0
FOUND = table_of(tables.DiscrepancyRow)


def evaluate_stack(layout: Layout) -> Evaluation:
    """Run every scenario the stack in this folder serves, and compare what its database holds then.

    Raises `StackError` when no stack runs there or its runs do not end.
    """
    record = read_record(layout)
    if record is None or not record.ready:
        raise StackError(f"no stack runs in {layout.home}: start one with `triage stack up`")
    engine = connect(Settings.model_validate({"database_url": record.environments["cli"]["DATABASE_URL"]}))
    factory = sessions(engine)
    cases = load_cases(layout.scenarios / "cases")
    ids, _ = usecases.submit(factory, json.dumps([case.document["action"] for case in cases]))
    run_ids = usecases.request_runs(factory, ids)
    progress = Progress(factory)
    deadline = time.monotonic() + _DEADLINE
    while progress.ended(run_ids) < len(run_ids):
        if time.monotonic() > deadline:
            raise StackError(f"the runs did not end within {_DEADLINE:g} s")
        time.sleep(0.5)
    found: defaultdict[object, list[Finding]] = defaultdict(list)
    with factory() as db:
        rows = select(FOUND.c.run_id, FOUND.c.rule, FOUND.c.subject, FOUND.c.severity)
        for run_id, rule, subject, severity in db.execute(rows.where(FOUND.c.run_id.in_(run_ids))):
            found[run_id].append(Finding(rule, subject, severity))
    engine.dispose()
    result = Evaluation()
    for case, run_id in zip(cases, run_ids, strict=True):
        result.add(Truth.of(case.slug, case.document), found[run_id])
    return result
