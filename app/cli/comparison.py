"""Compares the three sides of what a command has just done, once all logs have been read that far."""

import time
from datetime import datetime

from app.cli.context import Context
from app.cli.reconcile_command import without_shared
from app.cli.waiting import GRACE
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.report import read_until, reconcile
from app.reconciliation.verdict import Reconciliation


def compare_since(context: Context, since: datetime, *, shared_user: bool) -> Reconciliation:
    """Compare what happened since then (UTC, by the database's clock). Waits `GRACE` seconds at most for the logs.

    With `shared_user`, that all processes share one user is accepted. Raises `OperationalError`.
    """
    until = context.database_time()
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        read = read_until(context.engine, ISSUING_PATHS)
        if read is not None and read >= until:
            break
        time.sleep(0.25)
    found = reconcile(context.engine, ISSUING_PATHS, since, until)
    return without_shared(found) if shared_user else found
