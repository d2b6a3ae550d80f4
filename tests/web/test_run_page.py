"""One run in seven steps, compared with the vault's own log."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.reconciliation.log_coverage import SHARED
from app.reconciliation.verdict import Leftover, Reconciliation, Side
from app.review.queries.plans import numbered
from app.web import vault_side
from app.web.database_clock import DatabaseClock
from app.web.views import runs as views

pytestmark = pytest.mark.whole_system

STEPS = (
    "A run starts",
    "The agent authenticates to the vault",
    "The vault evaluates policy",
    "The vault issues credentials with a time to live",
    "The agent calls the tools",
    "Each credential expires or is revoked",
    "The next run gets new ones",
)
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@pytest.fixture(scope="module")
def run_id(triaged):
    return triaged["ACT-2026-0004"]


@pytest.fixture(scope="module")
def page(client, read, run_id):
    return read(client, f"/runs/{run_id}")


def test_the_seven_steps_are_in_order(page):
    assert [page.named[f"step-{number}-title"] for number in range(1, 8)] == list(STEPS)
    places = [page.text.index(title) for title in STEPS]
    assert places == sorted(places)


def test_the_steps_show_the_database_records(system, page, run_id):
    (attempt,) = system.rows("SELECT * FROM attempt WHERE run_id = %s", run_id)
    for name in (
        "wrapping_accessor",
        "secret_id_accessor",
        "token_accessor",
        "login_request_id",
        "entity_id",
        "policy",
    ):
        assert attempt[name] in page.named["step-2"], name
    credentials = system.rows("SELECT * FROM credential WHERE run_id = %s", run_id)
    assert len(credentials) == 5
    for row in credentials:
        assert row["vault_path"] in page.named["step-3"]
        for name in ("scope", "request_id", "fingerprint", "accessor", "lease_id", "service_user"):
            assert row[name] is None or row[name] in page.named["step-4"], name
    for row in system.rows("SELECT * FROM call WHERE run_id = %s", run_id):
        assert row["operation"] in page.named["step-5"]
        assert row["answer_digest"] in page.named["step-5"]


def test_the_picture_and_the_steps_come_before_findings_and_plan(page):
    ids = ("waterfall", "steps", "findings", "plan", "sides", "vault-log")
    places = [page.html.index(f'<h2 id="{each}"') for each in ids]
    assert places == sorted(places)


def test_one_attempt_is_not_mentioned_and_accounts_and_processes_are_named(system, page, run_id):
    (row,) = system.rows(
        "SELECT requested_by, worker FROM run JOIN attempt USING (run_id) WHERE run_id = %s", run_id
    )
    host, number = row["worker"].rsplit(":", 1)
    assert f"by account {row['requested_by']}" in page.text
    assert f"by process {number} on {host}" in page.named["step-1"]
    assert "ttempt" not in page.named["step-1"] + page.named["step-2"] + page.named["waterfall-1-name"]


def test_the_goal_and_the_plan_are_the_stored_ones(system, page, run_id):
    (run,) = system.rows("SELECT goal FROM run WHERE run_id = %s", run_id)
    plan = page.named["plan-of-run"]
    assert f"Goal: {run['goal']}" in plan
    rows = [row for row in page.rows if len(row) == 5 and row[0][:1].isdigit()]
    steps = system.rows("SELECT * FROM step WHERE run_id = %s ORDER BY number", run_id)
    assert len(steps) == len(rows) == 5
    for step, row in zip(steps, rows, strict=True):
        name, question, checks, start, outcome = row
        assert (name.split()[0], step["needed"], outcome) == (str(step["number"]), True, step["outcome"])
        assert question == f"{step['question']} {step['reason']}"
        assert set(checks.replace(" ", "").split(",")) == {*step["rules"], *step["helps"]}
        waits = "SAM.gov registrations and Contract documents (steps 1 and 4)"
        assert start == (f"at once; then waits for {waits}" if step["after"] else "at once")


def test_each_check_of_the_plan_is_named_with_the_steps_it_waits_for(system, page, run_id):
    steps = system.rows("SELECT number, rules FROM step WHERE run_id = %s", run_id)
    told = {row[0]: row[1] for row in page.rows if len(row) == 3}
    assert told["C02 Action amount differs"] == numbered(
        sorted(each["number"] for each in steps if "C02" in each["rules"])
    )
    named = {rule for each in steps for rule in each["rules"]}
    assert {f"#check-{rule}" for rule in named} <= set(page.links)
    assert {f"/flags?rule={rule}" for rule in named} <= set(page.links)


def test_a_plan_without_recorded_reasons_says_so(system, client, read, submitted):
    (run_id,) = system.run(submitted())
    system.execute("UPDATE run SET goal = NULL WHERE run_id = %s", run_id)
    system.execute("UPDATE step SET rules = NULL, helps = NULL, after = NULL WHERE run_id = %s", run_id)
    plan = read(client, f"/runs/{run_id}").named["plan-of-run"]
    assert "The goal of this run was not recorded." in plan
    assert plan.count("not recorded") == 1 + 5 * 2


def test_every_end_is_shown(system, page, run_id):
    ends = page.named["step-6"]
    revoked = system.rows("SELECT * FROM credential WHERE run_id = %s AND revoked_at IS NOT NULL", run_id)
    assert len(revoked) == 3
    assert ends.count("by the end of the run") == 4  # with the run token
    assert ends.count("a signed token cannot be revoked") == 2


def test_the_vaults_own_lines_are_all_of_this_run(system, page, run_id):
    named = {line["request"]["id"] for line in system.audit_lines(run_id)}
    told = set(UUID.findall(page.named["vault-log-requests"]))
    assert named <= told
    # The rest is what came before the run had an identity: the mint of its SecretID, and the unwrapping.
    before = [
        line["request"]["path"]
        for line in system.audit_lines()
        if line["request"]["id"] in told - named and line["type"] == "request"
    ]
    assert sorted(before) == ["auth/approle/role/triage-run/secret-id", "sys/wrapping/unwrap"]


def test_the_vaults_log_confirms_the_login_and_each_credential(page):
    assert page.named["step-2"].count("✓ In the vault’s log") == 1
    assert page.named["step-4"].count("✓ In the vault’s log") == 5
    assert "Not in the vault’s log" not in page.text
    shown = "The vault’s log shows the issue of each of the 5 credentials recorded here, and of no other for this run."
    assert shown in page.text
    assert "could not be read" not in page.text


def test_the_three_sides_end_in_one_word_and_name_what_is_not_proven(system, client, read, run_id, until):
    (row,) = system.rows("SELECT bool_and(written_apart) AS apart FROM log_source")
    word, reason = ("pass", None) if row["apart"] else ("not established", SHARED)

    def compared():
        page = read(client, f"/runs/{run_id}")
        return "has not been read" not in page.named["sides-of-run"] and page

    page = until(compared, what="the logs of the time of the run")
    assert f"Verdict: {word}" in page.named["sides-of-run"]
    assert reason is None or reason in page.named["sides-of-run"]
    assert ["5", "5", "5"] in page.rows


LEFTOVER = Leftover(
    kind="use of nothing issued", detail="ledger saw <b>", side=Side.TOOL, at=datetime.now(UTC)
)
KILLED = replace(LEFTOVER, kind="issued but not recorded", explanation="the worker of attempt 1 was lost")


@pytest.mark.parametrize(
    ("leftovers", "missing", "told", "untold"),
    [
        ([], [], ["Verdict: pass"], ["not proven", "Explanation"]),
        ([KILLED], [], ["Verdict: pass", "1 difference", "the worker of attempt 1 was lost"], ["an alarm"]),
        ([], ["one log is not read"], ["Verdict: not established", "one log is not read"], ["pass"]),
        (
            [LEFTOVER, KILLED],
            ["one log is not read"],
            [
                "Verdict: fail",
                "without an explanation: 1",
                "one log is not read",
                "ledger saw <b>",
                "an alarm",
            ],
            ["pass"],
        ),
    ],
)
def test_each_verdict_says_what_it_rests_on(  # noqa: PLR0917  # fixtures and cases
    client, read, run_id, monkeypatch, leftovers, missing, told, untold
):
    found = Reconciliation(
        since=LEFTOVER.at,
        until=LEFTOVER.at,
        issued=5,
        used=4,
        recorded=5,
        leftovers=leftovers,
        missing=missing,
    )
    monkeypatch.setattr(views, "reconcile_run", lambda *_: found)
    page = read(client, f"/runs/{run_id}")
    section = page.named["sides-of-run"]
    assert [words for words in told if words not in section] == []
    assert [words for words in untold if words in section] == []
    assert ["5", "4", "5"] in page.rows


@pytest.mark.parametrize(
    "meaning",
    [
        "the dispatcher requests a wrapped SecretID",
        "the worker unwraps the SecretID",
        "login of attempt 1",
        "issue for ledger",
        "contracts checks the API key it received",
        "revocation of the run token and everything leased with it",
    ],
)
def test_each_log_line_is_explained(page, meaning):
    assert meaning in page.named["vault-log-requests"]


def test_the_next_run_shares_no_credential(system, client, read, run_id, page):
    following = system.rows(
        "SELECT run_id FROM run WHERE (started_at, run_id) > (SELECT started_at, run_id FROM run WHERE run_id = %s)"
        " ORDER BY started_at, run_id LIMIT 1",
        run_id,
    )[0]["run_id"]
    assert f"Run {str(following)[:8]}" in page.named["step-7"]
    assert (
        "Of its 5 credentials, 0 have the same fingerprint as a credential of this run."
        in page.named["step-7"]
    )
    assert f"/runs/{following}" in page.links


def test_the_newest_run_has_no_next_one_yet(system, client, read, submitted):
    (newest,) = system.run(submitted())
    assert "No run has started after this one yet." in read(client, f"/runs/{newest}").text


def test_credentials_known_to_only_one_side_are_named(system, client_of, read, run_id, tmp_path):
    """A log that lacks one recorded issue and holds another instead, under an unrecorded id."""
    (lost,) = system.rows(
        "SELECT request_id FROM credential WHERE run_id = %s AND tool = 'contracts'", run_id
    )
    stranger = str(uuid4())
    text = system.vault.layout.audit_log.read_text().replace(lost["request_id"], stranger)
    log = tmp_path / "audit.log"
    log.write_text(text)
    page = read(client_of(vault_audit_log=log), f"/runs/{run_id}")
    assert f"Recorded here, but without an answer in the vault’s log: {lost['request_id']}" in page.text
    assert f"Issued by the vault, but not recorded here: {stranger}" in page.text
    assert "✕ Not in the vault’s log" in page.named["step-4"]
    assert "shows the issue of each" not in page.text


def test_lines_that_cannot_be_read_are_counted(system, client_of, read, run_id, tmp_path):
    log = tmp_path / "audit.log"
    lines = system.vault.layout.audit_log.read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if str(run_id) in line)
    log.write_text("\n".join([*lines[:place], '{"time": "half a li', *lines[place:]]) + "\n")
    assert (
        "1 line in this part of the log could not be read."
        in read(client_of(vault_audit_log=log), f"/runs/{run_id}").text
    )


@pytest.mark.parametrize("kind", ["run", "flag"])
def test_the_page_is_the_same_whatever_the_sweeper_noted_of_the_log(
    client, findings, run_id, monkeypatch, kind
):
    """What it noted spares reading; what is shown comes from the file."""
    services = client.application.extensions["triage.services"]
    now = services.clock.now()
    monkeypatch.setattr(DatabaseClock, "now", lambda _: now)
    address = f"/runs/{run_id}" if kind == "run" else f"/flags/{findings(run_id)[0]['flag_id']}"

    def shown():
        return re.sub(r'name="csrf_token"[^>]*', "", client.get(address).text)

    notes = vault_side.notes_about(services.database, run_id)
    assert any(each.stretches for each in notes)
    with_notes = shown()
    assert "auth/approle/login" in with_notes or kind == "flag"
    misleading = [replace(each, stretches=[]) for each in notes]
    for others in ([], misleading):
        monkeypatch.setattr(vault_side, "notes_about", lambda *_, others=others: others)
        assert shown() == with_notes


@pytest.mark.parametrize("log", [None, "missing"])
def test_without_the_vaults_log_the_page_says_so(client_of, read, run_id, tmp_path, log):
    client = client_of(vault_audit_log=log and tmp_path / log)
    page = read(client, f"/runs/{run_id}")
    assert ("VAULT_AUDIT_LOG is not set" if log is None else "cannot be read: No such file") in page.text
    assert page.named["step-4"].count("? Log not read") == 5
    assert "shows the issue of each" not in page.text


def test_a_waiting_run_shows_the_reason(system, client, read, submitted):
    run_id = uuid4()
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, not_before, waiting_reason)"
        " VALUES (%s, %s, 'requested', 0, 'test', now(), now() + interval '1 hour', 'the vault is sealed')",
        run_id,
        submitted(),
    )
    try:
        page = read(client, f"/runs/{run_id}")
        assert "… Waiting the vault is sealed" in page.text
        assert "This run has not ended." in page.text
        assert "Not yet: the run waits in the database: the vault is sealed." in page.named["step-1"]
        assert "No attempt has been made yet" in page.text
        assert "No plan yet" in page.named["plan-of-run"]
        assert f"/runs/{run_id}" in read(client, "/runs?state=requested").links
    finally:
        system.execute("DELETE FROM run WHERE run_id = %s", run_id)


def test_a_lost_attempt_and_its_alarm_stay_on_the_page(system, client, read, submitted):
    (run_id,) = system.run(submitted())
    system.execute(
        "INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor,"
        " wrapping_accessor, revoked_at, revoked_by, ended_at, failure) VALUES (%s, 2, 'lost', now(), now(), 'acc-of-secret-id',"
        " 'acc-of-wrapping', now(), 'sweeper', now(), 'did not report in time')",
        run_id,
    )
    system.execute(
        "INSERT INTO alarm (alarm_id, run_id, attempt, kind, detail, raised_at)"
        " VALUES (gen_random_uuid(), %s, 2, 'introduction refused', 'the wrapping token was spent', now())",
        run_id,
    )
    page = read(client, f"/runs/{run_id}")
    assert "Introduction refused, attempt 2" in page.text
    assert "the wrapping token was spent" in page.text
    assert "Attempt 2 (lost)" in page.named["step-1"]
    assert "did not report in time" in page.named["step-1"]
    assert "acc-of-secret-id" in page.named["step-2"]
    assert "2 attempts" in page.text
    assert [row[0] for row in page.rows if row and row[0] == "Attempt"]


def test_the_served_application_shows_the_same(system, served, run_id, page):
    """Over HTTP, from the process the stack runs."""
    answer = served("officer-a").get(f"/runs/{run_id}")
    assert answer.status_code == 200
    for row in system.rows("SELECT fingerprint FROM credential WHERE run_id = %s", run_id):
        assert row["fingerprint"] in answer.text
    assert answer.text.count("✓</span> In the vault’s log") == page.html.count("✓</span> In the vault’s log")


def drawn(page, attempt=1):
    """What is written in the picture of an attempt."""
    start = page.html.index(f'<title id="waterfall-{attempt}-name"')
    return re.findall(r"<text[^>]*>([^<]*)</text>", page.html[start : page.html.index("</svg>", start)])


def over_time(page):
    """The lines of the tables below the pictures."""
    named = ("2 Agent signs in", "3 Policy decides", "4 Issued", "5 Tool called")
    return [row for row in page.rows if len(row) == 7 and row[0] in named]


def test_the_picture_and_its_table_say_the_same(system, page, run_id):
    lines, texts = over_time(page), drawn(page)
    calls = system.rows("SELECT * FROM call WHERE run_id = %s ORDER BY started_at", run_id)
    assert sorted(row[1] for row in lines if row[0].startswith("5")) == sorted(
        call["operation"] for call in calls
    )
    assert sum(text.startswith("5 – ") for text in texts) == len(calls)
    issued = [row for row in lines if row[0] == "4 Issued"]
    # Of a step, not how long a call took.
    named = [text.removeprefix("4 ") for text in texts if text.startswith("4 ") and text != "4 ms"]
    assert [row[2] for row in issued] == named
    assert {row[1] for row in issued} == {"Signed token", "API key", "Database user"}
    assert all("revoked by the end of the run" in row[6] for row in issued if row[1] != "Signed token")
    assert page.named["waterfall-1-about"].startswith(f"5 credentials and {len(calls)} calls.")
    # What a picture shows by colour is written beside it as well.
    assert not page.html.count('style="')


def test_a_refusal_and_a_silent_source_are_in_the_picture(client, read, triaged):
    page = read(client, f"/runs/{triaged['ACT-2026-0007']}")
    failed = [row for row in over_time(page) if "no answer" in row[6] or "HTTP 5" in row[6]]
    assert failed
    assert sum(text.startswith("✕") for text in drawn(page)) == len(failed)
    assert f"{len(failed)} failed or refused" in page.named["waterfall-1-about"]


def test_each_attempt_has_a_picture_newest_first(system, client, read, submitted):
    (run_id,) = system.run(submitted())
    system.execute(
        "INSERT INTO attempt (run_id, number, state, dispatched_at, claimed_at, lease_until, secret_id_accessor,"
        " wrapping_accessor, token_accessor, token_issued_at, token_expires_at, revoked_at, revoked_by, ended_at, failure)"
        " SELECT run_id, 2, 'lost', now(), now(), now(), 'acc-2', 'wrap-2', 'token-2', now(),"
        " now() + interval '15 minutes', now() + interval '2 minutes', 'sweeper', now() + interval '2 minutes',"
        " 'did not report in time' FROM run WHERE run_id = %s",
        run_id,
    )
    system.execute("UPDATE run SET attempt = 2 WHERE run_id = %s", run_id)
    page = read(client, f"/runs/{run_id}")
    assert page.html.index("waterfall-2-name") < page.html.index("waterfall-1-name")
    assert "2 min" in drawn(page, 2)
    lost = [row for row in over_time(page) if "by the sweeper, confirmed by the vault" in row[6]]
    assert [row[1] for row in lost] == ["Run token"]


@pytest.fixture
def unconfirmed(system, submitted):
    """A run whose second attempt has ended without a confirmed end. Its login is in the vault's log only."""
    (run_id,) = system.run(submitted())
    # The sweeper asks again in an hour.
    system.execute(
        "INSERT INTO attempt_end (run_id, number, tries, next_try_at, problem, since)"
        " VALUES (%s, 2, 1, now() + interval '1 hour', 'the vault is sealed', now() - interval '10 s')",
        run_id,
    )
    system.execute(
        "INSERT INTO attempt (run_id, number, state, dispatched_at, claimed_at, lease_until, secret_id_accessor,"
        " wrapping_accessor, ended_at, failure)"
        " VALUES (%s, 2, 'lost', now(), now(), now(), 'acc-2', 'wrap-2', now(), 'did not report in time')",
        run_id,
    )
    system.execute(
        "INSERT INTO vault_event (request_id, kind, at, path, run_id, attempt, accessor)"
        " VALUES (%s, 'logged-in', now(), 'auth/approle/login', %s, 2, 'stray-accessor')",
        f"stray-{run_id}",
        run_id,
    )
    yield run_id
    system.execute(
        "UPDATE attempt SET revoked_at = now(), revoked_by = 'sweeper' WHERE run_id = %s AND number = 2",
        run_id,
    )
    system.execute("DELETE FROM attempt_end WHERE run_id = %s", run_id)


def test_an_end_that_is_not_confirmed_is_shown_everywhere_with_its_reason(signed_in, read, unconfirmed):
    operator = signed_in("operator-a")
    page = read(operator, f"/runs/{unconfirmed}")
    assert "Not every end is confirmed" in page.text
    assert "Reason: the vault is sealed" in page.text
    assert "Not confirmed End requested" in page.named["step-6"].replace("? ", "")
    assert "The vault issued this to the run, and its worker did not record it" in page.text
    assert f"stray-{unconfirmed}" in page.named["step-6"]
    assert "revoked by the sweeper" not in page.text.lower()
    assert "1 ended attempt is not confirmed" in read(operator, "/stack").text
    assert "Ends not confirmed" in read(operator, "/").text


@pytest.fixture
def waiting(system, submitted):
    """A run that no dispatcher takes."""
    run_id = uuid4()
    system.execute(
        "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, not_before)"
        " VALUES (%s, %s, 'requested', 0, 'test', now(), now() + interval '1 hour')",
        run_id,
        submitted(),
    )
    yield run_id
    system.execute("DELETE FROM run WHERE run_id = %s", run_id)


def stop(client, run_id, *, page="stop"):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"/runs/{run_id}/{page}").text)[1]
    return client.post(f"/runs/{run_id}/stop", data={"csrf_token": token})


def test_an_operator_stops_a_run_after_confirmation(system, signed_in, read, waiting, until):
    operator = signed_in("operator-a")
    assert f"/runs/{waiting}/stop" in read(operator, f"/runs/{waiting}").links
    asked = read(operator, f"/runs/{waiting}/stop")
    assert "Stop this run?" in asked.text
    assert "Leave it running" in asked.text
    assert [
        row["stop_requested_at"] for row in system.rows("SELECT * FROM run WHERE run_id = %s", waiting)
    ] == [None]
    answer = stop(operator, waiting)
    assert (answer.status_code, answer.location) == (303, f"/runs/{waiting}")
    assert "The run is being stopped" in read(operator, f"/runs/{waiting}").text

    def ended():
        (run,) = system.rows("SELECT * FROM run WHERE run_id = %s", waiting)
        return run["state"] == "failed" and run

    run = until(ended, seconds=10, what="the end of the run")
    assert (run["failure"], run["attempt"]) == ("stopped by operator-a", 0)
    page = read(operator, f"/runs/{waiting}")
    assert "✕ Failed stopped by operator-a" in page.text
    assert "Security operator A asked to stop this run" in page.text
    assert "No end to confirm is on record" in page.text
    assert f"/runs/{waiting}/stop" not in page.links


@pytest.mark.parametrize("persona", ["officer-a", "auditor-a"])
def test_others_find_no_way_to_stop(system, signed_in, read, waiting, persona):
    client = signed_in(persona)
    assert "Stop this run" not in read(client, f"/runs/{waiting}").text
    assert client.get(f"/runs/{waiting}/stop").status_code == 403
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/flags").text)[1]
    assert client.post(f"/runs/{waiting}/stop", data={"csrf_token": token}).status_code == 403
    assert system.rows("SELECT 1 FROM run WHERE run_id = %s AND stop_requested_at IS NULL", waiting)


def test_a_run_that_has_ended_is_not_stopped(system, signed_in, read, run_id):
    operator = signed_in("operator-a")
    assert operator.get(f"/runs/{run_id}/stop").location == f"/runs/{run_id}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', operator.get("/flags").text)[1]
    answer = operator.post(f"/runs/{run_id}/stop", data={"csrf_token": token})
    assert answer.location == f"/runs/{run_id}"
    assert "Nothing to stop" in read(operator, answer.location).text
    (run,) = system.rows("SELECT * FROM run WHERE run_id = %s", run_id)
    assert (run["state"], run["stop_requested_at"]) == ("completed", None)
    unknown = uuid4()
    assert operator.get(f"/runs/{unknown}/stop").status_code == 404
    assert operator.post(f"/runs/{unknown}/stop", data={"csrf_token": token}).status_code == 404
