"""The vault's audit log of the invented runs: two lines per request, in the vault's format and about its size."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

_RUNS = """
    SELECT run_id::text, requested_at, wrapping_accessor, token_accessor, login_request_id,
        array_agg(credential.request_id ORDER BY tool), array_agg(credential.tool ORDER BY tool)
    FROM run JOIN attempt USING (run_id) JOIN credential USING (run_id)
    GROUP BY run_id, requested_at, wrapping_accessor, token_accessor, login_request_id
    ORDER BY requested_at
"""
_HMAC = "hmac-sha256:" + 64 * "0"


def write(connection: psycopg.Connection, log: Path) -> None:
    """Write a log of all runs in the tables in order of time: 16 lines or 11 kB per run."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w", encoding="utf-8") as lines,
        connection.cursor("runs") as runs,
        connection.transaction(),
    ):
        for run in runs.execute(_RUNS):
            lines.writelines(_lines(run))


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
