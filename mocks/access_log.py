"""Each use of a service as one JSON line: who, with which credential, for what, and how it was answered."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One answered request. `fingerprint` is the SHA-256 of the credential, in hex; the credential is nowhere."""

    service: str
    fingerprint: str | None
    method: str
    route: str
    query: dict[str, str]
    status: int
    reason: str | None
    subject: str | None


class AccessLog:
    """Appends to a file that stays open. Lines of concurrent threads and processes do not mix."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def append(self, access: Access) -> None:
        """Write one line. Raises OSError when it cannot be written whole: an unlogged use is not answered."""
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        line = json.dumps({"time": now, **asdict(access)}, separators=(",", ":")).encode() + b"\n"
        if os.write(self._file, line) != len(line):
            raise OSError("the access log took only part of a line")


def fingerprint(credential: str) -> str:
    """SHA-256 of a credential, in hex."""
    return hashlib.sha256(credential.encode("utf-8", "surrogateescape")).hexdigest()
