"""The vault's own lines in a bundle: the chain is computed again, and the lines are compared with the records."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.contract_file import bundle as module
from app.contract_file.bundle import bundle
from app.contract_file.content import serialised
from app.contract_file.log_extract import LogExtract
from app.contract_file.verify import verify
from app.reconciliation.verdict import Verdict
from tests.unit.contract_file.conftest import (
    ANSWER,
    CALL,
    NOON,
    RUN,
    audit_line,
    lines_of_run,
    stretch_of,
)

OTHER_RUN = UUID(int=99)


@pytest.fixture
def check(make_file, occasion, signing, tmp_path, monkeypatch):
    """What is found in a bundle with this part of the log; `change` edits its files before they are signed again."""
    monkeypatch.setattr(module, "pdf", lambda *_, **__: b"%PDF")  # it takes a second

    def checked(log, change=None):
        with (
            bundle(make_file(), [(CALL, ANSWER)], log, occasion, signing) as made,
            ZipFile(made) as opened,
        ):
            files = {name: opened.read(name) for name in opened.namelist()}
        if change:
            documents = {name: json.loads(files[name]) for name in ("contract-file.json", "manifest.json")}
            change(files, *documents.values())
            files["contract-file.json"] = serialised(documents["contract-file.json"])
            manifest = documents["manifest.json"]
            for each in manifest["files"]:
                each["sha256"] = sha256(files.get(each["name"], b"")).hexdigest()
            files["manifest.json"] = serialised(manifest)
            files["manifest.jws"] = signing.sign(files["manifest.json"]).encode()
        path = tmp_path / "bundle.zip"
        with ZipFile(path, "w") as out:
            for name, content in files.items():
                out.writestr(name, content)
        return verify(path, signing.public)

    return checked


def test_lines_that_lead_from_anchor_to_anchor_and_agree_with_the_records_pass(check, make_log):
    checked = check(make_log())
    assert (checked.problems, checked.missing, checked.verdict) == ([], [], Verdict.PASS)


LINES = [*(audit_line(f"other-{number}", "sys/health") for number in range(3)), *lines_of_run()]


@settings(max_examples=200, deadline=None)
@given(
    change=st.sampled_from(["remove", "edit", "insert", "swap"]),
    where=st.integers(0, len(LINES) - 1),
    own=st.sets(st.sampled_from(LINES)),
    data=st.data(),
)
def test_a_line_removed_edited_inserted_or_moved_breaks_the_chain(change, where, own, data):
    whole = stretch_of(LINES, own=own)
    assert whole.difference() is None
    assert {line for line, _ in whole.lines()} == own
    entries = whole.content.splitlines(keepends=True)
    match change:
        case "remove":
            del entries[where]
        case "edit":
            place = data.draw(st.integers(0, len(entries[where]) - 2))
            changed = bytearray(entries[where])
            changed[place] ^= 1  # of hexadecimal digits too: they may become a line of the vault's
            entries[where] = bytes(changed)
        case "insert":
            entries.insert(where, audit_line("inserted", "sys/health"))
        case "swap":
            other = data.draw(st.integers(0, len(LINES) - 1).filter(lambda number: number != where))
            entries[where], entries[other] = entries[other], entries[where]
    assert replace(whole, content=b"".join(entries)).difference() is not None


def test_an_anchor_on_the_way_that_does_not_belong_to_the_chain_is_named():
    whole = stretch_of(LINES, own=LINES, anchored=range(1, len(LINES)))
    for number, anchor in enumerate(whole.anchors):
        for wrong in ({"digest": "00" * 32}, {"lines": anchor.lines + 1}, {"lines": anchor.lines - 1}):
            anchors = [*whole.anchors[:number], replace(anchor, **wrong), *whole.anchors[number + 1 :]]
            assert replace(whole, anchors=anchors).difference() is not None, (number, wrong)


def test_a_line_that_does_not_end_is_not_the_line_that_was_read():
    whole = stretch_of(LINES, own=LINES)
    assert replace(whole, content=whole.content + b"x").difference() is not None


def test_a_broken_chain_is_named_with_its_file(check, make_log):
    (stretch,) = make_log().stretches
    forged = stretch.content.replace(b'"run-token-accessor"', b'"run-token-Accessor"')
    checked = check(replace(make_log(), stretches=[replace(stretch, content=forged)]))
    assert checked.verdict is Verdict.FAIL
    assert (
        "vault-log/1 differs from what was read up to anchor 14 of the vault's log: a line was changed, removed,"
        " added or moved." in checked.problems
    )


@pytest.mark.parametrize("number", range(3))
def test_a_record_without_its_line_in_the_vaults_log_is_named(check, make_log, number):
    own = lines_of_run()
    missing = [
        f"The SecretID of attempt 1 of run {RUN}",
        f"The login of attempt 1 of run {RUN} (request login-request)",
        f"The credential for sam-gov of run {RUN} (request vault-request)",
    ]
    del own[number]
    assert check(make_log(own=own)).problems == [
        f"{missing[number]} is recorded, but not in the vault's log."
    ]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (
            lines_of_run(run=OTHER_RUN),
            f"the record says run {RUN} attempt 1, the vault's log {OTHER_RUN} attempt 1.",
        ),
        (
            lines_of_run(path="identity/oidc/token/contracts"),
            "the vault's log identity/oidc/token/contracts.",
        ),
        (lines_of_run(auth={"accessor": "key"}), "the record says accessor none, the vault's log key."),
        (lines_of_run(secret={"lease_id": "lease"}), "the record says lease none, the vault's log lease."),
        (lines_of_run(data={"username": "user"}), "the record says user none, the vault's log user."),
        (
            lines_of_run(auth={"accessor": None, "metadata": {"run_id": str(OTHER_RUN)}}),
            f"the record says claimed run none, the vault's log {OTHER_RUN}.",
        ),
    ],
)
def test_a_line_that_contradicts_a_record_is_named_with_both(check, make_log, own, said):
    checked = check(make_log(own=own))
    assert checked.verdict is Verdict.FAIL
    assert any(problem.endswith(said) for problem in checked.problems), checked.problems


@pytest.mark.parametrize(
    ("row", "name", "said"),
    [
        ("attempts", "token_accessor", "The login of attempt 1"),
        ("attempts", "secret_id_accessor", "The SecretID of attempt 1"),
        ("attempts", "wrapping_accessor", "The SecretID of attempt 1"),
        ("attempts", "login_request_id", "The login of attempt 1"),
        ("credentials", "request_id", "The credential for sam-gov"),
        ("credentials", "accessor", "The credential for sam-gov"),
        ("credentials", "lease_id", "The credential for sam-gov"),
        ("credentials", "service_user", "The credential for sam-gov"),
        ("credentials", "vault_path", "The credential for sam-gov"),
        ("credentials", "attempt", "The credential for sam-gov"),
    ],
)
def test_a_forged_record_is_found_though_it_was_signed(check, make_log, row, name, said):
    def forged(_, stated, manifest):
        section = "identities" if row == "attempts" else row
        value = 2 if name == "attempt" else "forged"
        stated["runs"][0][row][0][name] = value
        manifest[section][0][name] = value

    checked = check(make_log(), forged)
    assert checked.verdict is Verdict.FAIL
    assert any(problem.startswith(said) for problem in checked.problems), checked.problems


def test_a_time_that_the_vault_contradicts_is_named(check, make_log):
    def forged(_, stated, manifest):
        for each in (stated["runs"][0], manifest):
            each["credentials"][0]["issued_at"] = (NOON + timedelta(hours=1)).isoformat()

    (problem,) = check(make_log(), forged).problems
    assert problem.startswith("The credential for sam-gov of run ")


def test_what_the_vault_issued_and_the_file_does_not_mention_is_named(check, make_log):
    def forgotten(_, stated, manifest):
        stated["runs"][0]["credentials"] = manifest["credentials"] = []

    (problem,) = check(make_log(), forgotten).problems
    assert problem == (
        f"The vault's log shows a credential of identity/oidc/token/sam-gov for run {RUN} (request vault-request)"
        " that this file does not record."
    )


def test_what_no_worker_recorded_is_no_problem_where_the_file_says_so(check, make_log):
    def said(_, stated, manifest):
        stated["runs"][0]["credentials"] = manifest["credentials"] = []
        stated["runs"][0]["not_recorded_by_the_worker"] = [{"request_id": "vault-request"}]

    assert check(make_log(), said).verdict is Verdict.PASS


def test_without_any_line_nothing_is_established(check):
    checked = check(LogExtract())
    assert (checked.problems, checked.verdict) == ([], Verdict.NOT_ESTABLISHED)
    assert checked.missing == [f"the file does not say which part of the vault's log it holds (run {RUN})"]


def test_a_bundle_of_an_earlier_version_establishes_nothing(check, make_log):
    def earlier(files, stated, manifest):
        del stated["vault_log"], manifest["vault_log"], files["vault-log/1"]
        manifest["files"] = [each for each in manifest["files"] if each["name"] != "vault-log/1"]

    checked = check(make_log(), earlier)
    assert checked.problems == []
    (premise,) = checked.missing
    assert "earlier version" in premise


def test_where_lines_may_be_missing_their_absence_contradicts_nothing_and_the_reason_is_named(
    check, make_log
):
    checked = check(make_log(own=lines_of_run()[:1], gaps=["the log begins later"]))
    assert (checked.problems, checked.verdict) == ([], Verdict.NOT_ESTABLISHED)
    assert checked.missing == [f"the log begins later (run {RUN})"]


def test_where_lines_may_be_missing_those_that_are_there_are_compared_all_the_same(check, make_log):
    log = make_log(own=lines_of_run(secret={"lease_id": "lease"}), gaps=["the log begins later"])
    assert check(log).verdict is Verdict.FAIL


def test_a_premise_that_is_not_proven_is_named(check, make_log):
    checked = check(make_log(missing=["one user runs everything"]))
    assert (checked.missing, checked.verdict) == (["one user runs everything"], Verdict.NOT_ESTABLISHED)


def test_lines_that_were_anchored_long_after_they_were_written_prove_nothing(check, make_log):
    (premise,) = check(make_log(at=NOON + timedelta(minutes=2))).missing
    assert premise.startswith(
        "a line in vault-log/1 was written at 2026-09-14 16:00:01 and read at 2026-09-14 16:02:02:"
    )


def test_a_stretch_that_is_missing_or_was_added_is_named(check, make_log):
    def removed(files, _, manifest):
        del files["vault-log/1"]
        manifest["files"] = [each for each in manifest["files"] if each["name"] != "vault-log/1"]

    def added(files, _, manifest):
        files["vault-log/2"] = b""
        manifest["files"].append({"name": "vault-log/2", "bytes": 0})

    assert "The lines of the vault's log in vault-log/1 are missing." in check(make_log(), removed).problems
    assert check(make_log(), added).problems == [
        "vault-log/2 does not belong to any stretch of the vault's log."
    ]


def test_the_two_documents_must_agree_on_the_log_and_the_identities(check, make_log):
    def differing(_, stated, __):
        stated["vault_log"]["runs"] = {}
        stated["runs"][0]["attempts"][0]["worker"] = "another"

    assert check(make_log(), differing).problems == [
        "contract-file.json and the manifest differ in vault_log.",
        "contract-file.json and the manifest differ in the identities.",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"stretches": None, "runs": {}},
        {"stretches": [{}], "runs": {}},
        {"stretches": [{"name": "vault-log/1", "chain": str(RUN), "anchors": []}], "runs": {}},
        {"stretches": [], "runs": []},
        {"stretches": [], "runs": {str(RUN): {}}},
        {"stretches": [], "runs": {str(RUN): {"gaps": 1, "missing": []}}},
    ],
)
def test_a_malformed_part_is_named(check, make_log, wrong):
    def malformed(_, stated, manifest):
        stated["vault_log"] = manifest["vault_log"] = wrong

    problems = check(make_log(), malformed).problems
    assert "manifest.json or contract-file.json lacks required content." in problems


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("digest", "xy"),
        ("digest", "00"),
        ("digest", None),
        ("lines", "many"),
        ("at", "today"),
        ("at", "2026-09-14"),
    ],
)
def test_a_malformed_anchor_is_named(check, make_log, name, value):
    def malformed(_, stated, manifest):
        for each in (stated, manifest):
            each["vault_log"]["stretches"][0]["anchors"][1][name] = value

    problems = check(make_log(), malformed).problems
    assert problems[-1] == "manifest.json or contract-file.json lacks required content."
