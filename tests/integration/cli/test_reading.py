"""The reading commands of `triage`: every figure shown equals the one in the database."""

import json
from datetime import timedelta

import httpx
import pytest


@pytest.fixture(scope="module")
def command(triage, system):
    """Runs the command on the shared system; gives its status and standard output."""
    return lambda *arguments: triage(*arguments, environment=system.stack.environment("cli"))[:2]


@pytest.fixture(scope="module")
def flawed(command):
    """A run of an action with findings, requested and waited for on the command line."""
    status, output = command("run", "ACT-2026-0012", "--wait", "--json")
    assert status == 0
    return json.loads(output)


def test_run_wait_prints_the_lineage(command, system, flawed):
    (stored,) = system.rows("SELECT * FROM run WHERE run_id = %s", flawed["run"]["run_id"])
    assert (flawed["run"]["state"], stored["state"]) == ("completed", "completed")
    issued = system.rows("SELECT * FROM credential WHERE run_id = %s", stored["run_id"])
    assert {each["fingerprint"] for each in flawed["credentials"]} == {row["fingerprint"] for row in issued}
    assert len(issued) == 5
    assert all(each["calls"] for each in flawed["credentials"])
    assert flawed["attempts"][0]["revoked_by"] == "run end"
    assert {(each["rule"], each["subject"]) for each in flawed["flags"]} == {
        (row["rule"], row["subject"])
        for row in system.rows("SELECT rule, subject FROM flag WHERE run_id = %s", stored["run_id"])
    }


def test_lineage_stays_the_same_and_is_also_shown_as_a_table(command, flawed):
    status, output = command("lineage", flawed["run"]["run_id"], "--json")
    assert status == 0
    assert json.loads(output) == flawed
    status, output = command("lineage", flawed["run"]["run_id"])
    assert status == 0
    assert f"Run {flawed['run']['run_id']}" in output
    assert flawed["attempts"][0]["token_accessor"] in output
    for credential in flawed["credentials"]:
        assert credential["fingerprint"] in output


def test_the_plan_is_shown_with_its_goal(command, system, flawed):
    run_id = flawed["run"]["run_id"]
    (stored,) = system.rows("SELECT goal FROM run WHERE run_id = %s", run_id)
    assert flawed["run"]["goal"] == stored["goal"]
    for told, row in zip(
        flawed["steps"],
        system.rows("SELECT * FROM step WHERE run_id = %s ORDER BY number", run_id),
        strict=True,
    ):
        for name in (
            "number",
            "question",
            "reason",
            "rules",
            "helps",
            "after",
            "needed",
            "why_not",
            "outcome",
        ):
            assert told[name] == row[name], name
    _, output = command("lineage", run_id)
    assert stored["goal"] in output
    for step in flawed["steps"]:
        assert step["question"] in output
    starts = [line.split("May start: ")[1].strip() for line in output.splitlines() if "May start: " in line]
    assert starts.count("at once") == 4
    waits = "SAM.gov registrations and Contract documents (steps 1 and 4)"
    assert f"May start: at once; then waits for {waits}" in " ".join(output.split())
    assert output.count("Needed: yes. How it went: answered") == 5


def test_runs_and_flags_as_json_hold_what_the_tables_show(command, flawed):
    status, output = command("runs", "--state", "completed", "--json", "--limit", "1000")
    assert status == 0
    runs = {run["run_id"]: run for run in json.loads(output)}
    assert {run["state"] for run in runs.values()} == {"completed"}
    assert runs[flawed["run"]["run_id"]]["flags"] == len(flawed["flags"])
    rule = flawed["flags"][0]["rule"]
    status, output = command("flags", "--rule", rule, "--json", "--limit", "1000")
    assert status == 0
    flags = json.loads(output)
    assert {flag["rule"] for flag in flags} == {rule}
    assert flawed["run"]["run_id"] in {flag["run_id"] for flag in flags}
    status, output = command("flags")
    assert status == 0
    assert "What differs" in output


@pytest.fixture(scope="module")
def program(system, tokens_of):
    """Reads the served JSON API as an officer."""
    headers = {"Authorization": f"Bearer {tokens_of('officer-a')['access_token']}"}
    root = system.stack.endpoints["web"]
    with httpx.Client(base_url=f"{root}/api/v1", headers=headers, timeout=20, trust_env=False) as client:
        yield lambda path, **query: client.get(path, params=query).raise_for_status().json()


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([], {}),
        (["--status", "any", "--sort", "-raised"], {"status": "any", "sort": "-raised"}),
        (["--severity", "advisory", "--older", "1"], {"severity": "advisory", "older": "1"}),
        (["--system", "sam-gov", "--within", "2"], {"system": "sam-gov", "within": "2"}),
        (
            ["--action-type", "new_award", "--q", "registration"],
            {"action_type": "new_award", "q": "registration"},
        ),
        (["--assignee", "nobody", "--earlier"], {"assignee": "nobody", "earlier": "1"}),
        (["--raised-from", "2026-01-02", "--raised-to", "2099-01-01"], {"raised_from": "2026-01-02"}),
        (["--action", "70ZZ0127C0012"], {"action": "70ZZ0127C0012"}),
        (["--late", "--overdue"], {"late": "1", "overdue": "1"}),
        (["--vendor", "NO SUCH VENDOR"], {"vendor": "NO SUCH VENDOR"}),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_flags_are_those_of_the_api_field_by_field(command, program, flawed, options, query):
    status, output = command("flags", *options, "--json", "--limit", "200")
    assert status == 0
    assert json.loads(output) == program("/flags", **query, limit=200)["items"]


@pytest.mark.parametrize(
    ("options", "query"),
    [
        ([], {}),
        (["--state", "completed", "--within", "1"], {"state": "completed", "within": "1"}),
        (["--action", "70ZZ0127C0012"], {"action": "70ZZ0127C0012"}),
        (["--requested-by", "nobody-here"], {"requested_by": "nobody-here"}),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_runs_are_those_of_the_api_field_by_field(command, program, flawed, options, query):
    status, output = command("runs", *options, "--json", "--limit", "200")
    assert status == 0
    assert json.loads(output) == program("/runs", **query, limit=200)["items"]


def test_an_action_selects_its_own_flags_and_runs(command, flawed):
    mine = flawed["run"]["action_id"]
    for name in ("flags", "runs"):
        _, output = command(name, "--action", mine, "--json")
        found = {each["action_id"] for each in json.loads(output)}  # copies of it begin with its id
        assert found, name
        assert all(each.startswith(mine) for each in found), name
        assert command(name, "--action", "ACT-NOWHERE", "--json") == (0, "[]\n")


@pytest.mark.parametrize(("name", "id_"), [("flags", "flag_id"), ("runs", "run_id")])
def test_since_cuts_at_a_moment(command, system, flawed, name, id_):
    column, table = {"flags": ("raised_at", "flag"), "runs": ("requested_at", "run")}[name]
    run_id = flawed["run"]["run_id"]
    (row,) = system.rows(f"SELECT max({column}) AS at FROM {table} WHERE run_id = %s", run_id)  # noqa: S608  # names
    options = ("--status", "any") if name == "flags" else ()

    def found(since):
        _, output = command(name, *options, "--since", since, "--json", "--limit", "1000")
        return {each[id_] for each in json.loads(output) if each["run_id"] == run_id}

    assert found(row["at"].isoformat())
    assert not found((row["at"] + timedelta(microseconds=1)).isoformat())
    assert found("1d") >= found("3h") >= found(row["at"].isoformat())
    # Of two limits the later one counts.
    _, output = command(name, *options, "--since", "2099-01-01", "--within", "3650", "--json")
    assert json.loads(output) == []


@pytest.fixture(scope="module")
def report(command, tmp_path_factory):
    """A small day, and what it wrote."""
    file = tmp_path_factory.mktemp("day") / "report.json"
    status, output = command("day", "--runs", "20", "--shared-user", "--json", file)
    return status, output, json.loads(file.read_text())


def test_a_small_day_passes_its_own_checks(report):
    status, output, figures = report
    assert figures["failures"] == []
    assert status == 0
    assert "20 runs in" in output
    assert figures["credentials"]["recorded"] == figures["credentials"]["distinct_fingerprints"] == 100
    assert sum(figures["outcomes"].values()) == 20
    sides = {"issued": 100, "used": 100, "recorded": 100, "unexplained": 0, "missing": []}
    assert (figures["sides"], figures["verdict"]) == (sides, "pass")
    assert output.splitlines()[-1] == "Verdict: pass"
    assert "60 leased credentials recorded here: 0 alive, asked of the vault at " in output


def test_without_users_of_their_own_nothing_is_established_unless_that_is_accepted(triage, system):
    """As root each process has its own user here, if others can enter the checkout."""
    (row,) = system.rows("SELECT bool_and(written_apart) AS apart FROM log_source")
    status, output, _ = triage("day", "--runs", "1", environment=system.stack.environment("cli"))
    if row["apart"]:
        assert (status, output.splitlines()[-1]) == (0, "Verdict: pass")
    else:
        assert status == 3
        assert "Verdict: not established: all processes share one user" in output


def test_the_figures_of_a_day_are_those_of_the_database_and_of_the_vaults_log(report, system):
    _, _, figures = report
    newest = system.rows("SELECT run_id FROM run ORDER BY requested_at DESC LIMIT 20")
    wanted = {str(row["run_id"]) for row in newest}
    rows = system.rows(
        "SELECT tool, kind, count(*) AS number FROM credential WHERE run_id::text = ANY(%s) GROUP BY 1, 2",
        list(wanted),
    )
    by_tool = {(row["tool"], row["kind"]): row["number"] for row in rows}
    assert {
        (each["tool"], each["kind"]): each["number"] for each in figures["credentials"]["by_tool"]
    } == by_tool
    answered = [
        line["request"]["path"]
        for line in system.audit_lines()
        if line["type"] == "response"
        and not line.get("error")
        and ((line.get("auth") or {}).get("metadata") or {}).get("run_id") in wanted
    ]
    assert answered.count("auth/approle/login") == figures["vault_log"]["logins"] == 20
    assert answered.count("auth/token/revoke-self") == figures["vault_log"]["revokes"] == 20
    issuing = ("identity/oidc/token/", "auth/token/create/", "database/creds/")
    assert sum(path.startswith(issuing) for path in answered) == 100
    assert figures["credentials"]["issued_by_vault_log"] == 100


def test_a_day_shows_what_it_used_of_the_sam_gov_quota(report, system):
    _, output, figures = report
    day = figures["sam_gov_quota"]
    rows = system.rows(
        "SELECT tool, count(*) AS calls FROM call JOIN credential USING (credential_id) WHERE tool = ANY(%s)"
        " AND started_at >= %s AND started_at < %s GROUP BY tool",
        list(day["used_by_tool"]),
        *(day["day_began"], day["resets_at"]),
    )
    assert day["used"]["calls"] == sum(day["used_by_tool"].values()) > 0
    assert day["used"]["calls"] <= sum(row["calls"] for row in rows)
    assert (day["budget"], day["used"]["over_budget_by"]) == (10_000, 0)
    assert day["full_day_at_this_average"]["runs"] == 400
    assert f"SAM.gov quota of {day['day_began'][:10]}" in output
    assert f"It resets at {day['resets_at'][:10]} 00:00 UTC" in output
    assert "a full day at today's average" in output


def test_a_day_over_its_sam_gov_quota_says_so(triage, system):
    environment = {**system.stack.environment("cli"), "SAM_DAILY_QUOTA": "1"}
    status, output, _ = triage("day", "--runs", "1", "--shared-user", environment=environment)
    assert status == 0
    assert "SAM.gov: over the day's budget of 1 calls by" in output
    assert "there is room for 0 runs a day" in output


def test_a_day_that_cannot_finish_in_time_is_a_failure_with_status_1(command, system, until, tmp_path):
    file = tmp_path / "report.json"
    status, output = command("day", "--runs", "12", "--timeout", "0", "--json", file)
    assert status == 1
    figures = json.loads(file.read_text())
    assert any("runs finished" in failure for failure in figures["failures"])
    assert "FAILED: " in output
    open_runs = "SELECT 1 FROM run WHERE state NOT IN ('completed', 'failed')"
    until(lambda: not system.rows(open_runs), what="the end of the runs it has left")
