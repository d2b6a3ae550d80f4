"""Requests one run, waits for its end, and prints what is left of it: rows, credentials, lines of the vault's log."""

import json
import os
import sys
import time
from pathlib import Path

from sqlalchemy import select, text

from app.connections.database import connect, sessions
from app.connections.settings import load
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.credentials.requests import request
from app.credentials.settings import AgentSettings
from app.credentials.tables import (
    AlarmRow,
    AttemptRow,
    CallRow,
    CredentialRow,
    DenialRow,
    RunRow,
    StepRow,
    table_of,
)
from app.credentials.vault_log import VaultLog

PATIENCE = 45.0
ROWS = {
    "attempt": AttemptRow,
    "step": StepRow,
    "credential": CredentialRow,
    "call": CallRow,
    "denial": DenialRow,
    "alarm": AlarmRow,
}


def _of(table, run_id):
    return select(table).where(table.c.run_id == run_id)


def ended(opened, run_id):
    deadline = time.monotonic() + PATIENCE
    while True:
        with opened() as db:
            run = db.execute(_of(table_of(RunRow), run_id)).mappings().one()
            ends = [row["revoked_at"] for row in db.execute(_of(table_of(AttemptRow), run_id)).mappings()]
        if run["state"] in {"completed", "failed"} and all(ends):
            return run
        if time.monotonic() > deadline:
            raise TimeoutError(run)
        time.sleep(0.05)


def main():
    settings = load(AgentSettings, "database_url", "vault_addr", "vault_identity_file")
    opened = sessions(connect(settings, pool_size=1))
    with opened.begin() as db:
        (run_id,) = request(db, [("roses", "Water the roses.")], requested_by="gardener")
    run = ended(opened, run_id)
    with opened() as db:
        found = {
            name: [dict(row) for row in db.execute(_of(table_of(row), run_id)).mappings()]
            for name, row in ROWS.items()
        }
        needs = db.execute(text("SELECT litres, reason FROM watering WHERE run_id = :run"), {"run": run_id})
        found["watering"] = [dict(row) for row in needs.mappings()]
    living = (Path(os.environ["SECRETS_FOLDER"]) / "living-accessor").read_text()
    issued = found["credential"]
    accessors = [row["token_accessor"] for row in found["attempt"]] + [row["accessor"] for row in issued]
    with Auditor(
        settings.need("vault_addr"), settings.file("vault_identity_file"), trust_of(settings)
    ) as auditor:
        alive = auditor.alive(
            accessors=[living, *filter(None, accessors)],
            leases=[row["lease_id"] for row in issued if row["lease_id"]],
        )
    trail = VaultLog(Path(os.environ["VAULT_AUDIT_LOG"])).trail(
        run_id,
        wrapping_accessors=[row["wrapping_accessor"] for row in found["attempt"]],
        since=run["requested_at"],
    )
    report = {
        "run": dict(run),
        **found,
        "alive": [name for name in alive if name != living],
        "living_is_alive": living in alive,
        "answered": sorted(trail.answered),
        "paths": sorted({line.path for line in trail.lines}),
    }
    sys.stdout.write(json.dumps(report, default=str))


if __name__ == "__main__":
    main()
