"""What vault and tools log of a made-up day of runs, in the shapes of the real logs."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from app.credentials.approle import LOGIN_PATH, MINT_PATH, RUN_ROLE
from app.credentials.grants import DatabaseUser
from app.procurement.systems import SYSTEMS, System
from benchmarks.made_day import MadeRun

#: Lines that the vault writes for one run: a question and an answer for each request.
LINES = 32
_HMAC = "hmac-sha256:" + 64 * "0"
_ADDRESS = "127.0.0.1"


def write_logs(runs: Iterable[MadeRun], vault_log: Path, tool_logs: dict[str, Path]) -> None:
    """Add what vault and tools logged of these runs to their logs, in order of time."""
    with ExitStack() as opened:
        vault = opened.enter_context(vault_log.open("a", encoding="utf-8"))
        tools = {
            name: opened.enter_context(log.open("a", encoding="utf-8")) for name, log in tool_logs.items()
        }
        for run in runs:
            vault.writelines(_vault_lines(run))
            for system in SYSTEMS:
                _write_use(tools[system.name], run, system)


def log_paths(folder: Path) -> dict[str, Path]:
    """A log for each tool, by its name."""
    return {system.name: folder / f"{system.name}.log" for system in SYSTEMS}


def _vault_lines(run: MadeRun) -> Iterator[str]:
    metadata = {"attempt": "1", "job_id": "ACT-1", "role_name": RUN_ROLE, "run_id": run.name("run")}
    its = {"accessor": run.name("token"), "metadata": metadata}
    other = {"accessor": "sweeper", "metadata": {"role_name": "triage-sweeper"}}
    bound = {"metadata": json.dumps({name: metadata[name] for name in ("run_id", "attempt", "job_id")})}
    wrap = {"wrap_info": {"accessor": run.name("wrapping"), "wrapped_accessor": run.name("secret id")}}
    yield from _request(run, 0, "mint", MINT_PATH, other, answer=wrap, asked=bound)
    yield from _request(run, 20, "unwrap", "sys/wrapping/unwrap", {"accessor": run.name("wrapping")})
    yield from _request(run, 40, "login", LOGIN_PATH, its, answer={"auth": its}, asked={"secret_id": _HMAC})
    for number, system in enumerate(SYSTEMS, 1):
        answer: dict[str, Any] = {"data": {"token": _HMAC, "ttl": 120}}
        if accessor := run.accessor(system):
            answer = {"auth": {"accessor": accessor, "client_token": _HMAC, "metadata": metadata}}
        if lease := run.lease(system):
            answer = {"data": {"username": run.user(), "password": _HMAC}, "secret": {"lease_id": lease}}
        yield from _request(
            run, 100 + number, f"issue {system.name}", system.credential.path, its, answer=answer
        )
    keys = [accessor for system in SYSTEMS if (accessor := run.accessor(system))]
    for accessor in keys:
        key = {"accessor": accessor, "metadata": metadata}
        yield from _request(run, 200, f"use {accessor}", "auth/token/lookup-self", key)
    yield from _request(run, 900, "revoke", "auth/token/revoke-self", its)
    for number in range(LINES // 2 - 9 - len(keys)):
        yield from _request(run, 950, f"ask {number}", "auth/token/lookup-accessor", other)


def _request(
    run: MadeRun, later: int, what: str, path: str, auth: dict[str, Any], **more: dict[str, Any]
) -> Iterator[str]:
    """Question and answer, so many milliseconds after the beginning. `more`: what is asked, and what is answered."""
    request = {
        "id": run.name(what),
        "client_id": _HMAC,
        "operation": "update",
        "mount_point": f"{path.partition('/')[0]}/",
        "mount_accessor": "auth_token_a1bcd459",
        "client_token": _HMAC,
        "client_token_accessor": auth.get("accessor", ""),
        "path": path,
        "data": more.get("asked"),
        "remote_address": _ADDRESS,
        "remote_port": 40_000,
    }
    who = {
        "client_token": _HMAC,
        "policies": [RUN_ROLE],
        "token_type": "service",
        "entity_id": run.name("entity"),
    }
    for kind in ("request", "response"):
        line = {
            "time": run.at(later).isoformat().replace("+00:00", "Z"),
            "type": kind,
            "auth": who | auth,
            "request": request,
            **({"response": {"mount_type": "token", **more.get("answer", {})}} if kind == "response" else {}),
        }
        yield json.dumps(line, separators=(",", ":")) + "\n"


def _write_use(log: TextIO, run: MadeRun, system: System) -> None:
    at = run.at(200)
    if isinstance(system.credential, DatabaseUser):
        shown = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"
        log.write(
            f"{shown} [4711] {_ADDRESS} LOG:  connection authorized: user={run.user()} database=ledger\n"
        )
        return
    use = {
        "time": at.isoformat(),
        "fingerprint": run.fingerprint(system),
        "method": "GET",
        "route": "/records",
        "status": 200,
        "subject": run.accessor(system) or run.name("run"),
        "remote_address": _ADDRESS,
    }
    log.write(json.dumps(use, separators=(",", ":")) + "\n")
