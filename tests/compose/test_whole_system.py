"""From an empty machine to findings, through a restart and a crash, and down again.  The tests build on each other."""

import base64
import hashlib
import json
import socket
import ssl
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import sync_playwright

from tests.compose.system import Container, System
from tests.e2e.conftest import QUIET, chromium_path, sign_in

PROCESSES = ("dispatcher", "sweeper", "switch", "web")
ALL = {
    *("postgres", "valkey", "vault", "sam-gov", "debarment", "contracts", "documents", "identity-provider"),
    *("dispatcher", "sweeper", "reconciler", "switch", "worker", "web", "rotator", "proxy"),
}
INBOX = "/data/demo/scenarios/inbox.json"
TOOLS = {"sam-gov", "debarment", "contracts", "documents", "ledger"}


def test_every_process_runs_and_none_had_to_be_restarted(up):
    running = up.containers()
    assert Counter(each.service for each in running) == {**dict.fromkeys(ALL, 1), "worker": 2}
    assert not [each.name for each in running if each.told["RestartCount"]]


def test_a_person_signs_in_with_a_browser(up):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=[*QUIET, *believing(certificate(up))]
        )
        page = browser.new_context(base_url=up.pages, locale="en-US").new_page()
        page.set_default_timeout(20_000)
        sign_in(page, "officer-a")
        assert page.url.startswith(f"{up.pages}/flags")
        browser.close()


def test_twelve_actions_are_triaged_with_every_tool_answering(up):
    assert triage_all(up) == expected(up)


def test_the_vaults_log_is_read_from_both_devices_and_proven_as_it_was_read(up, until):
    program = """
import json
from sqlalchemy import text
from app import settings
from app.connections.database import connect

with connect(settings.load(), pool_size=1).connect() as connection:
    sources = connection.execute(text("SELECT source, problem, lines > 300 FROM log_source")).all()
    alarms = connection.execute(text("SELECT kind FROM alarm WHERE kind LIKE 'vault log%'")).all()
print(json.dumps([sorted(map(list, sources)), list(map(list, alarms))]))
"""
    devices = [[name, None, True] for name in ("vault-log", "vault-log-2")]

    def both() -> list[Any] | None:
        sources, alarms = json.loads(up.python("web", program))
        return [alarms] if all(each in sources for each in devices) else None

    assert until(both, seconds=30, what="both logs of the vault") == [[]]
    proof = json.loads(up.triage("audit", "verify", "--json"))
    assert (proof["verdict"], proof["missing"], proof["changed"]) == ("pass", [], [])


def test_new_passwords_a_vault_restart_and_a_killed_worker_lose_nothing(up):
    for server in ("database", "broker"):
        rotate = ("python", "-m", "infra.provision", "rotate", server, "--end-sessions")
        assert "new password" in up.compose("run", "--rm", "--no-TTY", "--no-deps", "provision", *rotate)
    up.compose("restart", "vault")
    worker = up.containers("worker")[0]
    with ThreadPoolExecutor(1) as beside:
        lost = beside.submit(kill_at_work, up, worker)
        assert triage_all(up) == expected(up)
    assert len(up.containers("worker")) == 1
    (run,) = [run for run in up.runs() if run["run_id"] == lost.result()]
    assert run["attempt"] > 1
    up.up("--no-recreate")
    assert len(up.containers("worker")) == 2


def kill_at_work(up: System, worker: Container) -> str:
    """Kill this worker in the middle of a run, and say which."""
    program = """
import sys
import time
from sqlalchemy import text
from app import settings
from app.connections.database import connect

query = text("SELECT run_id FROM attempt WHERE starts_with(worker, :name) AND ended_at IS NULL")
deadline = time.monotonic() + 60
with connect(settings.load(), pool_size=1).connect() as connection:
    while (found := connection.scalar(query, {"name": sys.argv[1]})) is None and time.monotonic() < deadline:
        connection.rollback()
        time.sleep(0.02)
print(found)
"""
    run = up.python("web", program, f"{worker.id[:12]}:").strip()
    up.docker("kill", worker.id)
    return run


def test_a_second_provisioning_changes_nothing(up):
    for service, steps in (("keys", 1), ("provision", 4)):
        said = up.compose("run", "--rm", "--no-TTY", "--no-deps", service).splitlines()
        assert [line.partition(": ")[2] for line in said] == ["nothing to change"] * steps, said


def test_each_secret_id_has_been_replaced_without_a_restart(up, until):
    def rounds() -> Counter[str]:
        said = up.compose("logs", "--no-log-prefix", "rotator").splitlines()
        return Counter(line.split(": ")[1] for line in said if ": replaced" in line)

    until(lambda: all(rounds()[owner] >= 3 for owner in PROCESSES), seconds=90, what="the third rotation")
    assert all(each.told["RestartCount"] == 0 for each in up.containers(*PROCESSES))


def test_findings_are_still_there_after_the_system_was_taken_down(up, figures):
    before = sorted(run["run_id"] for run in up.runs())
    began = time.monotonic()
    up.compose("down", "--timeout", "10")
    up.up()
    figures["down and up again"] = f"{time.monotonic() - began:.0f} s"
    assert sorted(run["run_id"] for run in up.runs()) == before


def triage_all(up: System) -> dict[str, Any]:
    """Request a run of each of the twelve actions; once all have ended, what each found and which tools were silent."""
    program = f"""
import json, time
from typer.testing import CliRunner
from app.cli.main import app

def said(*words):
    return CliRunner().invoke(app, words, catch_exceptions=False).stdout

before = {{run["run_id"] for run in json.loads(said("runs", "--json"))}}
said("submit", "{INBOX}", "--run")
deadline = time.monotonic() + 120
while time.monotonic() < deadline:
    runs = [run for run in json.loads(said("runs", "--json")) if run["run_id"] not in before]
    if len(runs) == 12 and all(run["finished_at"] for run in runs):
        break
    time.sleep(0.2)
print(json.dumps([json.loads(said("lineage", run["run_id"], "--json")) for run in runs]))
"""
    lineages = json.loads(up.python("web", program))
    assert [lineage["run"]["state"] for lineage in lineages] == ["completed"] * 12
    return {lineage["run"]["action_id"]: outcome(lineage) for lineage in lineages}


def outcome(lineage: dict[str, Any]) -> tuple[set[tuple[str, str]], set[str]]:
    last = lineage["run"]["attempt"]
    steps = [step for step in lineage["steps"] if step["attempt"] == last]
    assert {step["tool"] for step in steps} == TOOLS
    found = {(each["rule"], each["subject"]) for each in lineage["flags"]}
    return found, {step["tool"] for step in steps if step["outcome"] != "answered"}


def expected(up: System) -> dict[str, Any]:
    """The same as the scenarios state it: a tool is silent only where a scenario has it fail."""
    program = """
import json, pathlib
print(json.dumps([json.loads(path.read_text()) for path in pathlib.Path("/data/demo/scenarios/cases").iterdir()]))
"""
    cases = json.loads(up.python("web", program))
    return {
        case["action"]["action_id"]: (
            {(each["rule"], each["subject"]) for each in case["expected"]},
            set(case.get("faults", {})),
        )
        for case in cases
    }


def certificate(up: System) -> bytes:
    """What the proxy shows, believed on the word of the authority that provisioning made."""
    authority = up.compose("exec", "--no-TTY", "proxy", "cat", "/secrets/proxy/ca.pem")
    trust = ssl.create_default_context(cadata=authority)
    pages = urlsplit(up.pages)
    with (
        socket.create_connection(("127.0.0.1", pages.port), 10) as plain,
        trust.wrap_socket(plain, server_hostname=pages.hostname) as encrypted,
    ):
        shown = encrypted.getpeercert(binary_form=True)
    assert shown is not None
    return shown


def believing(shown: bytes) -> list[str]:
    """Options that make Chromium believe this key; it knows no other way to be given an authority for one start."""
    key = x509.load_der_x509_certificate(shown).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return [f"--ignore-certificate-errors-spki-list={base64.b64encode(digest).decode()}"]
