"""The page of one flag: its values side by side, and the credential behind each."""

import re
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha256
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.whole_system

LINEAGE = """
    SELECT v.value, v.label, v.record_key, k.fingerprint, k.request_id, k.vault_path, k.scope, k.policy,
           coalesce(k.accessor, k.lease_id) AS handle, c.answer_digest, c.operation, a.token_accessor,
           a.login_request_id, a.entity_id, k.kind
    FROM compared_value v JOIN evidence e USING (evidence_id) JOIN call c USING (call_id)
    JOIN credential k USING (credential_id) JOIN attempt a ON (a.run_id, a.number) = (k.run_id, k.attempt)
    WHERE v.flag_id = %s ORDER BY v.position
"""


@pytest.fixture
def flag_of(findings, triaged):
    """The first finding of one rule about one of the hand-written actions."""
    return lambda action, rule: findings(triaged[action], rule)[0]


def address(flag):
    return f"/flags/{flag['flag_id']}"


@pytest.mark.parametrize(
    "case", [("0002", "R01", 1), ("0003", "E01", 1), ("0004", "C02", 3), ("0012", "F01", 1)]
)
def test_every_value_has_its_record_and_its_whole_lineage(system, client, read, flag_of, case):
    number, rule, values = case
    flag = flag_of(f"ACT-2026-{number}", rule)
    text = read(client, address(flag)).text
    rows = system.rows(LINEAGE, flag["flag_id"])
    assert len(rows) == values
    for row in rows:
        # A signed token leaves the vault no accessor and no lease.
        assert (row.pop("handle") is None) == (row.pop("kind") == "signed-token")
        assert [name for name, told in row.items() if told not in text] == []
    for row in system.rows("SELECT * FROM compared_value WHERE flag_id = %s", flag["flag_id"]):
        assert row["value"] in text
    # The login and each credential are confirmed by the vault's own log.
    assert text.count("✓ In the vault’s log") == 1 + len({row["request_id"] for row in rows})
    assert "Not in the vault’s log" not in text


def test_leased_credentials_show_accessor_or_lease_and_who_revoked_them(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    text = read(client, address(flag)).text
    for row in system.rows(LINEAGE, flag["flag_id"]):
        assert row["handle"] in text
    # Three credentials and the run token by time and link by link, and the credentials once more as a table.
    assert text.count("by the end of the run") == 4 + 4 + 3
    assert text.count(" s of its TTL of 15 min.") == 3


def test_the_officer_reads_what_differs_why_it_matters_and_what_to_do(client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    text = read(client, address(flag)).text
    for told in ("because", "authority_rfo", "authority_codified", "recommended", "title", "subject"):
        assert flag[told] in text
    assert "Values differ" in text
    assert "■ Blocking Do not sign before" in text
    assert "(modification)" in text  # the severity holds for this type of action


def test_times_are_eastern_and_utc_with_the_age_of_the_value(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    document = read(client, address(flag))
    evidence = system.rows(
        "SELECT * FROM evidence JOIN compared_value USING (evidence_id) WHERE flag_id = %s",
        flag["flag_id"],
    )
    for row in evidence:
        pulled = row["pulled_at"]
        assert f"{pulled.astimezone(ZoneInfo('America/New_York')):%Y-%m-%d %H:%M:%S %Z}" in document.text
        assert (
            f"{pulled.astimezone(UTC):%H:%M:%S} UTC)" in document.text
        )  # after the day, where Eastern has another
    assert document.text.count(" Age ") == len(evidence) == 3


def test_a_source_without_a_record_has_a_lineage(system, client, read, flag_of):
    """SAM.gov answered, and did not know the vendor: the answer is as much evidence as a record would be."""
    flag = flag_of("ACT-2026-0009", "R02")
    text = read(client, address(flag)).text
    asked = system.rows(
        "SELECT k.fingerprint, k.request_id, c.answer_digest FROM credential k JOIN call c USING (credential_id)"
        " WHERE k.run_id = %s AND k.tool = 'sam-gov'",
        flag["run_id"],
    )
    assert "A value is missing" in text
    assert "nothing relevant" in text
    assert any(all(told in text for told in row.values()) for row in asked)


def test_a_silent_source_shows_how_far_the_query_got(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0007", "S01")
    text = read(client, address(flag)).text
    calls = system.rows(
        "SELECT k.fingerprint, k.request_id, k.accessor, c.operation, c.answer_digest FROM credential k"
        " JOIN call c USING (credential_id) WHERE k.run_id = %s AND k.tool = 'documents'",
        flag["run_id"],
    )
    assert len(calls) == 2  # tried twice
    for row in calls:
        assert [name for name, told in row.items() if told not in text] == []
    for told in ("Check not performed", "answered HTTP 500", "C02", "D01", "What is filed for"):
        assert told in text


@contextmanager
def policy_without(system, path):
    """The run policy of the real vault without one path."""
    policy = system.ask_vault("GET", "sys/policies/acl/triage-run").json()["data"]["policy"]
    block = policy[policy.index(f'path "{path}"') :]
    narrowed = policy.replace(block[: block.index("}") + 1], "")
    system.ask_vault("POST", "sys/policies/acl/triage-run", {"policy": narrowed}).raise_for_status()
    try:
        yield
    finally:
        system.ask_vault("POST", "sys/policies/acl/triage-run", {"policy": policy}).raise_for_status()


def test_a_refusal_by_policy_is_shown_on_both_pages(system, client, read, findings, submitted):
    with policy_without(system, "identity/oidc/token/debarment"):
        (run_id,) = system.run(submitted())
    (silent,) = findings(run_id, "S01")
    text = read(client, address(silent)).text
    assert "The vault refused identity/oidc/token/debarment" in text
    assert "No credential and no call are recorded." in text
    other = next(flag for flag in findings(run_id) if flag["rule"] != "S01")
    unchecked = read(client, address(other))
    assert address(silent) in unchecked.links
    assert silent["because"] in unchecked.named["checks"]
    document = read(client, f"/runs/{run_id}")
    assert document.named["step-3"].count("✓ Allowed") == 4
    assert "✕ Refused" in document.named["step-3"]
    assert "4 credentials, " in document.text
    assert "1 refusal" in document.text


def test_other_findings_of_the_run_are_linked(client, read, findings, triaged):
    first, *others = findings(triaged["ACT-2026-0012"])
    assert len(others) == 6
    document = read(client, address(first))
    assert {address(other) for other in others} <= set(document.links)
    assert address(first) not in document.links
    assert "None: every system that was asked answered." in document.text


def test_an_earlier_run_says_that_a_later_one_exists(system, client, read, findings, submitted):
    action = submitted()
    (earlier,) = system.run(action)
    flag = findings(earlier, "R02")[0]
    assert "A later run" not in read(client, address(flag)).text
    (later,) = system.run(action)
    document = read(client, address(flag))
    assert "A later run of this action exists." in document.text
    assert f"/runs/{later}" in document.links


def test_hostile_text_stays_text(system, client, read, findings, submitted):
    """What a submitter writes is shown as written: no markup, no reversed reading order, no hidden character."""
    name = '<img src=x onerror=alert(1)> & "Sons" {{ 7 * 7 }} \u202eCLL'
    action = submitted(
        description="=HYPERLINK(\"//evil.example\")\x1b[31m</title><script>alert('x')</script>",
        vendors=[{"uei": "ZZ98WEBTEST1", "name": name, "role": "prime", "cage": None}],
    )
    (run_id,) = system.run(action)
    flag = findings(run_id, "R02")[0]
    shown = '<img src=x onerror=alert(1)> & "Sons" {{ 7 * 7 }} �CLL'
    for where in (address(flag), f"/runs/{run_id}", "/flags?rule=R02"):
        page = read(client, where)
        assert shown in page.text
        assert "\x1b" not in page.html
        assert "\u202e" not in page.html
        assert "<script>" not in page.html.lower()
    described = "=HYPERLINK(\"//evil.example\")�[31m</title><script>alert('x')</script>"
    assert described in read(client, f"/runs/{run_id}").text


def test_differences_are_marked_and_described(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    document = read(client, address(flag))
    values = [
        row["value"]
        for row in system.rows(
            "SELECT value FROM compared_value WHERE flag_id = %s ORDER BY position",
            flag["flag_id"],
        )
    ]
    marked = re.findall("<mark>([^<]+)</mark>", document.html)
    assert marked == values  # three amounts, none like another
    assert document.text.count("Differs completely.") == 3


def test_the_authority_in_force_comes_first_and_follows_the_setting(client_of, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    for far, first, other in (("rfo", "rfo", "codified"), ("codified", "codified", "rfo")):
        text = read(client_of(far=far), address(flag)).text
        assert f"Authority {flag[f'authority_{first}']} In the" in text
        assert flag[f"authority_{other}"] in text


def test_lineage_reads_as_a_timeline_and_as_a_table(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    document = read(client, address(flag))
    text = document.text
    told = document.named["timeline"]
    places = [
        told.index(part)
        for part in (
            "The run was requested by test.",
            "The run logged in to the vault",
            "policy triage-run allowed auth/token/create/documents.",
            "Contract documents: API key issued for documents:read, good for 15 min.",
            "Contract documents: called, GET /documents",
            "Contract documents: answered with status 200",
            "Contract documents: API key revoked by the end of the run, confirmed by the vault.",
        )
    ]
    assert places == sorted(places)
    rows = system.rows(LINEAGE, flag["flag_id"])
    lines = [" ".join(row) for row in document.rows if len(row) == 8]
    for row in rows:
        (line,) = [each for each in lines if row["request_id"] in each]
        for part in ("value", "policy", "scope", "entity_id", "answer_digest", "operation"):
            assert row[part] in line, part
    assert text.count("Step 4") >= 3
    assert [each for each in document.links if each.endswith(f"{flag['run_id']}#step-4")]


def test_each_credential_shows_its_lifetime_and_the_vaults_log_lines(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    document = read(client, address(flag))
    rows = system.rows(LINEAGE, flag["flag_id"])
    assert document.html.count('class="ttl"') == len({row["request_id"] for row in rows}) == 3
    assert "1 call recorded." in document.text
    assert document.html.count('class="vault-lines"') == 3
    assert "data-countdown" not in document.html


def test_a_valid_credential_counts_down(system, client, read, flag_of):
    """A signed token is never revoked: it lives until its TTL has passed."""
    flag = flag_of("ACT-2026-0002", "R01")
    system.execute(
        "UPDATE credential SET expires_at = now() + interval '2 minutes' WHERE run_id = %s AND tool = 'sam-gov'",
        flag["run_id"],
    )
    document = read(client, address(flag))
    assert "Valid: expires in 1 min 59 s" in document.text or "expires in 2 min" in document.text
    assert "data-countdown" in document.html


def test_passed_checks_and_checks_not_performed_are_listed(client, read, flag_of):
    clean = read(client, address(flag_of("ACT-2026-0012", "F01")))
    passed = clean.named["checks-passed"]
    assert "compared all values and found no difference." in passed
    assert "R03 " in passed
    broken = read(client, address(flag_of("ACT-2026-0007", "S01"))).named["checks"]
    assert "7 checks not performed" in broken
    assert "Contract documents: answered HTTP 500" in broken


def test_other_actions_of_the_contract_and_of_the_vendor_are_linked(
    system, client, read, findings, submitted
):
    piid, name = f"70ZZ0126C{uuid4().int % 10**4:04}", f"EXAMPLE RELATED {uuid4().hex[:8].upper()} LLC"
    vendor = {"uei": "ZZ98WEBTEST1", "name": name, "role": "prime", "cage": None}
    first, second = (submitted(piid=piid, vendors=[vendor]) for _ in range(2))
    third = submitted(piid=f"{piid[:-1]}X", vendors=[vendor])
    run, *_ = system.run(first, second, third)
    document = read(client, address(findings(run, "R02")[0]))
    text = document.named["related-flags"]
    contract, named = text.split(f"Other contracts with {name}")
    assert second in contract
    assert third not in contract
    assert second not in named
    assert third in named


@pytest.mark.parametrize("persona", ["officer-a", "auditor-a", "operator-a"])
def test_the_raw_answer_is_shown_with_its_digest(system, client_of, read, flag_of, persona):
    flag = flag_of("ACT-2026-0004", "C02")
    client = client_of(persona=persona)
    row = system.rows(LINEAGE, flag["flag_id"])[0]
    where = next(link for link in read(client, address(flag)).links if link.startswith("/calls/"))
    document = read(client, where)
    (kept,) = system.rows("SELECT * FROM answer WHERE call_id = %s", where.split("/")[2])
    assert document.text.count(sha256(kept["body"]).hexdigest()) == 2
    assert "✓ Matches" in document.text
    assert row["value"].strip("$").replace(",", "").removesuffix(".00") in document.text.replace(",", "")
    answer = client.get(f"{where}/download")
    if persona == "operator-a":
        assert answer.status_code == 403
        assert f"{where}/download" not in document.links
        return
    assert answer.data == kept["body"]
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_hostile_bytes_stay_bytes(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0003", "E01")
    where = next(link for link in read(client, address(flag)).links if link.startswith("/calls/"))
    call_id = where.split("/")[2]
    (kept,) = system.rows("SELECT body FROM answer WHERE call_id = %s", call_id)
    hostile = b"</pre><script>alert(1)</script>\x00\xff\x1b[31m \xe2\x80\xae{{ 7 * 7 }}" + b"x" * 300_000
    system.execute("UPDATE answer SET body = %s WHERE call_id = %s", hostile, call_id)
    try:
        document = read(client, where)
        assert "</pre><script>alert(1)</script>�\\xff�[31m �{{ 7 * 7 }}xxx" in document.text
        assert "<script>alert" not in document.html
        assert "This answer has changed since it was received" in document.text
        assert "Only the first 200,000 characters are shown" in document.text
        assert client.get(f"{where}/download").data == hostile
    finally:
        system.execute("UPDATE answer SET body = %s WHERE call_id = %s", kept["body"], call_id)
    system.execute("DELETE FROM answer WHERE call_id = %s", call_id)
    try:
        assert "This answer was not stored" in read(client, where).text
        assert client.get(f"{where}/download").status_code == 404
    finally:
        system.execute("INSERT INTO answer (call_id, body) VALUES (%s, %s)", call_id, kept["body"])


def test_the_number_of_database_queries_does_not_depend_on_the_flag(client, read, flag_of, questions):
    numbers = set()
    for number, rule in (("0012", "F01"), ("0009", "R02"), ("0004", "C02")):
        flag = flag_of(f"ACT-2026-{number}", rule)
        with questions() as asked:
            read(client, address(flag))
        numbers.add(len(asked))
    assert len(numbers) == 1
    assert numbers.pop() <= 30
