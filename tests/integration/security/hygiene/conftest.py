"""A search through everything the system stores, sends, prints or shows."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import httpx
import psutil
import pytest
import redis

#: This many characters of a secret are a find.
PART = 20
#: Several commands in one process, since starting one takes a second.
COMMANDS = """
import sys
from app.cli.main import app
for line in sys.argv[1:]:
    try:
        app(line.split())
    except SystemExit as end:
        assert not end.code
"""


def spellings(secret: str) -> set[str]:
    """How either end of a secret could look: as it is, escaped, in hex, in base64 at any of three offsets."""
    found = set()
    for part in (secret[:PART], secret[-PART:]):
        raw = part.encode()
        found |= {part, quote(part, safe=""), json.dumps(part)[1:-1], raw.hex(), raw.hex().upper()}
        for offset in range(3):
            # The first and the last characters also depend on what stands next to the secret.
            text = base64.b64encode(b"x" * offset + raw).decode().rstrip("=")
            found.add(text[(0, 2, 3)[offset] : -2])
    return found


@dataclass(frozen=True, kw_only=True)
class Search:
    """Looks through everything that is stored, sent, printed or shown."""

    system: Any
    broker: redis.Redis
    folder: Path
    served: Callable[[str], httpx.Client]
    pdf_text: Callable[[bytes], str]

    def find(self, secrets: set[str], *, exports: bool = True) -> set[tuple[str, str]]:
        """Place and spelling of each find. Making `exports` takes the most time."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        (needles := self.folder.with_suffix(".needles")).write_text(
            "\n".join({spelling for secret in secrets for spelling in spellings(secret)})
        )
        self._broker()
        self._databases()
        self._pages()
        if exports:
            self._exports()
        self._lineage()
        self._processes()
        homes = [self.system.stack.layout.home, self.system.vault.layout.home]
        line = ["grep", "-r", "-a", "-o", "-H", "-F", "--null", "-f", needles, "--exclude-dir=secrets"]
        done = subprocess.run(
            [*line, self.folder, *homes], capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False
        )
        trouble = done.stderr.decode().splitlines()
        # PostgreSQL may remove a file of its own meanwhile.
        assert all(line.endswith("No such file or directory") for line in trouble), trouble
        found = (each.split("\0") for each in done.stdout.decode().splitlines())
        return {(str(place), spelling) for place, spelling in found}

    def _write(self, name: str, content: bytes) -> None:
        (self.folder / name.replace("/", "_")).write_bytes(content)

    def _broker(self) -> None:
        read = {
            "list": lambda key: self.broker.lrange(key, 0, -1),
            "hash": self.broker.hgetall,
            "set": self.broker.smembers,
            "zset": lambda key: self.broker.zrange(key, 0, -1, withscores=True),
            "string": self.broker.get,
        }
        for key in self.broker.keys("*"):
            self._write(f"broker {key}", repr(read[self.broker.type(key)](key)).encode())

    def _databases(self) -> None:
        for database in ("triage", "ledger"):
            with self.system.stack.services.database.connect(database) as connection:
                tables = connection.execute(
                    "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables"
                    " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('information_schema')"
                ).fetchall()
                for (table,) in [*tables, ("(SELECT * FROM pg_stat_activity)",)]:
                    source = table if table.startswith("(") else f"(SELECT * FROM {table})"  # noqa: S608
                    with connection.cursor().copy(f"COPY {source} TO STDOUT") as copy:
                        self._write(f"{database} {table}", b"".join(map(bytes, copy)))

    def _runs(self) -> list[str]:
        newest = self.system.rows("SELECT run_id FROM run ORDER BY requested_at DESC LIMIT 14")
        return [str(row["run_id"]) for row in newest]

    def _pages(self) -> None:
        flags = [str(row["flag_id"]) for row in self.system.rows("SELECT * FROM flag")]
        paths = ["/flags", "/runs", "/stack", "/nowhere", *(f"/runs/{run}" for run in self._runs())]
        web, shown = self.served("auditor-a"), 0
        for path in [*paths, *(f"/flags/{flag}" for flag in flags[-5:])]:
            answer = web.get(path)
            shown += answer.status_code == 200
            self._write(f"page {path}", answer.content + repr(answer.headers.raw).encode())
        assert shown > 2

    def _exports(self) -> None:
        actions = self.system.rows(
            "SELECT job_id FROM run GROUP BY 1 ORDER BY max(requested_at) DESC LIMIT 14"
        )
        web = self.served("auditor-a")
        for action in (row["job_id"] for row in actions):
            answer = web.get(f"/actions/{action}/contract-file.zip")
            assert answer.status_code == httpx.codes.OK, answer.text
            with ZipFile(BytesIO(answer.content)) as bundle:
                assert {"contract-file.json", "manifest.json"} <= set(bundle.namelist())
                for name in bundle.namelist():
                    self._write(f"export {action} {name}", bundle.read(name))
                printed = self.pdf_text(bundle.read("contract-file.pdf"))
            # One text with its line ends, one without: a long word is printed on several lines.
            self._write(f"export {action} printed", f"{printed}\n{''.join(printed.split())}".encode())
        for path in ("/flags.csv?status=any&earlier=1", "/flags.json?status=any&earlier=1"):
            answer = web.get(path)
            assert answer.status_code == httpx.codes.OK, answer.text
            self._write(f"export {path}", answer.content)

    def _lineage(self) -> None:
        runs = [
            str(row["run_id"]) for row in self.system.rows("SELECT run_id FROM run ORDER BY requested_at")
        ]
        lines = ["runs --json", "flags --json", *(f"lineage {run} --json" for run in runs[-20:])]
        done = subprocess.run(
            [sys.executable, "-c", COMMANDS, *lines],
            env={**os.environ, **self.system.stack.environment("cli")},
            capture_output=True,
            check=True,
        )
        self._write("commands", done.stdout + done.stderr)

    def _processes(self) -> None:
        for process in psutil.process_iter():
            for name in ("cmdline", "environ"):
                try:
                    content = Path(f"/proc/{process.pid}/{name}").read_bytes()
                except OSError:
                    continue  # ended meanwhile, or not ours to read
                self._write(f"{name} {process.pid}", content)


@pytest.fixture(scope="module")
def broker(system) -> Iterator[redis.Redis]:
    """The broker's administrator; only the object that started the broker has the password."""
    port = int(system.stack.endpoints["valkey"].rsplit(":", 1)[1])
    with system.stack.startup.broker.administrator(port) as connection:
        yield connection


@pytest.fixture(scope="module")
def search(system, broker, served, pdf_text, tmp_path_factory) -> Search:
    folder = tmp_path_factory.mktemp("search") / "everything"
    return Search(system=system, broker=broker, folder=folder, served=served, pdf_text=pdf_text)
