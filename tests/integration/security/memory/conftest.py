"""Reads the memory of another process, and tries whether any of it is a usable secret."""

import base64
import hashlib
import json
import os
import re
import string
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

#: What a run holds, by its shape: vault tokens of OpenBao and HashiCorp Vault, signed tokens, SecretIDs, passwords of
#: leased users. Anything else of these shapes does no harm, it just opens nothing.
SHAPES = {
    "vault token": rb"(?<!\w)(?:[sb]\.[A-Za-z0-9]{24}|hv[sb]\.[\w-]{24,200})(?!\w)",
    "signed token": rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{86}",
    "SecretID": rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "password": rb"^[A-Za-z0-9-]{20}$",
}
_WORD = b"-._" + (string.ascii_letters + string.digits).encode()
_BETWEEN = bytes(byte if byte in _WORD else 32 for byte in range(256))
_AT_ONCE = 1 << 24


class Memory:
    """What is found in all that a process could change (heaps, stacks, its libraries' data) and its environment."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @cached_property
    def found(self) -> dict[str, set[str]]:
        """Candidates by shape. Looked for when first asked, so that taking the memory itself is quick."""
        # Cut into words first: to look for the shapes in a hundred megabytes takes half a minute.
        words = {word for word in self._content.translate(_BETWEEN).split() if len(word) >= 20}
        self._content = b""
        return {
            shape: {found.decode() for word in words for found in re.findall(pattern, word)}
            for shape, pattern in SHAPES.items()
        }

    @classmethod
    def of(cls, pid: int) -> "Memory":
        parts = [Path(f"/proc/{pid}/environ").read_bytes()]
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
                span, rights, *_ = line.split()
                if rights.startswith("rw"):
                    with suppress(OSError):
                        parts += _parts(memory, *(int(part, 16) for part in span.split("-")))
        return cls(b"\0".join(parts))

    def recorded(self, system: Any) -> list[dict[str, Any]]:
        """The recorded credentials whose secret is here, each with that secret."""
        everything = set().union(*self.found.values())
        known = {hashlib.sha256(each.encode()).hexdigest(): each for each in everything}
        rows = system.rows("SELECT * FROM credential WHERE fingerprint = ANY(%s)", list(known))
        return [row | {"secret": known[row["fingerprint"]]} for row in rows]


def _parts(memory: Any, start: int, end: int) -> list[bytes]:
    parts = []
    memory.seek(start)
    while start < end and (part := memory.read(min(_AT_ONCE, end - start))):
        parts.append(part)
        start += len(part)
    return parts


@dataclass(frozen=True)
class Thief:
    """Tries what was found wherever it could be used."""

    insider: Any

    def opens(self, memory: Memory) -> set[str]:
        """What of it still opens something."""
        recorded = memory.recorded(self.insider.system)
        used = {row["secret"] for row in recorded if self._is_accepted(row)}
        tokens = {each for each in memory.found["vault token"] if self._is_live_token(each)}
        signed = {
            each
            for each in memory.found["signed token"]
            if any(self.insider.accepts(tool, each) for tool in ("sam-gov", "debarment"))
        }
        return used | tokens | signed | {each for each in memory.found["SecretID"] if self._logs_in(each)}

    def _is_accepted(self, row: dict[str, Any]) -> bool:
        return self.insider.accepts(row["tool"], row["secret"], user=row["service_user"] or "")

    def _is_live_token(self, token: str) -> bool:
        """Whether it is a token, or a wrapping token that was not opened."""
        lookup = self.insider.system.ask_vault("POST", "sys/wrapping/lookup", {"token": token}, token="")
        return lookup.is_success or self.insider.is_token(token)

    def _logs_in(self, secret_id: str) -> bool:
        data = {"role_id": self.insider.role_id.read(), "secret_id": secret_id}
        return self.insider.system.ask_vault("POST", "auth/approle/login", data, token="").is_success


def expires_in(signed_token: str) -> float:
    """Seconds."""
    body = signed_token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=="))["exp"] - time.time()


@pytest.fixture(scope="session")
def memory_of():
    """Reads the memory of a process."""
    if os.geteuid() != 0:
        pytest.skip("workers let nobody but root read their memory")
    return Memory.of


@pytest.fixture(scope="session")
def thief(insider) -> Thief:
    return Thief(insider)


@pytest.fixture(scope="session")
def seconds_left():
    """Until a signed token expires."""
    return expires_in
