"""Exports of the running system: complete, signed, on record, and only for those who may take data out."""

import csv
import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4
from zipfile import ZipFile

import pikepdf
import psycopg
import pytest
from sqlalchemy import Engine, event

from app.connections.secret_files import SettingsError
from app.contract_file.keys import PublicKeys
from app.contract_file.verify import verify
from app.procurement.federal_time import eastern_day
from app.procurement.rules import RULES
from app.review.flag_history import Decision, EventKind
from app.review.reviews import Reviews
from app.web.application import create_app

pytestmark = pytest.mark.whole_system

ACTION = "ACT-2026-0009"


@pytest.fixture(scope="module")
def exported(system):
    """An action with findings of which one was decided and undone."""
    (run_id,) = system.run(ACTION)
    (flag, *_) = system.rows("SELECT * FROM flag WHERE run_id = %s ORDER BY rule, subject", run_id)
    reviews = Reviews(system.sessions)
    who = {"by": "officer-a", "by_name": "Contracting Officer A"}
    for version, kind, decision in ((0, EventKind.DECIDED, Decision.CONFIRMED), (1, EventKind.UNDONE, None)):
        reviews.add(
            flag["flag_id"],
            version=version,
            kind=kind,
            decision=decision,
            rationale='=HYPERLINK("http://example.com") <script>alert(1)</script> #eval("1")',
            **who,
        )
    return run_id


@pytest.fixture
def bundle(exported, client, tmp_path):
    """The bundle as it was sent, and a file that holds it."""
    answer = client.get(f"/actions/{ACTION}/contract-file.zip")
    assert answer.status_code == 200, answer.text
    path = tmp_path / "bundle.zip"
    path.write_bytes(answer.data)
    return answer, path


@pytest.fixture
def keys(client_of):
    answer = client_of(persona=None).get("/.well-known/triage-export-keys.json")
    assert answer.status_code == 200
    return PublicKeys.parse(answer.data)


def test_the_bundle_is_as_signed_with_the_key_that_is_served_to_everybody(bundle, keys):
    answer, path = bundle
    assert answer.content_type == "application/zip"
    assert answer.headers["Content-Disposition"].startswith(
        f'attachment; filename="contract-file-{ACTION}-20'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    verdict = verify(path, keys)
    assert verdict.problems == []
    assert verdict.signed_by in {key["kid"] for key in keys.as_set()["keys"]}


def test_the_bundle_holds_every_answer_as_the_call_recorded_it(bundle, system, exported):
    with ZipFile(bundle[1]) as opened:
        told = json.loads(opened.read("contract-file.json"))["runs"]
        found = {
            name.removeprefix("answers/"): hashlib.sha256(opened.read(name)).hexdigest()
            for name in opened.namelist()
            if name.startswith("answers/")
        }
    # Earlier tests decided on flags of earlier runs, which are then in the file as well.
    runs = [each["run_id"] for each in told]
    assert str(exported) in runs
    calls = system.rows("SELECT * FROM call WHERE run_id = ANY(%s::uuid[])", runs)
    assert found == {str(row["call_id"]): row["answer_digest"] for row in calls}
    assert len(found) >= 5


def test_it_equals_the_database(bundle, system, exported):
    with ZipFile(bundle[1]) as opened:
        stated = json.loads(opened.read("contract-file.json"))
        manifest = json.loads(opened.read("manifest.json"))
    flags = system.rows("SELECT * FROM flag WHERE run_id = %s", exported)
    assert {each["flag_id"] for each in stated["flags"]} >= {str(row["flag_id"]) for row in flags}
    assert stated["latest_completed_run"] == str(exported)
    (run,) = (each for each in stated["runs"] if each["run_id"] == str(exported))
    issued = system.rows("SELECT * FROM credential WHERE run_id = %s", exported)
    for name in ("request_id", "fingerprint", "accessor", "lease_id"):
        assert {each[name] for each in run["credentials"]} == {row[name] for row in issued}
        assert {row[name] for row in issued} <= {each[name] for each in manifest["credentials"]}
    outcomes = {each["rule"]: each["outcome"] for each in stated["checks"][str(exported)]}
    assert {rule for rule, outcome in outcomes.items() if outcome == "values differ"} == {
        row["rule"] for row in flags
    }
    assert len(outcomes) == len(RULES)
    decided = [each for each in manifest["decisions"] if each["events"]]
    assert [event["kind"] for event in decided[0]["history"]] == ["decided", "undone"]


def test_a_decision_on_a_flag_of_an_earlier_run_stays_in_the_file(system, client, tmp_path, keys):
    action = "ACT-2026-0011"
    (first,) = system.run(action)
    (flag, *_) = system.rows("SELECT * FROM flag WHERE run_id = %s", first)
    Reviews(system.sessions).add(
        flag["flag_id"],
        version=0,
        kind=EventKind.DECIDED,
        decision=Decision.REFERRED,
        rationale="For counsel.",
        office="Legal Counsel",
        due_on=eastern_day(datetime.now(UTC)),
        by="officer-b",
        by_name="Contracting Officer B",
    )
    system.run(action)
    path = tmp_path / "bundle.zip"
    path.write_bytes(client.get(f"/actions/{action}/contract-file.zip").data)
    assert verify(path, keys).problems == []
    with ZipFile(path) as opened:
        stated = json.loads(opened.read("contract-file.json"))
    (old,) = (each for each in stated["flags"] if each["flag_id"] == str(flag["flag_id"]))
    assert (old["status"], old["current"], old["history"][0]["rationale"]) == (
        "referred",
        False,
        "For counsel.",
    )
    (new,) = (each for each in stated["flags"] if each["previous"] == str(flag["flag_id"]))
    due_on = str(eastern_day(datetime.now(UTC)))
    for each in (old, new, old["history"][0], new["earlier"][0]["history"][0]):
        assert (each["office"], each["due_on"]) == ("Legal Counsel", due_on)
    assert len(stated["runs"]) == 2


def test_a_check_not_performed_is_reported(system, client):
    system.run("ACT-2026-0007")
    answer = client.get("/actions/ACT-2026-0007/contract-file.zip")
    with ZipFile(io.BytesIO(answer.data)) as opened:
        stated = json.loads(opened.read("contract-file.json"))
    checks = {each["rule"]: each for each in stated["checks"][stated["latest_completed_run"]]}
    assert checks["D01"]["outcome"] == "not made"
    assert checks["D01"]["reason"] == "Contract documents: answered HTTP 500"
    assert checks["R01"]["outcome"] == "nothing differs"


def test_an_action_without_a_run_has_a_file_that_says_so(submitted, client, keys, tmp_path):
    action = submitted()
    path = tmp_path / "bundle.zip"
    path.write_bytes(client.get(f"/actions/{action}/contract-file.zip").data)
    assert verify(path, keys).problems == []
    with ZipFile(path) as opened:
        assert json.loads(opened.read("contract-file.json"))["latest_completed_run"] is None


def test_the_pdf_alone_is_tagged_and_named(exported, client):
    answer = client.get(f"/actions/{ACTION}/contract-file.pdf")
    assert answer.content_type == "application/pdf"
    assert ".pdf" in answer.headers["Content-Disposition"]
    with pikepdf.open(io.BytesIO(answer.data)) as file:
        assert file.Root.MarkInfo.Marked
        assert len(file.pages) > 3


def test_the_queue_goes_out_whole_and_with_its_filter(exported, client, system):
    everything = list(
        csv.DictReader(io.StringIO(client.get("/flags.csv").data.decode("utf-8-sig"), newline=""))
    )
    current = system.rows("SELECT * FROM flag WHERE current AND status <> 'closed'")
    assert {row["Flag"] for row in everything} == {str(row["flag_id"]) for row in current}
    some = json.loads(client.get("/flags.json?severity=advisory&sort=raised").data)
    assert some["filter"] == {"settled": False, "severity": "advisory"}
    assert {each["flag_id"] for each in some["flags"]} == {
        str(row["flag_id"]) for row in current if row["severity"] == "advisory"
    }
    times = [each["raised_at"] for each in some["flags"]]
    assert times == sorted(times)
    for each in some["flags"]:
        values = system.rows(
            "SELECT value FROM compared_value WHERE flag_id = %s ORDER BY position",
            each["flag_id"],
        )
        assert [value["value"] for value in each["values"]] == [row["value"] for row in values]


@pytest.mark.parametrize(
    "query",
    ["severity=none", "sort=random", "rule=Z99", "status=gone", "vendor=" + "x" * 300, "q=%00", "settled=1"],
)
def test_an_unknown_filter_exports_nothing(client, system, query):
    (before,) = system.rows("SELECT count(*) FROM export_record")
    assert client.get(f"/flags.csv?{query}").status_code == 400
    assert system.rows("SELECT count(*) FROM export_record") == [before]


def test_hostile_text_is_exported_inert(client, submitted, system):
    hostile = '=cmd|"/C calc"!A0'
    action = submitted(
        description=hostile, vendors=[{"uei": "ZZ98WEBTEST1", "name": hostile, "role": "prime", "cage": None}]
    )
    system.run(action)
    rows = csv.DictReader(io.StringIO(client.get("/flags.csv").data.decode("utf-8-sig"), newline=""))
    cells = [cell for row in rows for name, cell in row.items() if name != "Amount (USD)"]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert any(cell == f"'{hostile}" for cell in cells)
    assert client.get(f"/actions/{action}/contract-file.pdf").data.startswith(b"%PDF")


@pytest.mark.parametrize("address", ["/actions/NOBODY/contract-file.zip", "/actions/=1+1/contract-file.pdf"])
def test_an_unknown_action_is_not_found(client, read, address):
    read(client, address, status=404)


@pytest.mark.parametrize(
    "address",
    [
        f"/actions/{ACTION}/contract-file.zip",
        f"/actions/{ACTION}/contract-file.pdf",
        "/flags.csv",
        "/flags.json",
    ],
)
def test_officers_and_auditors_may_take_data_out_and_others_may_not(exported, signed_in, client_of, address):
    assert [signed_in(each).get(address).status_code for each in ("officer-a", "auditor-a")] == [200, 200]
    assert signed_in("operator-a").get(address).status_code == 403
    assert client_of(persona=None).get(address).status_code == 302


def test_every_export_is_recorded_with_its_digest(exported, signed_in, system):
    auditor = signed_in("auditor-a")
    for address, kind, action, query in (
        (f"/actions/{ACTION}/contract-file.zip", "contract-file.zip", ACTION, None),
        (f"/actions/{ACTION}/contract-file.pdf", "contract-file.pdf", ACTION, None),
        ("/flags.csv?severity=blocking", "flags.csv", None, "severity=blocking"),
        ("/flags.json", "flags.json", None, ""),
    ):
        answer = auditor.get(address)
        (row, *_) = system.rows("SELECT * FROM export_record ORDER BY at DESC LIMIT 1")
        assert (row["kind"], row["action_id"], row["query"]) == (kind, action, query)
        assert (row["by"], row["by_name"] != "") == ("auditor-a", True)
        assert (row["digest"], row["bytes"]) == (hashlib.sha256(answer.data).hexdigest(), len(answer.data))


def test_the_record_can_only_grow(exported, client, system):
    client.get("/flags.json")
    settings = system.settings("web")
    address = settings.need("database_url").replace("+psycopg", "")
    password = settings.database_password_file.read_text()
    for statement in ("DELETE FROM export_record", "UPDATE export_record SET by = 'nobody'"):
        with (
            psycopg.connect(address, password=password) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_the_number_of_questions_does_not_grow_with_the_action(client, exported, submitted):
    few = submitted()
    with counted() as small:
        client.get(f"/actions/{few}/contract-file.zip")
    with counted() as large:
        answer = client.get(f"/actions/{ACTION}/contract-file.zip")
    with ZipFile(io.BytesIO(answer.data)) as opened:
        runs = len(json.loads(opened.read("manifest.json"))["runs"])
    # The vault's log is read, and the sides are compared, for each run: not for each finding.
    assert len(small) <= 23
    assert len(large) <= len(small) + 2 + 14 * runs


@contextmanager
def counted():
    """The statements meanwhile sent to any database by this process."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_exports_at_once_do_not_mix(exported, signed_in, keys, tmp_path):
    clients = [signed_in("officer-a") for _ in range(4)]

    def export(client):
        path = tmp_path / f"{uuid4()}.zip"
        path.write_bytes(client.get(f"/actions/{ACTION}/contract-file.zip").data)
        return verify(path, keys).problems

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(export, clients)) == [[]] * 4


def test_without_a_private_key_file_the_pages_do_not_start(system, tmp_path):
    file = tmp_path / "keys.json"
    file.write_text("{}")
    file.chmod(0o600)
    for wrong in (None, tmp_path / "none", file):
        with pytest.raises(SettingsError, match="EXPORT_KEY_FILE"):
            create_app(system.settings("web", export_key_file=wrong))


def test_the_queue_leads_to_its_export_under_the_same_filter(exported, signed_in, read):
    page = read(signed_in("auditor-a"), "/flags?severity=blocking&sort=raised")
    links = [link for link in page.links if link.startswith(("/flags.csv", "/flags.json"))]
    assert links == ["/flags.csv?severity=blocking&sort=raised", "/flags.json?severity=blocking&sort=raised"]
    assert signed_in("auditor-a").get(links[0]).status_code == 200
    others = read(signed_in("operator-a"), "/flags")
    assert not [link for link in others.links if link.startswith("/flags.")]


def test_one_person_cannot_keep_the_application_busy_with_exports(client_of):
    officer = client_of(persona="officer-a", exports_per_minute=2)
    answers = [officer.get("/flags.json?q=nothing", buffered=True) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert officer.get("/flags").status_code == 200
