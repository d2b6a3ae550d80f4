"""Review, stop and export on the command line: through the JSON API, with a person's token, under that person's name."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.procurement.federal_time import eastern_day
from app.review.settings import ReviewSettings

UNKNOWN = "00000000-0000-4000-8000-000000000000"
REASON = "Both records are right; they differ."
DUE = str(eastern_day(datetime.now(UTC)) + timedelta(days=7))


@pytest.fixture
def flag(system):
    """An advisory flag of the shared system that nobody has touched."""
    (row,) = system.rows(
        "SELECT flag_id::text, run_id::text, action_id FROM flag WHERE version = 0 AND current"
        " AND rule LIKE 'R0%%' ORDER BY raised_at, flag_id LIMIT 1"
    )
    return row


@pytest.fixture(scope="module", autouse=True)
def flags_to_review(system):
    """Runs of all actions: those of the known contracts have findings under each rule."""
    system.run(*system.actions, seconds=200)


def events_of(system, flag):
    query = 'SELECT kind, "by", decision, rationale, assignee FROM review_event WHERE flag_id = %s ORDER BY number'
    return system.rows(query, flag["flag_id"])


def test_an_officer_assigns_decides_and_undoes(as_person, system, flag):
    flag_id = flag["flag_id"]
    done = as_person("officer-a", "assign", flag_id, "--me")
    assert done == (0, f"Flag {flag_id}: open, assigned to officer-a, version 1\n", [])
    status, output, _ = as_person(
        "officer-a",
        "decide",
        flag_id,
        "--decision",
        "confirmed",
        "--reason",
        REASON,
        "--version",
        "1",
        "--json",
    )
    assert status == 0
    assert json.loads(output) == {
        "flag_id": flag_id,
        "version": 2,
        "status": "confirmed",
        "decision": "confirmed",
        "assignee": "officer-a",
        "office": None,
        "due_on": None,
    }
    # Sent again: nothing is stored twice, and the sentence says who was first.
    again = as_person(
        *("officer-b", "decide", flag_id, "--decision", "referred", "--reason", REASON, "--version", "1"),
        *("--to", "Legal Counsel", "--due", DUE),
    )
    assert again[:2] == (1, "")
    (line,) = again[2]
    assert "was first (decided: Confirmed, " in line
    assert line.endswith(
        "Nothing was stored. The flag is at version 2 now: look at it, then repeat the command with --version 2."
    )
    status, output, _ = as_person("officer-a", "undo", flag_id, "--reason", "Too early.")
    assert (status, output) == (0, f"Flag {flag_id}: open, assigned to officer-a, version 3\n")
    status, output, _ = as_person(
        "officer-b",
        *("refer", flag_id, "--to", "Legal Counsel", "--due", DUE, "--reason", "Please advise."),
    )
    referred = f"referred to Legal Counsel, due {DUE}"
    assert (status, output) == (0, f"Flag {flag_id}: {referred}, assigned to officer-a, version 4\n")
    status, output, _ = as_person("officer-b", "assign", flag_id, "--nobody")
    assert (status, output) == (0, f"Flag {flag_id}: {referred}, assigned to nobody, version 5\n")
    told = [(row["kind"], row["by"], row["decision"], row["assignee"]) for row in events_of(system, flag)]
    assert told == [
        ("assigned", "officer-a", None, "officer-a"),
        ("decided", "officer-a", "confirmed", None),
        ("undone", "officer-a", None, None),
        ("decided", "officer-b", "referred", None),
        ("assigned", "officer-b", None, None),
    ]


def test_an_officer_comments_with_an_option_or_from_standard_input(as_person, system, flag):
    flag_id = flag["flag_id"]
    assert as_person("officer-a", "comment", flag_id, "--text", "Called them.")[0] == 0
    text = "They say:\n\nnext week.\n"
    status, output, _ = as_person("officer-b", "comment", flag_id, "--text", "-", "--json", typed=text)
    assert (status, json.loads(output)["version"]) == (0, 2)
    assert [(row["kind"], row["by"], row["rationale"]) for row in events_of(system, flag)] == [
        ("commented", "officer-a", "Called them."),
        ("commented", "officer-b", "They say:\n\nnext week."),
    ]
    for typed, wrong in (
        ("", "is too short"),
        (" \n", "is empty"),
        ("x" * 4_001, "is too long (4000 at most)"),
    ):
        status, _, (line, *_) = as_person("officer-a", "comment", flag_id, "--text", "-", typed=typed)
        assert status == 2
        assert line.startswith("--text: ")
        assert wrong in line
    assert len(events_of(system, flag)) == 2


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("refer", "--to", "The Tea Room", "--due", DUE), "--to: 'The Tea Room' is not one of the offices: "),
        (("refer", "--to", "Legal Counsel", "--due", "2020-01-01"), "--due: '2020-01-01' is not a day from "),
        (
            ("refer", "--to", "Legal Counsel", "--due", "2027-02-29"),
            "--due: '2027-02-29' is not a day, YYYY-MM-DD",
        ),
        (("decide", "--decision", "referred"), "--to: is missing: the decision 'referred' requires it"),
        (("decide", "--decision", "confirmed", "--due", DUE), f"--due: '{DUE}' belongs to the decision"),
    ],
)
def test_a_refused_referral_names_option_and_value(as_person, system, flag, options, line):
    name, *rest = options
    status, output, lines = as_person("officer-a", name, flag["flag_id"], *rest, "--reason", REASON)
    assert (status, output) == (2, "")
    assert any(each.startswith(line) for each in lines), lines
    assert events_of(system, flag) == []


def test_a_second_officer_declines_and_concurs(as_person, system):
    (row, *_) = system.rows(
        "SELECT flag_id::text FROM flag WHERE version = 0 AND current AND rule = ANY(%s) ORDER BY raised_at",
        list(ReviewSettings().second_person),
    )
    flag_id = row["flag_id"]
    close = ("decide", flag_id, "--decision", "not_a_discrepancy", "--reason", "Another firm of that name.")
    status, output, _ = as_person("officer-a", *close)
    assert (status, "waits for a second person" in output) == (0, True)
    status, output, (line,) = as_person("officer-a", "concur", flag_id, "--reason", "I agree with myself.")
    assert (status, output) == (1, "")
    assert line.endswith("Nothing was stored.")
    status, output, _ = as_person("officer-b", "decline", flag_id, "--reason", "The address is the same.")
    assert (status, "open, " in output) == (0, True)
    assert as_person("officer-a", *close)[0] == 0
    status, output, _ = as_person("officer-b", "concur", flag_id, "--reason", "I asked the vendor.")
    assert (status, output) == (0, f"Flag {flag_id}: closed, assigned to nobody, version 4\n")


@pytest.mark.parametrize("name", ["decide", "refer", "assign", "comment", "concur", "decline", "undo"])
def test_an_auditor_may_not_review(as_person, system, flag, name):
    options = {
        "decide": ["--decision", "confirmed", "--reason", REASON],
        "assign": ["--me"],
        "refer": ["--to", "Legal Counsel", "--due", DUE, "--reason", REASON],
        "comment": ["--text", "Seen."],
    }.get(name, ["--reason", REASON])
    status, output, lines = as_person("auditor-a", name, flag["flag_id"], *options)
    assert (status, output) == (1, "")
    assert lines == [
        (
            "Your role does not allow this. Your role comes from the identity provider. If you need another role, ask your"
            " account administrator."
        )
    ]
    assert events_of(system, flag) == []


def test_what_is_wrong_with_a_decision_names_the_option(as_person, system, flag):
    flag_id = flag["flag_id"]
    status, output, lines = as_person(
        "officer-a", "decide", flag_id, "--decision", "resolved", "--reason", " "
    )
    assert (status, output) == (2, "")
    assert lines == [
        "--reason: ' ' is empty; a reason becomes part of the contract file",
        "--reference: is missing: the decision 'resolved' requires it",
    ]
    status, _, lines = as_person("officer-a", "assign", flag_id, "--to", "auditor-a")
    assert (status, lines) == (2, ["--to: 'auditor-a' is not an officer who has signed in here"])
    status, _, lines = as_person("officer-a", "assign", flag_id, "--to", "officer-b", "--nobody")
    assert (status, lines) == (2, ["give one of --to, --me and --nobody"])
    status, _, lines = as_person("officer-a", "undo", UNKNOWN, "--reason", REASON)
    assert (status, lines) == (2, [f"flag: no flag has the id {UNKNOWN}"])
    assert events_of(system, flag) == []


def test_without_a_token_nobody_acts(triage, system, flag, tmp_path):
    environment = {"TRIAGE_HOME": str(system.stack.layout.home)}
    command = ("undo", flag["flag_id"], "--reason", REASON)
    status, _, lines = triage(*command, environment=environment)
    assert (status, lines) == (2, ["TRIAGE_TOKEN_FILE is not set; it names the file with your access token"])
    forged = tmp_path / "token"
    forged.write_text("eyJhbGciOiJub25lIn0.eyJzdWIiOiJvZmZpY2VyLWEifQ.")
    forged.chmod(0o600)
    status, _, lines = triage(*command, environment={**environment, "TRIAGE_TOKEN_FILE": str(forged)})
    assert status == 2
    assert lines == [
        "TRIAGE_TOKEN_FILE: the API does not accept this token. It may have expired: get a new one."
    ]


def test_filters_by_person_mean_the_person_of_the_token(as_person, triage, system, flag):
    flag_id = flag["flag_id"]
    assert as_person("officer-b", "assign", flag_id, "--me")[0] == 0
    status, output, _ = as_person("officer-b", "flags", "--assignee", "me", "--json", "--limit", "1000")
    assert status == 0
    mine = json.loads(output)
    assert flag_id in {each["flag_id"] for each in mine}
    assert {each["assignee"] for each in mine} == {"officer-b"}
    status, output, _ = as_person(
        "officer-b", "flags", "--assignee", "officer-b", "--json", "--limit", "1000"
    )
    assert json.loads(output) == mine


def test_a_contract_file_is_taken_out_and_verified(as_person, triage, system, flag, tmp_path):
    status, output, _ = as_person("auditor-a", "export", flag["action_id"], "--out", tmp_path)
    assert status == 0
    (file,) = tmp_path.iterdir()
    assert output == f"{file}\n"
    assert file.name.startswith(f"contract-file-{flag['action_id']}-")
    environment = {"TRIAGE_HOME": str(system.stack.layout.home)}
    status, output, _ = triage("verify", file, "--json", "--shared-user", environment=environment)
    told = json.loads(output)
    assert (told["problems"], told["action_id"]) == ([], flag["action_id"])
    (record,) = system.rows(
        "SELECT by, kind FROM export_record WHERE action_id = %s ORDER BY at DESC LIMIT 1", flag["action_id"]
    )
    assert record == {"by": "auditor-a", "kind": "contract-file.zip"}


def test_an_export_that_cannot_be_made_is_one_line(as_person, flag, tmp_path):
    status, _, lines = as_person("officer-a", "export", "ACT-NOWHERE", "--out", tmp_path)
    assert (status, lines) == (2, ["action: 'ACT-NOWHERE' is not known"])
    nowhere = tmp_path / "nowhere"
    status, _, lines = as_person("officer-a", "export", flag["action_id"], "--out", nowhere)
    assert (status, lines) == (2, [f"--out: {nowhere}: not a folder"])
    status, _, (line,) = as_person("operator-a", "export", flag["action_id"], "--out", tmp_path)
    assert (status, line.partition(". ")[0]) == (1, "Your role does not allow this")
    assert list(tmp_path.iterdir()) == []


def test_an_operator_stops_a_run(as_person, system, flag):
    run_id = flag["run_id"]
    status, output, _ = as_person("operator-a", "stop", run_id)
    assert (status, output) == (
        0,
        f"nothing to stop: run {run_id} has ended, or is already being stopped\n",
    )
    status, _, (line,) = as_person("officer-a", "stop", run_id)
    assert (status, line.partition(". ")[0]) == (1, "Your role does not allow this")
    status, _, lines = as_person("operator-a", "stop", UNKNOWN)
    assert (status, lines) == (2, [f"run: no run has the id {UNKNOWN}"])
