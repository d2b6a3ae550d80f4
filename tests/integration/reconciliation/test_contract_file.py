"""A contract file of a running system: whoever has it finds what was forged, in the records or in the vault's log."""

import json
import os
import subprocess
import sys
from functools import partial
from zipfile import ZipFile

import pytest

from app.connections.database import connect, sessions
from app.contract_file.exporter import Exporter
from app.contract_file.log_reader import LogReader
from app.contract_file.log_records import LogRecords
from app.contract_file.verify import verify
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.log_coverage import SHARED
from app.reconciliation.report import reconcile_run
from app.review.roles import Person

ACTION = "ACT-2026-0004"
BY = Person.of(subject="auditor-a", name="Auditor A", roles=["auditor"])


@pytest.fixture(scope="module")
def watched(start_system, tmp_path_factory):
    """A system of its own, whose log is changed here."""
    with start_system(tmp_path_factory.mktemp("filed")) as running:
        yield running


@pytest.fixture(scope="module")
def export(watched, tmp_path_factory):
    """Exports the contract file with the login of the pages and verifies it: `path, checked = export()`."""
    settings = watched.settings("web")
    engine = connect(settings, pool_size=2)
    reader = LogReader(LogRecords(engine), settings.vault_audit_log)
    compare = partial(reconcile_run, engine, ISSUING_PATHS)
    exporter = Exporter.of(settings, sessions(engine), reader, compare)
    folder = tmp_path_factory.mktemp("files")

    def exported():
        made = exporter.contract_file(ACTION, BY)
        with made.file:
            path = folder / f"{made.record.digest}.zip"
            path.write_bytes(made.file.read())
        return path, verify(path, exporter.keys.public)

    yield exported
    engine.dispose()


@pytest.fixture(scope="module")
def filed(watched, export, until):
    """A contract file whose every line was read in time."""
    watched.run(ACTION)

    def proven():
        path, checked = export()
        assert checked.problems == []
        gaps = [premise for premise in checked.missing if premise != SHARED]
        return None if gaps else (path, checked)

    return until(proven, what="an export after the log was read")


def test_it_holds_the_vaults_line_of_each_credential_and_verifies_offline(watched, filed):
    path, _ = filed
    with ZipFile(path) as opened:
        manifest = json.loads(opened.read("manifest.json"))
        lines = b"".join(
            opened.read(name) for name in opened.namelist() if name.startswith("vault-log/")
        ).splitlines()
    own = [line for line in lines if line.startswith(b"{")]
    answered = {json.loads(line)["request"]["id"] for line in own if b'"type":"response"' in line}
    issued = {row["request_id"] for row in manifest["credentials"]}
    logins = {row["login_request_id"] for row in manifest["identities"]}
    assert len(issued) == 5
    assert issued | logins <= answered
    log = watched.vault.layout.audit_log.read_bytes().splitlines()
    assert set(own) <= set(log)
    keys = watched.stack.layout.home / "keys-of-this-test.json"
    keys.write_text(watched.stack.layout.export_keys.read_text())
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "verify", path, "--keys", keys, "--shared-user"],
        env={"PATH": os.environ["PATH"], "TRIAGE_HOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "The vault's log agrees with every identity and credential on record." in done.stdout
    assert done.stdout.endswith("Verdict: pass\n")


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        ("credential.request_id", "is recorded, but not in the vault's log."),
        ("credential.accessor", "the record says accessor forged, the vault's log "),
        ("credential.lease_id", "the record says lease forged, the vault's log "),
        ("credential.service_user", "the record says user forged, the vault's log "),
        ("attempt.token_accessor", "the record says accessor forged, the vault's log "),
        ("attempt.secret_id_accessor", "the record says SecretID accessor forged, the vault's log "),
    ],
)
@pytest.mark.usefixtures("filed")
def test_a_forged_record_is_not_signed_as_whole(watched, export, forged, said):
    table, column = forged.split(".")
    key = {"credential": "credential_id", "attempt": "number"}[table]
    (row, *_) = watched.rows(
        f"SELECT {key} AS key, {column} AS was FROM {table} WHERE {column} IS NOT NULL ORDER BY 1"  # noqa: S608
    )
    change = f"UPDATE {table} SET {column} = %s WHERE {key} = %s"  # noqa: S608  # names of this test
    watched.execute(change, "forged", row["key"])
    try:
        problems = export()[1].problems
    finally:
        watched.execute(change, row["was"], row["key"])
    assert any(said in problem for problem in problems), problems
    assert export()[1].problems == []


def test_a_line_changed_in_the_log_breaks_the_chain_of_the_next_file_and_not_of_the_last(
    watched, export, filed
):
    """Last in this file: the log stays changed."""
    path, _ = filed
    with ZipFile(path) as opened:
        (request_id, *_) = (
            each["request_id"] for each in json.loads(opened.read("manifest.json"))["credentials"]
        )
    log = watched.vault.layout.audit_log
    content = log.read_bytes()
    place = content.index(f'"id":"{request_id}"'.encode())
    place = content.index(b'"remote_address":"127', place) + len(b'"remote_address":"')
    with log.open("r+b") as file:
        file.seek(place)
        file.write(b"128")
    problems = export()[1].problems
    assert any("differs from what was read up to anchor" in problem for problem in problems), problems
    assert verify(path, None).problems == [
        "The signature is unproven: there is no key set to check it with. Name one with --keys."
    ]
