"""What the vault's audit log says was issued to runs, read by itself: the project's own reader is what is measured."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

RUN_ROLE = "triage-run"
_LOGIN, _MINT = "auth/approle/login", f"auth/approle/role/{RUN_ROLE}/secret-id"


@dataclass(slots=True)
class Given:
    """What identities of runs were given: tokens and keys by accessor, database users by lease."""

    run_tokens: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    leases: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    wrapping_tokens: set[str] = field(default_factory=set)
    signed_tokens: int = 0
    signed_until: float = 0.0
    """When the last of the signed tokens expires, in seconds since the epoch."""


def given(log: Path) -> Given:
    """All of the log, with the files that it was rotated to."""
    found = Given()
    for line in _answers(log):
        path, answer = line["request"]["path"], line.get("response") or {}
        made = answer.get("auth") or {}
        if path == _LOGIN and (made.get("metadata") or {}).get("role_name") == RUN_ROLE:
            found.run_tokens.add(made["accessor"])
        elif path == _MINT:
            found.wrapping_tokens.add((answer.get("wrap_info") or {}).get("accessor", ""))
        elif ((line.get("auth") or {}).get("metadata") or {}).get("role_name") == RUN_ROLE:
            found.keys |= {made["accessor"]} if path.startswith("auth/token/create/") else set()
            if path.startswith("identity/oidc/token/"):
                found.signed_tokens += 1
                expires = datetime.fromisoformat(line["time"]).timestamp() + answer["data"]["ttl"]
                found.signed_until = max(found.signed_until, expires)
            if lease := (answer.get("secret") or {}).get("lease_id"):
                found.leases.add(lease)
                found.users.add(answer["data"]["username"])
    found.wrapping_tokens.discard("")
    return found


def _answers(log: Path) -> Iterator[dict[str, Any]]:
    """Whole lines with answers that are no refusals."""
    for file in sorted(log.parent.glob(f"{log.name}*")):
        written, _, _ = file.read_text(encoding="utf-8").rpartition("\n")
        for text in written.splitlines():
            line: dict[str, Any] = json.loads(text)
            if line["type"] == "response" and not line.get("error"):
                yield line
