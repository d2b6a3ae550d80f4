"""The page of one flag: its values side by side, and the credential behind each."""

import re
from collections import Counter
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha256
from urllib.parse import urldefrag, urlsplit
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from app.procurement.labels import plural

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
    document = read(client, address(flag))
    text = document.text
    rows = system.rows(LINEAGE, flag["flag_id"])
    assert len(rows) == values
    for row in rows:
        # A signed token leaves the vault no accessor and no lease.
        assert (row.pop("handle") is None) == (row["kind"] == "signed-token")
        shown = {name: told for name, told in row.items() if name not in {"kind", "label"}}
        assert [name for name, told in shown.items() if told not in text] == []
        assert f"Stated as: {row['label'].split()[0]}" in text  # a document's code has its name beside it
    for row in system.rows("SELECT * FROM compared_value WHERE flag_id = %s", flag["flag_id"]):
        assert row["value"] in text
    # Login, revocation and each issue are confirmed by the vault's own log, as is each use that the vault sees.
    table = document.named["lineage-table"]
    issued, keys = (
        {row["request_id"] for row in rows},
        {row["request_id"] for row in rows if row["kind"] == "api-key"},
    )
    assert table.count("✓ In the vault’s log Issue: request ") == len(issued)
    assert table.count("✓ In the vault’s log Use, checked by the tool: request ") >= len(keys)
    assert table.count("✓ In the vault’s log Login: request ") == 1
    assert table.count("✓ In the vault’s log Revocation: request ") == 1
    assert "Not established" not in text


def test_leased_credentials_show_accessor_or_lease_and_who_revoked_them(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    text = read(client, address(flag)).text
    for row in system.rows(LINEAGE, flag["flag_id"]):
        assert row["handle"] in text
    # Three credentials and the run token.
    assert text.count("by the end of the run") == 3 + 1
    assert text.count("TTL: 15 min") == 3


def test_the_officer_reads_what_differs_why_it_matters_and_what_to_do(client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    document = read(client, address(flag))
    text = document.text
    for told in ("because", "authority_rfo", "authority_codified", "recommended", "title", "subject"):
        assert flag[told] in text
    assert "Values differ" in text
    todo = document.named["what-to-do"]
    assert flag["recommended"] in todo
    assert "■ Do not sign before" in todo
    assert "(modification)" in todo  # the severity holds for this type of action


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
    assert len(evidence) == 3
    ages = re.findall(r"UTC\) ([\d.]+ (?:s|min|h))\b", document.named["sources"])
    assert len(ages) == 3


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
    assert "Not established the vault refused identity/oidc/token/debarment" in text
    assert "Not established no call is recorded" in text
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
    assert "$118,400.00 against $114,800.00 (Contract management): $3,600.00 more (3.1 %)" in document.text
    assert "$118,400.00 against $110,000.00 (Financial obligations): $8,400.00 more (7.6 %)" in document.text


def test_the_authority_in_force_comes_first_and_follows_the_setting(client_of, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    for far, first, other in (("rfo", "rfo", "codified"), ("codified", "codified", "rfo")):
        text = read(client_of(far=far), address(flag)).text
        assert f"Authority {flag[f'authority_{first}']} In the" in text
        assert flag[f"authority_{other}"] in text


NODES = ("value", "answer", "call", "credential", "policy", "identity", "run")


def nodes_of(document):
    """How many nodes of each kind the picture draws."""
    return Counter(each["data-node"] for each in document.all("g") if "data-node" in each)


def test_lineage_is_one_picture_with_a_node_for_each_link_and_its_table(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "C02")
    document = read(client, address(flag))
    assert nodes_of(document) == {**dict.fromkeys(NODES[:4], 3), **dict.fromkeys(NODES[4:], 1)}
    assert (
        "3 values, 3 answers, 3 calls, 3 credentials. Every link is established."
        in document.named["lineage-about"]
    )
    for row in system.rows(LINEAGE, flag["flag_id"]):
        (call,) = [
            line for line in document.rows if line[0].startswith("Call ") and row["operation"] in line[0]
        ]
        assert "Started:" in call[1]
        for kind, parts in (
            ("Credential", ("scope", "fingerprint", "vault_path")),
            ("Answer", ("answer_digest",)),
        ):
            lines = [line for line in document.rows if line[0].startswith(kind)]
            assert [line for line in lines if all(row[part] in line[1] for part in parts)], kind
    # What the vault saw stands at its node, with the request's id and its time.
    text = document.named["lineage-picture"]
    for row in system.rows(LINEAGE, flag["flag_id"]):
        assert f"id {row['request_id'][:6]}…, " in text
        assert f"id {row['login_request_id'][:6]}…, " in text
    assert text.count("✓ vault’s log: use") == 2  # two API keys; the ledger checks its user itself
    assert "– use: seen by the ledger" in text


def test_values_of_one_call_share_its_nodes(system, client, read, flag_of):
    flag = flag_of("ACT-2026-0004", "F02")
    values = len(system.rows(LINEAGE, flag["flag_id"]))
    calls = {row["request_id"] for row in system.rows(LINEAGE, flag["flag_id"])}
    drawn = nodes_of(read(client, address(flag)))
    assert (drawn["value"], drawn["credential"]) == (values, len(calls)) == (3, 2)


def test_what_the_log_does_not_have_is_marked_as_not_established(system, client_of, read, flag_of, tmp_path):
    """In words, in the picture and in the table, and not by colour."""
    flag = flag_of("ACT-2026-0004", "C02")
    empty = tmp_path / "audit.log"
    empty.write_bytes(b"")
    document = read(client_of(vault_audit_log=empty), address(flag))
    assert document.named["lineage-picture"].count("? issue not established") == 3
    assert "✓" not in document.named["lineage-picture"]
    assert document.named["lineage-table"].count("✕ Not established") == 3 + 2 + 2
    assert "Not established: " in document.named["lineage-about"]
    document = read(client_of(vault_audit_log=tmp_path / "absent.log"), address(flag))
    assert "the vault’s log was not read" in document.named["lineage-table"]


def test_a_valid_credential_says_until_when(system, client, read, flag_of):
    """A signed token is never revoked: it lives until its TTL has passed."""
    flag = flag_of("ACT-2026-0002", "R01")
    system.execute(
        "UPDATE credential SET expires_at = now() + interval '2 minutes' WHERE run_id = %s AND tool = 'sam-gov'",
        flag["run_id"],
    )
    document = read(client, address(flag))
    assert "End: Valid until " in document.named["lineage-table"]
    assert "valid until " in document.named["lineage-picture"]


def test_passed_checks_and_checks_not_performed_are_listed(client, read, flag_of):
    clean = read(client, address(flag_of("ACT-2026-0012", "F01")))
    passed = clean.named["checks-passed"]
    assert "compared all values and found no difference." in passed
    assert "R03 " in passed
    assert "against the instrument" in passed  # what the check looked for
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
    link = next(link for link in read(client, address(flag)).links if link.startswith("/calls/"))
    document = read(client, urldefrag(link).url)
    where = urlsplit(link).path
    (kept,) = system.rows("SELECT * FROM answer WHERE call_id = %s", where.split("/")[2])
    # The value that the reader came from is marked, and its first place is where the link leads.
    assert urlsplit(link).fragment == "found"
    assert document.named["found"] in {"118400.00", "118400.0", "118400"}
    places = document.html.count("<mark")
    assert f"{row['label']}: {row['value']} is found {plural(places, 'time')}" in document.text
    assert 1 <= places <= 3
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
    where = next(
        urlsplit(link).path for link in read(client, address(flag)).links if link.startswith("/calls/")
    )
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


def test_a_match_names_what_is_the_same_and_marks_it(client, read, flag_of):
    document = read(client, address(flag_of("ACT-2026-0003", "E01")))
    assert "Matches: same UEI ZZ03SUBSVND2" in document.text
    assert "Values differ" not in document.text
    marked = re.findall('<mark class="same">([^<]+)</mark>', document.html)
    assert marked.count("ZZ03SUBSVND2") == 2


def test_checks_that_found_nothing_do_not_contradict_a_finding(client, read, flag_of):
    """An owner that the action names is excluded (E01): that E04 found nothing is no all-clear for owners."""
    passed = read(client, address(flag_of("ACT-2026-0003", "E01"))).named["checks-passed"]
    assert "other than those that the action itself names; for these, see E01." in passed


def test_checks_that_were_not_performed_are_named_by_title(client, read, flag_of):
    flag = flag_of("ACT-2026-0007", "S01")
    assert flag["because"].startswith(
        "Contract documents gave no usable answer (answered HTTP 500). Not performed: "
    )
    document = read(client, address(flag))
    assert "C02 Action amount differs" in document.text
    assert "Not known" in document.text


def test_documents_have_their_names_beside_their_codes(client, read, findings, triaged):
    flag = next(
        each for each in findings(triaged["ACT-2026-0012"], "D01") if each["subject"].endswith(":RESP")
    )
    assert "The file holds no determination of responsibility (RESP);" in read(client, address(flag)).text


@pytest.mark.parametrize(
    "asked",
    ["flag=x&value=0", "flag=&value=", "value=0", "flag={flag}&value=99", "flag={flag}&value=-1", "flag={flag}&value=" + "9" * 5000,
     "flag={other}&value=0", "flag={flag}&value=%00"],
)  # fmt: skip
def test_an_answer_is_shown_whatever_value_the_address_names(client, read, flag_of, asked):
    flag = flag_of("ACT-2026-0004", "C02")
    link = next(link for link in read(client, address(flag)).links if link.startswith("/calls/"))
    where = asked.format(flag=flag["flag_id"], other=uuid4())
    document = read(client, f"{urlsplit(link).path}?{where}")
    assert "<mark" not in document.html
    assert "is found" not in document.text


ODD = (
    b"",
    b"\x00\xff\xfe118400\x00",
    "118400.00 – 118400.00".encode("utf-16"),
    b'{"a": 118400.00' + b"[" * 5_000,
    b"<mark id=found>118400.00</mark><script>118400.00</script>",
    b"118400.00 " * 60_000,
    b'"' * 50_000,
)


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_no_answer_breaks_the_marks(system, client, read, flag_of, body):
    flag = flag_of("ACT-2026-0004", "C02")
    link = next(link for link in read(client, address(flag)).links if link.startswith("/calls/"))
    call_id = urlsplit(link).path.split("/")[2]
    (kept,) = system.rows("SELECT body FROM answer WHERE call_id = %s", call_id)
    system.execute("UPDATE answer SET body = %s WHERE call_id = %s", body, call_id)
    try:
        document = read(client, urldefrag(link).url)
        assert "found" in document.named
        assert "<script>118400" not in document.html
        assert document.html.count("<mark") <= 201
    finally:
        system.execute("UPDATE answer SET body = %s WHERE call_id = %s", kept["body"], call_id)
