"""The report of a day names every failure and nothing else."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest

from app.cli.day_report import DayReport, quantiles
from app.cli.vault_count import count_vault_log
from app.credentials.lineage import CredentialKind
from app.credentials.progress import RecordedCredential, UnconfirmedEnd
from app.credentials.vault_line import AuditLine
from app.procurement.daily_quota import COUNTED, QuotaDay
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.log_coverage import SHARED
from app.reconciliation.verdict import Leftover, Reconciliation, Side, Verdict

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RUNS = tuple(uuid5(UUID(int=0), str(number)) for number in range(2))
TOOLS = tuple(ISSUING_PATHS.values())
KINDS = dict(
    zip(
        TOOLS,
        (
            CredentialKind.SIGNED_TOKEN,
            CredentialKind.SIGNED_TOKEN,
            CredentialKind.API_KEY,
            CredentialKind.API_KEY,
            CredentialKind.DATABASE_USER,
        ),
        strict=True,
    )
)


def issued(run_id, tool):
    revocable = KINDS[tool].revocable
    return RecordedCredential(
        run_id=run_id,
        tool=tool,
        kind=KINDS[tool],
        request_id=f"{run_id}-{tool}",
        fingerprint=f"sha-{run_id}-{tool}",
        accessor=None,
        lease_id=None,
        expires_at=NOON + timedelta(seconds=120),
        revoked_at=NOON + timedelta(seconds=2) if revocable else None,
        run_started_at=NOON,
        run_ended_at=NOON + timedelta(seconds=1.5),
    )


def lines_of(run_id):
    """What the vault's log says about one run: the answers to a login, five issues and a revocation."""
    paths = ["auth/approle/login", *ISSUING_PATHS, "auth/token/revoke-self"]
    return [
        {
            "type": "response",
            "auth": {"metadata": {"run_id": str(run_id)}},
            "request": {"id": f"{run_id}-{ISSUING_PATHS.get(path, path)}", "path": path},
        }
        for path in paths
    ]


def counted(lines):
    written = [json.dumps({"time": NOON.isoformat(), **line}).encode() + b"\n" for line in lines]
    return count_vault_log(map(AuditLine.parse, written), RUNS, tools=5)


QUOTA = QuotaDay(
    began=NOON.replace(hour=0), runs=2, calls=dict(zip(COUNTED, (2, 8, 2), strict=True)), quota=10_000
)
LINES = [line for run_id in RUNS for line in lines_of(run_id)]
ROWS = [issued(run_id, tool) for run_id in RUNS for tool in TOOLS]
SIDES = Reconciliation(
    since=NOON, until=NOON + timedelta(seconds=5), issued=10, used=10, recorded=10, leftovers=(), missing=()
)
GOOD = DayReport(
    began=NOON,
    runs=2,
    tools=5,
    outcomes=Counter({"clear": 1, "flagged": 1}),
    credentials=ROWS,
    vault=counted(LINES),
    still_alive=[],
    asked_at=NOON + timedelta(seconds=4),
    unconfirmed=[],
    comparison=SIDES,
    wall_seconds=4.0,
    quota=QUOTA,
    alarms=Counter({"use not recorded": 2}),
)


def test_a_good_day_passes_and_its_figures_are_those_of_its_rows():
    assert GOOD.failures() == []
    figures = GOOD.as_json()
    assert figures["credentials"]["recorded"] == figures["credentials"]["issued_by_vault_log"] == 10
    assert {row["tool"]: (row["kind"], row["number"]) for row in figures["credentials"]["by_tool"]} == {
        tool: (KINDS[tool].value, 2) for tool in TOOLS
    }
    assert figures["vault_log"] == {"logins": 2, "revokes": 2}
    assert figures["runs_per_second"] == 0.5
    assert figures["seconds_from_run_start_to_death"] == {
        "leased_until_confirmed": {"p50": 2.0, "p95": 2.0, "max": 2.0},
        "signed_tokens_until_expiry": {"p50": 120.0, "p95": 120.0, "max": 120.0},
    }

    assert [(each["up_to_seconds"], each["leased"], each["signed_tokens"]) for each in figures["lives"]] == [
        *((0.25, 0, 0), (0.5, 0, 0), (1.0, 0, 0), (2.0, 6, 0), (5.0, 0, 0)),
        *((15.0, 0, 0), (60.0, 0, 0), (125.0, 0, 4), (900.0, 0, 0), (None, 0, 0)),
    ]
    assert (figures["began"], figures["alarms"]) == (NOON.isoformat(), {"use not recorded": 2})
    assert figures["seconds_from_run_end_to_confirmed_death"] == {
        "leased": {"p50": 0.5, "p95": 0.5, "max": 0.5}
    }
    assert figures["ends"] == {
        "leased": 6,
        "leased_confirmed": 6,
        "attempts_not_confirmed": [],
        "signed_tokens": 4,
        "last_signed_token_expires_at": "2026-11-24T12:02:00+00:00",
    }


def test_an_end_that_is_not_confirmed_is_a_failure_and_no_duration():
    (place,) = [number for number, row in enumerate(ROWS) if row.kind is CredentialKind.DATABASE_USER][:1]
    rows = [*ROWS[:place], replace(ROWS[place], revoked_at=None), *ROWS[place + 1 :]]
    report = replace(GOOD, credentials=rows, unconfirmed=[UnconfirmedEnd(RUNS[0], 1, "the vault is sealed")])
    assert report.failures() == [
        "1 ended attempts not confirmed, the first because the vault is sealed",
        "1 leased credentials without a confirmed end",
    ]
    figures = report.as_json()
    assert figures["ends"]["leased_confirmed"] == 5
    assert figures["ends"]["attempts_not_confirmed"] == [
        {"run_id": str(RUNS[0]), "attempt": 1, "problem": "the vault is sealed"}
    ]
    # Its TTL of two minutes is not taken for its death.
    assert figures["seconds_from_run_start_to_death"]["leased_until_confirmed"]["max"] == 2.0


def test_a_day_over_the_quota_is_reported_and_no_failure():
    report = replace(GOOD, quota=replace(QUOTA, quota=10))
    assert report.failures() == []
    assert report.as_json()["sam_gov_quota"]["used"]["over_budget_by"] == 2


def test_a_run_that_was_not_fully_checked_has_finished_all_the_same():
    assert replace(GOOD, outcomes=Counter({"clear": 1, "not fully checked": 1})).failures() == []


@pytest.mark.parametrize("outcome", ["failed", "requested", "dispatched"])
def test_a_run_that_did_not_finish_is_a_failure(outcome):
    assert replace(GOOD, outcomes=Counter({"clear": 1, outcome: 1})).failures() == ["1 of 2 runs finished"]


def test_a_credential_row_that_is_gone_is_seen_on_both_sides():
    report = replace(GOOD, credentials=ROWS[1:])
    assert report.failures() == [
        "9 credentials recorded, 10 expected",
        "1 credentials on one side only",
    ]
    assert report.as_json()["credentials"]["only_in_vault_log"] == [ROWS[0].request_id]


def test_a_credential_row_that_was_altered_is_seen_on_both_sides():
    report = replace(GOOD, credentials=[replace(ROWS[0], request_id="made-up"), *ROWS[1:]])
    assert report.failures() == ["2 credentials on one side only"]
    sides = report.as_json()["credentials"]
    assert (sides["only_recorded"], sides["only_in_vault_log"]) == (["made-up"], [ROWS[0].request_id])


def test_a_row_recorded_twice_does_not_hide_one_that_is_missing():
    report = replace(GOOD, credentials=[ROWS[1], *ROWS[1:]])
    assert report.failures() == [
        "9 distinct fingerprints among 10",
        "1 credentials on one side only",
    ]


def test_the_same_credential_used_twice_is_a_failure():
    report = replace(GOOD, credentials=[replace(ROWS[0], fingerprint=ROWS[1].fingerprint), *ROWS[1:]])
    assert report.failures() == ["9 distinct fingerprints among 10"]


def test_a_leased_credential_that_lives_is_a_failure():
    report = replace(GOOD, still_alive=["accessor-1"])
    assert report.failures() == ["1 leased credentials still alive"]
    assert report.as_json()["credentials"]["still_alive"] == ["accessor-1"]


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        ("auth/approle/login", -1, "1 runs without exactly one login"),
        ("auth/approle/login", 1, "1 runs without exactly one login"),
        ("auth/token/revoke-self", -1, "1 runs without exactly one login"),
        ("auth/token/create/contracts", 1, "11 credentials issued by the vault, 10 expected"),
        ("auth/token/create/contracts", -1, "9 credentials issued by the vault, 10 expected"),
    ],
)
def test_a_line_too_many_or_too_few_in_the_vaults_log_is_a_failure(path, change, expected):
    lines = list(LINES)
    found = next(line for line in lines if line["request"]["path"] == path)
    if change < 0:
        lines.remove(found)
    else:
        lines.append(found | {"request": {"id": "one-more", "path": path}})
    assert any(text.startswith(expected) for text in replace(GOOD, vault=counted(lines)).failures())


def test_refusals_requests_and_other_runs_do_not_count():
    login = LINES[0]
    noise = [
        login | {"type": "request"},
        login | {"error": "permission denied"},
        login | {"auth": {"metadata": {"run_id": "another"}}},
        login | {"auth": None},
        login | {"request": {"id": "x", "path": "auth/token/lookup-self"}},
    ]
    assert counted([*LINES, *noise]) == GOOD.vault


def test_a_run_that_left_nothing_in_the_log_is_uneven():
    assert counted(lines_of(RUNS[0])).uneven_runs == (str(RUNS[1]),)


LEFTOVER = Leftover(kind="used but never issued", detail="by nobody", side=Side.TOOL, at=NOON)
PREMISES = ("the log of ledger is not read", SHARED)


@pytest.mark.parametrize(
    ("leftovers", "missing", "verdict", "stated"),
    [
        ((), (), Verdict.PASS, "pass"),
        ((replace(LEFTOVER, explanation="a worker was killed"),), (), Verdict.PASS, "pass"),
        ((), PREMISES, Verdict.NOT_ESTABLISHED, "not established: " + "; ".join(PREMISES)),
        ((LEFTOVER,), (), Verdict.FAIL, "fail: 1 left over without an explanation"),
        ((LEFTOVER,), PREMISES, Verdict.FAIL, "fail: 1 left over without an explanation"),
    ],
)
def test_a_day_ends_in_the_verdict_of_its_comparison(leftovers, missing, verdict, stated):
    report = replace(GOOD, comparison=replace(SIDES, leftovers=leftovers, missing=missing))
    assert (report.verdict, report.stated) == (verdict, stated)
    assert report.as_json()["verdict"] == verdict
    assert report.as_json()["sides"]["missing"] == list(missing)


def test_a_day_that_fails_its_own_checks_fails_whatever_is_missing():
    comparison = replace(SIDES, missing=PREMISES)
    report = replace(GOOD, still_alive=["accessor-1"], comparison=comparison)
    assert (report.verdict, report.stated) == (Verdict.FAIL, "fail: 1 leased credentials still alive")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([3.0], (3.0, 3.0, 3.0)),
        ([2.0, 1.0], (1.0, 2.0, 2.0)),
        ([float(number) for number in range(1, 101)], (50.0, 95.0, 100.0)),
        ([float(number) for number in range(1, 10)], (5.0, 9.0, 9.0)),
        ([1.0, 1.0, 1.0, 9.87654], (1.0, 9.877, 9.877)),
    ],
)
def test_quantiles_are_by_nearest_rank(values, expected):
    assert quantiles(values) == (expected and dict(zip(("p50", "p95", "max"), expected, strict=True)))
