"""The vault's audit log of the invented runs: two lines per request, in the vault's format and about its size."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from app.credentials.log_place import LogPlace

_RUNS = """
    SELECT run_id::text, requested_at, wrapping_accessor, token_accessor, login_request_id,
        array_agg(credential.request_id ORDER BY tool), array_agg(credential.tool ORDER BY tool)
    FROM run JOIN attempt USING (run_id) JOIN credential USING (run_id)
    GROUP BY run_id, requested_at, wrapping_accessor, token_accessor, login_request_id
    ORDER BY requested_at
"""
_STRETCHES = "COPY run_stretch (run_id, inode, begins, ends) FROM STDIN"
_READ = """
    INSERT INTO log_position (file, inode, place, lines, mark, noted_from)
    VALUES (%(file)s, %(inode)s, %(place)s, 0, %(mark)s, 0)
"""
_HMAC = "hmac-sha256:" + 64 * "0"


def write(connection: psycopg.Connection, log: Path) -> None:
    """Write a log of all runs in the tables in order of time, 16 lines or 11 kB per run, and note where each one's stand."""
    log.parent.mkdir(parents=True, exist_ok=True)
    stretches = []
    with log.open("wb") as file, connection.cursor("runs") as runs, connection.transaction():
        inode = os.fstat(file.fileno()).st_ino
        for run in runs.execute(_RUNS):
            begins = file.tell()
            file.writelines(line.encode() for line in _lines(run))
            stretches.append((run[0], inode, begins, file.tell()))
    with connection.cursor() as notes, notes.copy(_STRETCHES) as rows:
        for each in stretches:
            rows.write_row(each)
    with log.open("rb") as file:
        reached = LogPlace.at(log.stat().st_size, file)
    connection.execute(
        _READ, {"file": str(log), "inode": inode, "place": reached.place, "mark": reached.mark}
    )


def _lines(run: tuple[Any, ...]) -> Iterator[str]:
    run_id, began, wrapping, token, login, issues, tools = run
    metadata = {"attempt": "1", "role_name": "triage-run", "run_id": run_id}
    its = {"accessor": token, "metadata": metadata}
    requests: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
        (f"unwrap-{run_id}", "sys/wrapping/unwrap", {"accessor": wrapping}, {}),
        (login, "auth/approle/login", {}, {"auth": its}),
        *(
            (request, f"auth/token/create/{tool}", its, {})
            for request, tool in zip(issues, tools, strict=True)
        ),
        (f"revoke-{run_id}", "auth/token/revoke-self", its, {}),
    ]
    for number, (request_id, path, auth, response) in enumerate(requests):
        for later, kind in enumerate(("request", "response")):
            time = began + timedelta(milliseconds=100 * number + later)
            line = {
                "time": time.isoformat().replace("+00:00", "Z"),
                "type": kind,
                "auth": {"client_token": _HMAC, "policies": ["triage-run"], "token_type": "service", **auth},
                "request": {
                    "id": request_id,
                    "operation": "update",
                    "mount_accessor": "auth_token_a1bcd459",
                    "client_token": _HMAC,
                    "path": path,
                    "remote_address": "127.0.0.1",
                },
                **(
                    {"response": {"mount_type": "token", "data": {"token": _HMAC}, **response}}
                    if later
                    else {}
                ),
            }
            yield json.dumps(line, separators=(",", ":")) + "\n"
