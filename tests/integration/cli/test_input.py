"""The `triage` command and bad input: one line per problem naming field and value, exit status 2, nothing stored."""

import json
import sys
from copy import deepcopy

import pytest

from app.cli.main import main

ACTION = {
    "action_id": "ACT-COMMAND-1",
    "action_type": "new_award",
    "piid": "70ZZ0126C9001",
    "modification": None,
    "amount": "250000.00",
    "effective_date": "2026-09-14",
    "description": "Repair of two patrol boats",
    "vendors": [{"uei": "ZZ9TESTVNDR1", "name": "EXAMPLE MARINE", "role": "prime", "cage": None}],
}


@pytest.fixture
def variables(system):
    return system.stack.environment("cli")


@pytest.fixture
def in_process(variables, monkeypatch, capsys):
    """Runs the command in this process, which spares a start of Python: status, standard output, lines of errors."""

    def run(*arguments):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["triage", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return ended.value.code, shown.out, shown.err.splitlines()

    return run


def wrong(**changed):
    action = deepcopy(ACTION)
    for path, value in changed.items():
        if path == "uei":
            action["vendors"][0]["uei"] = value
        else:
            action[path] = value
    return action


def test_every_problem_of_a_file_is_one_line_naming_field_and_value(triage, variables, system, tmp_path):
    actions = [
        wrong(action_id="ACT-COMMAND-1"),
        wrong(action_id="ACT-COMMAND-2", uei="ZZ9TESTVNDRO"),
        wrong(action_id="ACT-COMMAND-3", amount=250000),
        wrong(action_id="ACT-COMMAND-4", effective_date="2026-02-30"),
        wrong(action_id="ACT-COMMAND-5", vendors="EXAMPLE MARINE"),
        wrong(action_id="ACT-COMMAND-6", colour="blue"),
        wrong(action_id="ACT-COMMAND-7", action_type="gift"),
        "ACT-COMMAND-8",
    ]
    file = tmp_path / "actions.json"
    file.write_text(json.dumps(actions))
    status, output, errors = triage("submit", file, environment=variables)
    assert (status, output) == (2, "")
    expected = [
        ("actions[1].vendors[0].uei: 'ZZ9TESTVNDRO'", "is not a UEI"),
        ("actions[2].amount: 250000 ", "is not an amount"),
        ("actions[3].effective_date: '2026-02-30'", "is not a date"),
        ("actions[4].vendors: 'EXAMPLE MARINE'", "is not a list"),
        ("actions[5].colour:", "is not a known field"),
        ("actions[6].action_type: 'gift'", "is not one of"),
        ("actions[7]: 'ACT-COMMAND-8'", "is not an object"),
    ]
    assert len(errors) == len(expected), errors
    for line, (start, meaning) in zip(errors, expected, strict=True):
        assert line.startswith(start)
        assert meaning in line
    assert not system.rows("SELECT 1 FROM action WHERE action_id LIKE 'ACT-COMMAND-%%'")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "file: not JSON: "),
        (b"", "file: not JSON: "),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (b"[" * 200_000, "file: nested too deeply"),
        (b" " * 1_000_001 + b"{}", "more than 1000000 bytes; submit it in parts"),
        (b"[]", "actions: the list is empty"),
    ],
    ids=["broken", "empty", "binary", "deep", "huge", "no action"],
)
def test_a_file_that_holds_no_actions_is_one_line(in_process, tmp_path, content, problem):
    file = tmp_path / "actions.json"
    file.write_bytes(content)
    status, output, errors = in_process("submit", file)
    assert (status, output, len(errors)) == (2, "", 1), errors
    assert problem in errors[0]


def test_a_file_that_is_not_there_and_one_that_never_ends_are_one_line(in_process):
    status, _, errors = in_process("submit", "nowhere.json")
    assert (status, errors) == (2, ["file: nowhere.json: No such file or directory"])
    status, _, errors = in_process("submit", "/dev/zero")
    assert (status, len(errors)) == (2, 1)


ROW = {
    **{name: value for name, value in ACTION.items() if isinstance(value, str)},
    **{f"vendor1_{name}": value or "" for name, value in ACTION["vendors"][0].items()},
}


def as_csv(*rows):
    return "\n".join([",".join(ROW), *(",".join({**ROW, **row}.values()) for row in rows)])


TWO = [wrong(action_id="ACT-FORM-1"), wrong(action_id="ACT-FORM-2")]
WRITTEN = {
    "json": json.dumps(TWO),
    "jsonl": "\n".join(map(json.dumps, TWO)),
    "csv": as_csv({"action_id": "ACT-FORM-1"}, {"action_id": "ACT-FORM-2"}),
}


@pytest.mark.parametrize(
    ("arguments", "notation"),
    [
        ("actions.csv", "csv"),
        ("ACTIONS.CSV", "csv"),
        ("actions.jsonl", "jsonl"),
        ("actions.txt", "json"),
        ("actions.txt --format csv", "csv"),
        ("- --format csv", "csv"),
        ("-", "json"),
    ],
)
def test_actions_are_taken_in_each_notation(in_process, system, tmp_path, arguments, notation):
    name, *options = arguments.split()
    file = tmp_path / name
    file.write_text(WRITTEN[notation])
    given = "-" if name == "-" else file
    try:
        with file.open() as stream, pytest.MonkeyPatch.context() as changed:
            changed.setattr(sys, "stdin", stream)
            assert in_process("submit", given, *options) == (0, "2 actions submitted, 2 of them new\n", [])
        rows = system.rows("SELECT amount, vendors FROM action WHERE action_id LIKE 'ACT-FORM-%%'")
        assert [(str(row["amount"]), row["vendors"][0]["name"]) for row in rows] == [
            ("250000.00", "EXAMPLE MARINE")
        ] * 2
    finally:
        system.execute("DELETE FROM action WHERE action_id LIKE 'ACT-FORM-%%'")


def test_a_problem_in_a_table_names_line_field_and_value_and_nothing_is_stored(in_process, system, tmp_path):
    file = tmp_path / "actions.csv"
    file.write_text(
        as_csv(
            {"action_id": "ACT-FORM-1"},
            {"action_id": "ACT-FORM-2", "amount": "12 dollars", "vendor1_uei": "X"},
        )
    )
    status, output, errors = in_process("submit", file)
    assert (status, output) == (2, "")
    assert [line.partition(" is not ")[0] for line in errors] == [
        "line 3, amount: '12 dollars'",
        "line 3, vendor1_uei: 'X'",
    ]
    assert not system.rows("SELECT 1 FROM action WHERE action_id LIKE 'ACT-FORM-%%'")


def test_no_more_actions_are_taken_than_by_the_api(in_process, tmp_path):
    file = tmp_path / "actions.jsonl"
    file.write_text("\n".join(json.dumps(wrong(action_id=f"ACT-FORM-{number}")) for number in range(501)))
    assert in_process("submit", file) == (2, "", ["actions: 501 are too many (500 at most)"])


def test_an_action_may_come_twice_but_not_in_two_versions(triage, variables, system, tmp_path):
    file = tmp_path / "action.json"
    try:
        file.write_text(json.dumps(wrong(action_id="ACT-COMMAND-9")))
        assert triage("submit", file, environment=variables)[:2] == (
            0,
            "1 action submitted, 1 of them new\n",
        )
        assert triage("submit", file, environment=variables)[:2] == (
            0,
            "1 action submitted, 0 of them new\n",
        )
        file.write_text(json.dumps(wrong(action_id="ACT-COMMAND-9", amount="1.00")))
        status, output, errors = triage("submit", file, environment=variables)
        assert (status, output) == (2, "")
        assert errors == ["action_id: 'ACT-COMMAND-9' was submitted before with other content"]
        (row,) = system.rows("SELECT amount FROM action WHERE action_id = 'ACT-COMMAND-9'")
        assert str(row["amount"]) == "250000.00"
    finally:
        system.execute("DELETE FROM action WHERE action_id = 'ACT-COMMAND-9'")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["runs", "--state", "nonsense"], "'nonsense' is not one of 'requested', 'dispatched'"),
        (["runs", "--limit", "0"], "'0': Input should be greater than or equal to 1"),
        (["flags", "--severity", "grave"], "'grave' is not one of 'blocking', 'advisory'"),
        (["flags", "--rule", "R99"], "'R99' is not one of 'R01'"),
        (["flags", "--status", "done"], "'done' is not one of 'not_closed', 'any', 'open'"),
        (["flags", "--raised-from", "2026-02-30"], "--raised-from: '2026-02-30' is not valid"),
        (["flags", "--q", "a\u200bb"], "--q: 'a\\u200bb' is not valid"),
        (["flags", "--since", "2w"], "--since: '2w' is not a day (2026-09-14), a moment with its offset"),
        (["runs", "--since", "2026-09-14T08:00"], "--since: '2026-09-14T08:00' is not a day"),
        (["runs", "--within", "3651"], "'3651': Input should be less than or equal to 3650"),
        (["submit", "a.json", "--format", "xml"], "'xml' is not one of 'json', 'jsonl', 'csv'"),
        (["decide", "nonsense"], "'nonsense'"),
        (["undo", "00000000-0000-4000-8000-000000000000"], "Missing option '--reason'"),
        (["assign", "00000000-0000-4000-8000-000000000000"], "give one of --to, --me and --nobody"),
        (["lineage", "nonsense"], "run: 'nonsense' is not a run id"),
        (["worker", "--concurrency", "0"], "'0': Input should be greater than or equal to 1"),
        (["worker", "--pool", "solo"], "'solo' is not one of 'prefork', 'threads'"),
        (["day", "--runs", "many"], "'many': Input should be a valid integer"),
        (["nonsense"], "No such command 'nonsense'"),
        (["submit"], "Missing argument 'file'"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_wrong_usage_is_one_line_and_status_2(in_process, arguments, named):
    status, output, errors = in_process(*arguments)
    assert (status, output, len(errors)) == (2, "", 1), errors
    assert named in errors[0]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["run", "ACT-NOWHERE"], "action: 'ACT-NOWHERE' is not known; submit it first"),
        (
            ["lineage", "00000000-0000-4000-8000-000000000000"],
            "run: no run has the id 00000000-0000-4000-8000-000000000000",
        ),
    ],
)
def test_an_unknown_id_is_one_line_and_status_2(triage, variables, arguments, problem):
    assert triage(*arguments, environment=variables) == (2, "", [problem])


def test_a_report_that_could_not_be_written_is_known_before_the_days_work(triage, variables, system):
    count = "SELECT count(*) AS runs FROM run"
    before = system.rows(count)
    done = triage("day", "--runs", "1", "--json", "/nowhere/day.json", environment=variables)
    assert done == (1, "", ["/nowhere/day.json: No such file or directory"])
    assert system.rows(count) == before


def test_without_a_stack_the_command_says_how_to_start_one(triage):
    status, output, errors = triage("runs", environment={})
    assert (status, output) == (2, "")
    assert errors == ["no stack is running here: start one with `triage stack up`, or set DATABASE_URL"]


def test_a_wrong_setting_is_named(triage):
    status, _, errors = triage(
        "runs", environment={"DATABASE_URL": "postgresql://triage:secret@db.example/x"}
    )
    assert (status, len(errors)) == (2, 1)
    assert errors[0].startswith("DATABASE_URL: ")
    assert "secret" not in errors[0]


def test_a_database_that_is_away_is_one_line(triage, variables):
    variables = variables | {"DATABASE_URL": "postgresql://triage_app@127.0.0.1:9/triage"}
    assert triage("runs", environment=variables) == (
        1,
        "",
        ["the database does not answer (connection refused)"],
    )
