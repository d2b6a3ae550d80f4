"""What the plays of the runbook tell an operator to run, as it stands there."""

import base64
import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

RUNBOOK = (Path(__file__).resolve().parents[3] / "docs/runbook.md").read_text(encoding="utf-8")
ISSUING = ("auth/approle/login", "auth/token/create/", "database/creds/", "identity/oidc/token/")
TOOLS = {"sam-gov", "debarment", "contracts", "documents", "ledger"}


def play(heading):
    return re.search(rf"^### {heading}\n(.*?)^##", RUNBOOK, re.MULTILINE | re.DOTALL)[1]


def blocks(heading, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", play(heading), re.MULTILINE | re.DOTALL)


@pytest.fixture
def ask(system):
    """Runs a statement of the runbook as `psql -v name=value` would."""

    def run(statement, **values):
        written = re.sub(r":'(\w+)'", lambda name: f"'{values[name[1]]}'", statement)
        return system.rows(written.replace("%", "%%"))

    return run


@pytest.fixture(scope="module")
def window(system):
    """A run and the minute around it."""
    since = datetime.now(UTC)
    (run_id,) = system.run(system.actions[0])
    return run_id, since.isoformat(), (datetime.now(UTC) + timedelta(seconds=1)).isoformat()


@pytest.fixture
def issued(system, window):
    """Request ids of the vault's own lines about that run: its login and five credentials."""
    found = {
        line["request"]["id"]
        for line in system.audit_lines()
        if line["type"] == "response"
        and _run(line) == str(window[0])
        and line["request"]["path"].startswith(ISSUING)
    }
    assert len(found) == 1 + len(TOOLS)
    return found


def _run(line):
    told = (line.get("auth") or {}).get("metadata") or (line["response"].get("auth") or {}).get("metadata")
    return (told or {}).get("run_id")


def test_every_credential_of_a_window_is_found_in_the_database(ask, window, issued, until):
    run_id, since, end = window
    credentials, uses = blocks("Find every credential of a window", "sql")

    def found():
        rows = [row for row in ask(credentials, since=since, until=end) if row["run_id"] == run_id]
        ended = all(row["ended_at"] for row in rows if row["lease_id"] or row["accessor"])
        return ended and {row["request_id"] for row in rows} == issued

    until(found, what="each credential of the run, with its confirmed end")

    def used():
        return {row["system"] for row in ask(uses, since=since, until=end) if row["run_id"] == run_id}

    until(lambda: used() == TOOLS, what="its uses at every tool")


@pytest.mark.skipif(shutil.which("jq") is None, reason="no jq here")
def test_every_credential_of_a_window_is_found_in_the_vaults_log_alone(system, window, issued):
    run_id, since, _ = window
    (command,) = blocks("Find every credential of a window", "sh")
    command = re.sub(r"--arg since \S+", f"--arg since {since[:16]}", command)
    command = re.sub(r"--arg until \S+", "--arg until 9999", command)
    folder = system.vault.layout.audit_log.parent
    done = subprocess.run(  # noqa: S602  # it is the command of the runbook
        command, shell=True, cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert {row[-1] for row in rows if row[2] == str(run_id)} == issued


def test_what_a_host_completed_is_listed(system, ask, window):
    run_id, since, end = window
    (row,) = system.rows(
        "SELECT worker, job_id FROM attempt JOIN run USING (run_id) WHERE run_id = %s", run_id
    )
    (statement,) = blocks("A worker’s host is stolen", "sql")
    host = row["worker"].rpartition(":")[0]
    assert {"job_id": row["job_id"]} in ask(statement, host=host, since=since, until=end)
    assert ask(statement, host="another", since=since, until=end) == []


def test_a_new_signing_key_takes_the_earlier_one_away(system, insider):
    (path,) = re.findall(
        r"`bao write (identity/oidc/key/\S+) verification_ttl=0`",
        play("The key that signs tokens is in doubt"),
    )

    def published():
        return {
            key["kid"] for key in system.ask_vault("GET", "identity/oidc/.well-known/keys").json()["keys"]
        }

    with insider.run() as run:
        head = json.loads(_decoded(run.secret("sam-gov").split(".")[0]))
        assert head["kid"] in published()
        assert system.ask_vault("POST", path, {"verification_ttl": "0"}).is_success
        assert head["kid"] not in published()
        assert published()
    with insider.run() as run:
        assert insider.accepts("sam-gov", run.secret("sam-gov"))


def _decoded(part):

    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
