"""Every run gets its own credentials and uses no others; three records agree on this."""

import json
import re
from collections import Counter, defaultdict

import pytest

ISSUING = {
    "identity/oidc/token/sam-gov": "sam-gov",
    "identity/oidc/token/debarment": "debarment",
    "auth/token/create/contracts": "contracts",
    "auth/token/create/documents": "documents",
    "database/creds/ledger-reader": "ledger",
}
HTTP = ("sam-gov", "debarment", "contracts", "documents")


@pytest.fixture(scope="module")
def logged_before(system):
    return {service: len(lines(system, service)) for service in HTTP}


@pytest.fixture(scope="module", params=[2, 8], ids=["two at once", "eight at once"])
def together(request, system, until, logged_before):
    """Runs that hold their credentials at the same time: none can record, and so use, any until all have some.

    The worker carries out four at once, so of eight the latter four follow.
    """
    at_once = min(request.param, 4)
    attempts = "SELECT count(*) AS number FROM attempt WHERE state = 'running' AND run_id = ANY(%s)"
    # The lock would hold up the confirmation of earlier ends.
    unsettled = "SELECT 1 FROM attempt WHERE revoked_at IS NULL"
    until(lambda: not system.rows(unsettled), seconds=60, what="the confirmed ends of earlier runs")
    with system.stack.services.database.connect("triage") as connection, connection.transaction():
        connection.execute("LOCK TABLE credential IN EXCLUSIVE MODE")
        run_ids = system.request(*system.actions[: request.param])
        until(lambda: system.rows(attempts, run_ids)[0]["number"] == at_once, what="runs at the same time")
        # More, if one of them was put off meanwhile and another has taken its place.
        until(lambda: issued(system, run_ids) >= 5 * at_once, what="all their credentials")
    system.wait(run_ids)
    return run_ids


@pytest.fixture(scope="module")
def recorded(system, together):
    rows = system.rows("SELECT * FROM credential WHERE run_id = ANY(%s)", together)
    assert len(rows) == 5 * len(together)
    return rows


def lines(system, service):
    return (system.stack.layout.access / f"{service}.jsonl").read_text().splitlines()


def accesses(system):
    """What the services logged, by fingerprint."""
    found = {}
    for service in HTTP:
        for access in map(json.loads, lines(system, service)):
            found.setdefault(access["fingerprint"], []).append(access)
    return found


def issued(system, run_ids):
    """How many kinds of credential the vault gave these runs. Quickly: a statement that meets the lock waits 10 s at most."""
    query = (
        "SELECT count(DISTINCT (run_id, path)) AS number FROM vault_event"
        " WHERE kind = 'issued' AND run_id = ANY(%s)"
    )
    return system.rows(query, run_ids)[0]["number"]


def is_issued(line):
    """Whether the vault issued a credential, which a refusal or a transaction that failed does not."""
    return line["type"] == "response" and not line.get("error") and line["request"]["path"] in ISSUING


def logged_database_users(system):
    log = system.stack.layout.postgres_log.read_text()
    return Counter(re.findall(r"connection authorized: user=(triage-\w+) database=ledger", log))


def test_no_two_credentials_are_the_same(system, recorded):
    for name in ("fingerprint", "request_id"):
        assert len({row[name] for row in recorded}) == len(recorded)
    for name in ("accessor", "lease_id", "service_user"):
        given = [row[name] for row in recorded if row[name] is not None]
        assert len(set(given)) == len(given) > 0
    fingerprints = [row["fingerprint"] for row in recorded]
    older = "SELECT count(*) FROM credential WHERE fingerprint = ANY(%s)"
    assert system.rows(older, fingerprints) == [{"count": len(recorded)}]


def test_a_credential_is_used_for_its_own_runs_action_at_its_own_service_only(system, together, recorded):
    actions = {
        row["run_id"]: row
        for row in system.rows(
            "SELECT run_id, piid, modification, vendors FROM run JOIN action ON action_id = job_id"
            " WHERE run_id = ANY(%s)",
            together,
        )
    }
    facts = "SELECT run_id, string_agg(fact::text, ' ') AS said FROM evidence WHERE source = ANY(%s) GROUP BY run_id"
    said = system.rows(facts, ["sam-gov", "documents"])
    brought = defaultdict(str, {each["run_id"]: each["said"] for each in said})
    seen = accesses(system)
    for row in recorded:
        if row["tool"] == "ledger":
            continue
        action, uses = actions[row["run_id"]], seen[row["fingerprint"]]
        assert {use["service"] for use in uses} == {row["tool"]}
        for use in uses:
            if row["tool"] in ("contracts", "documents"):
                assert use["query"]["piid"] == action["piid"]
            else:
                # The second round asks by what SAM.gov and the contract file said of these vendors.
                (asked,) = (
                    use["query"][name]
                    for name in ("exclusionName", "cageCode", "ueiSAM")
                    if name in use["query"]
                )
                for word in re.findall(r"\w+", asked):
                    assert word in f"{action['vendors']} {brought[row['run_id']]}".upper()


def test_what_was_recorded_is_what_the_vault_issued(system, together, recorded):
    answers = {}
    for line in system.audit_lines():
        path = line["request"]["path"]
        run_id = ((line.get("auth") or {}).get("metadata") or {}).get("run_id")
        if is_issued(line) and run_id in map(str, together):
            answer = line["response"]
            answers[line["request"]["id"]] = (
                run_id,
                ISSUING[path],
                line["auth"]["metadata"]["attempt"],
                (answer.get("auth") or {}).get("accessor"),
                (answer.get("secret") or {}).get("lease_id"),
            )
    assert answers == {
        row["request_id"]: (
            str(row["run_id"]),
            row["tool"],
            str(row["attempt"]),
            row["accessor"],
            row["lease_id"],
        )
        for row in recorded
    }


def test_an_api_key_carries_its_own_runs_name(system, together, recorded):
    """Its metadata comes from the worker, so the vault's line must name the same run for parent and child."""
    accessors = {row["accessor"]: row for row in recorded if row["accessor"]}
    named = {}
    for line in system.audit_lines():
        child = (line.get("response") or {}).get("auth") or {}
        if child.get("accessor") in accessors and line["type"] == "response":
            named[child["accessor"]] = (line["auth"]["metadata"]["run_id"], child["metadata"])
    for accessor, row in accessors.items():
        run_id = str(row["run_id"])
        wanted = {"run_id": run_id, "attempt": str(row["attempt"]), "tool": row["tool"]}
        assert named[accessor] == (run_id, wanted)


def test_what_was_recorded_is_what_the_services_saw_used(system, together, recorded):
    seen = accesses(system)
    calls = system.rows(
        "SELECT fingerprint, call.status FROM call JOIN credential USING (credential_id)"
        " WHERE call.run_id = ANY(%s) AND tool != 'ledger'",
        together,
    )
    # A service that hung or was given up on has no status on our side; it may not have got to its log yet.
    answered = Counter((row["fingerprint"], row["status"]) for row in calls if row["status"])
    logged = Counter(
        (row["fingerprint"], use["status"]) for row in recorded for use in seen.get(row["fingerprint"], [])
    )
    assert not answered - logged
    assert {fingerprint for fingerprint, _ in logged} == {row["fingerprint"] for row in calls}
    users = logged_database_users(system)
    assert all(users[row["service_user"]] == 1 for row in recorded if row["tool"] == "ledger")


def test_services_saw_no_use_of_anything_that_was_not_recorded(system, together, logged_before):
    seen = {
        json.loads(line)["fingerprint"]
        for service in HTTP
        for line in lines(system, service)[logged_before[service] :]
    }
    known = system.rows("SELECT 1 FROM credential WHERE fingerprint = ANY(%s)", list(seen))
    assert len(known) == len(seen) >= 4 * len(together)
