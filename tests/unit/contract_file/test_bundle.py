"""The bundle: its content, and that a check finds anything changed, missing or added."""

import hashlib
import json
import re
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from app.connections.secret_files import SettingsError
from app.contract_file import bundle as module
from app.contract_file.bundle import bundle
from app.contract_file.content import manifest, serialised
from app.contract_file.keys import KeysError, PublicKeys, SigningKeys
from app.contract_file.log_extract import LogExtract
from app.contract_file.verify import verify
from app.credentials.tables import AttemptEndRow, AttemptRow, CredentialRow
from app.credentials.vault_tables import VaultEventRow
from app.procurement.rules import RULES
from app.reconciliation.leftover_kinds import ISSUED_ONLY
from app.reconciliation.verdict import Leftover, Side, Verdict
from app.review.event_chain import digest
from app.review.flag_history import Decision, EventKind
from app.review.queries.action_file import TooLargeError
from tests.unit.contract_file.conftest import AGREED, NOON

ANSWER = b'{"entityData": []}'
CALL = "00000000-0000-0000-0000-000000000003"


@pytest.fixture
def make(make_file, make_log, occasion, signing):
    def made(*, answer=ANSWER, keys=signing, log=None, **changed):
        file = make_file(**changed)
        answers = [(call_id, answer) for call_id in file.kept]
        with bundle(file, answers, log or make_log(), occasion, keys) as content:
            content.seek(0)
            with ZipFile(BytesIO(content.read())) as opened:
                return {name: opened.read(name) for name in opened.namelist()}

    return made


def checked(folder, files, keys):
    path = folder / "bundle.zip"
    with ZipFile(path, "w") as out:
        for name, content in files.items():
            out.writestr(name, content)
    return verify(path, keys)


@pytest.fixture
def check(tmp_path, signing):
    """The problems found in a bundle of these files."""
    return lambda files, keys=signing.public: checked(tmp_path, files, keys).problems


def resigned(files, signing, change):
    """The bundle as its maker would have made it, after a change to what the manifest says."""
    manifest = json.loads(files["manifest.json"])
    change(manifest)
    content = serialised(manifest)
    return files | {"manifest.json": content, "manifest.jws": signing.sign(content).encode()}


def test_it_holds_the_document_twice_the_answers_and_the_signed_list_of_all(make):
    files = make()
    manifest = json.loads(files["manifest.json"])
    assert set(files) == {
        "contract-file.pdf",
        "contract-file.json",
        f"answers/{CALL}",
        "vault-log/1",
        "manifest.json",
        "manifest.jws",
    }
    assert {each["name"]: each["sha256"] for each in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if not name.startswith("manifest")
    }
    assert manifest["runs"] == ["00000000-0000-0000-0000-000000000001"]
    assert manifest["rules"]["of_the_flags"] == {"R04": [2]}
    assert manifest["rules"]["of_the_tool"] == {rule.id: rule.version for rule in RULES}
    assert manifest["tool"]["name"] == "triage"
    assert manifest["credentials"][0]["request_id"] == "vault-request"
    assert manifest["credentials"][0]["fingerprint"] == "ab" * 32
    assert manifest["identities"][0]["token_accessor"] == "run-token-accessor"
    assert [each["kind"] for each in manifest["decisions"][0]["history"]] == ["decided", "undone"]


def test_a_bundle_as_it_was_made_has_no_problem(make, check):
    assert check(make()) == []


def test_the_same_content_at_the_same_time_makes_the_same_files_but_for_the_signature(make):
    first, second = make(), make()
    differing = {name for name in first if first[name] != second[name]}
    assert differing == {"manifest.jws"}  # ECDSA takes a random number for each


def test_files_in_the_zip_have_the_time_of_the_export_and_a_plain_mode(
    make_file, make_log, occasion, signing
):
    file = make_file()
    with bundle(file, [], make_log(), occasion, signing) as content, ZipFile(content) as opened:
        for entry in opened.infolist():
            assert entry.date_time == (2026, 9, 14, 17, 0, 0)  # a ZIP counts in steps of two seconds
            assert stat.S_IMODE(entry.external_attr >> 16) == 0o644


@pytest.mark.parametrize("name", ["contract-file.pdf", "contract-file.json", f"answers/{CALL}"])
def test_a_changed_file_is_named(make, check, name):
    files = make()
    problems = check(files | {name: files[name].replace(b"e", b"E", 1)})
    assert any(problem.startswith(f"{name} was changed: its SHA-256 is ") for problem in problems), problems


@pytest.mark.parametrize("name", ["contract-file.pdf", f"answers/{CALL}"])
def test_a_missing_file_is_named(make, check, name):
    files = make()
    del files[name]
    assert check(files) == [f"{name} is missing."]


@pytest.mark.parametrize("name", ["manifest.json", "manifest.jws", "contract-file.json"])
def test_without_its_main_parts_nothing_else_is_claimed(make, check, name):
    files = make()
    del files[name]
    assert f"{name} is missing, so nothing can be checked." in check(files)


def test_an_added_file_is_named(make, check):
    files = make() | {"answers/another": b"", "../../etc/passwd": b"", "line\nbreak": b""}
    assert check(files) == [
        "../../etc/passwd is not in the manifest: it was added.",
        "answers/another is not in the manifest: it was added.",
        "line�break is not in the manifest: it was added.",
    ]


def test_a_changed_manifest_does_not_have_the_signature(make, check):
    files = make()
    changed = files["manifest.json"].replace(b"vault-request", b"other-request")
    problems = check(files | {"manifest.json": changed})
    assert problems[0] == "The signature is not valid: it does not belong to this manifest and key."
    assert "contract-file.json and the manifest differ in the lineage of credentials." in problems


@pytest.mark.parametrize("signature", [b"", b"..", b"a.b.c", b"\xff\xfe", b"eyJhbGciOiJub25lIn0.."])
def test_a_malformed_signature_proves_nothing(make, check, signature):
    (problem,) = check(make() | {"manifest.jws": signature})
    assert problem.startswith("The signature is not valid")


def test_the_signature_of_an_unknown_key_proves_nothing(make, check):
    stranger = SigningKeys([ECKey.generate_key("P-256", private=True)])
    (problem,) = check(make(keys=stranger))
    assert "which is not in the key set" in problem


def test_an_earlier_key_still_verifies(make, check, signing):
    files = make()
    later = PublicKeys.parse(json.dumps({"keys": signing.public.as_set()["keys"][::-1]}))
    assert check(files, later) == []


def test_without_keys_the_signature_is_not_verified(make, check):
    assert check(make(), None) == [
        "The signature is unproven: there is no key set to check it with. Name one with --keys."
    ]


def test_a_history_that_was_cut_or_changed_is_named_even_if_it_was_signed_again(make, check, signing):
    files = make()

    def cut(manifest):
        manifest["decisions"][0]["history"].pop()

    def reworded(manifest):
        manifest["decisions"][0]["history"][0]["rationale"] = "Another reason."

    for change, number in ((cut, 2), (reworded, 1)):
        problems = check(resigned(files, signing, change))
        assert any(f"is broken: event {number} was changed or is missing." in each for each in problems)
        assert "contract-file.json and the manifest differ in the decisions." in problems


def test_a_state_that_does_not_follow_from_the_history_is_named(
    make_file, make_log, occasion, signing, check
):
    for change in (
        {"status": "closed"},
        {"decision": "resolved"},
        {"assignee": "officer-b"},
        {"office": "Legal Counsel"},
        {"due_on": date(2026, 12, 1)},
    ):
        file = make_file()
        for name, value in change.items():
            setattr(file.flags[0].flag, name, value)
        with bundle(file, [(each, ANSWER) for each in file.kept], make_log(), occasion, signing) as content:
            content.seek(0)
            with ZipFile(BytesIO(content.read())) as opened:
                files = {name: opened.read(name) for name in opened.namelist()}
        (problem,) = check(files)
        assert problem.startswith("The state of finding R04 ZZ98EXPORTS1 ")
        assert not json.loads(files["contract-file.json"])["flags"][0]["history_holds"]


@pytest.mark.parametrize(
    ("explanation", "missing", "verdict"),
    [
        (None, [], Verdict.FAIL),
        ("its attempt ended before it was recorded", ["a log was not read"], Verdict.NOT_ESTABLISHED),
        ("its attempt ended before it was recorded", [], Verdict.PASS),
    ],
)
def test_it_is_no_better_than_what_the_sides_showed_of_its_runs(
    make, tmp_path, signing, *, explanation, missing, verdict
):
    left = Leftover(
        kind=ISSUED_ONLY, detail="no record names it", side=Side.VAULT, at=NOON, explanation=explanation
    )
    sides = replace(AGREED, issued=2, leftovers=[left], missing=missing)
    found = checked(tmp_path, make(compared=sides), signing.public)
    assert (found.verdict, found.missing) == (verdict, missing)
    if verdict is Verdict.FAIL:
        (problem,) = found.problems
        assert problem.startswith("Vault, tools and records of run 00000000-")
        assert problem.endswith(" did not agree at the export: no record names it")


def test_a_run_that_was_not_compared_is_a_missing_premise(make, tmp_path, signing):
    found = checked(tmp_path, make(compared=None), signing.public)
    assert found.verdict is Verdict.NOT_ESTABLISHED
    (premise,) = found.missing
    assert premise.endswith(" were not compared at the export")


def test_an_answer_that_is_not_the_one_received_is_named(make, check):
    assert check(make(answer=b"another")) == [
        f"answers/{CALL} is not the answer that was received: the call recorded another SHA-256."
    ]


def test_a_history_broken_in_the_database_is_exported_and_named(make, check):
    (problem,) = check(make(version=3))
    assert "is broken: event 3" in problem


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.7", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_not_a_zip_is_named(tmp_path, signing, content):
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    assert verify(path, signing.public).problems == ["The file is not a ZIP file, or is damaged."]


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"format": "triage-manifest/1"}']
)
def test_a_malformed_manifest_is_named(make, check, manifest):
    assert any("manifest.json" in problem for problem in check(make() | {"manifest.json": manifest}))


def test_a_truncated_zip_is_named(make_file, make_log, occasion, signing, tmp_path):
    path = tmp_path / "file.zip"
    with bundle(make_file(), [], make_log(), occasion, signing) as content:
        content.seek(0)
        whole = content.read()
    for length in range(0, len(whole), len(whole) // 20):
        path.write_bytes(whole[:length])
        assert verify(path, signing.public).problems, length


def test_more_than_a_bundle_may_hold_is_refused(make_file, make_log, occasion, signing, monkeypatch):
    monkeypatch.setattr(module, "ANSWERS_LIMIT", 1)
    with pytest.raises(TooLargeError, match="ACT-1"):
        bundle(make_file(), [], make_log(), occasion, signing)


def test_the_served_key_set_holds_no_private_part(signing):
    served = signing.public.as_set()
    assert [sorted(key) for key in served["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]] * 2


def test_keys_are_taken_from_a_private_file_only(tmp_path, signing):
    file = tmp_path / "keys.json"
    key = ECKey.generate_key("P-256", private=True)
    file.write_text(json.dumps({"keys": [key.as_dict(private=True)]}))
    file.chmod(0o644)
    with pytest.raises(SettingsError, match="open to others"):
        SigningKeys.load(file)
    file.chmod(0o600)
    assert SigningKeys.load(file).public.as_set()["keys"][0]["kid"] == key.thumbprint()
    for wrong in (
        "[]",
        "{}",
        '{"keys": []}',
        '{"keys": [1]}',
        json.dumps({"keys": [key.as_dict(private=False)]}),
    ):
        file.write_text(wrong)
        with pytest.raises(KeysError, match=r"keys\.json"):
            SigningKeys.load(file)


def test_a_signature_made_for_something_else_proves_nothing(make, check):
    key = ECKey.generate_key("P-256", private=True)
    files = make()
    header = {"alg": "ES256", "kid": key.thumbprint()}
    other = jws.detach_content(jws.serialize_compact(header, files["manifest.json"], key, ["ES256"]))
    (problem,) = check(files | {"manifest.jws": other.encode()}, SigningKeys([key]).public)
    assert problem == "The signature is not valid: it is not the signature of a manifest."


def documented():
    """The programs of the documentation: for the signature, the digests of each history, and the vault's log."""
    text = (Path(__file__).parents[3] / "docs/contract-file.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return [[sys.executable, "-W", "ignore", "-c", program] for program in programs]


def test_the_signature_is_checked_as_the_documentation_says(make, signing, tmp_path, monkeypatch):
    line, _, _ = documented()
    monkeypatch.chdir(tmp_path)
    for name, content in make().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "keys.json").write_text(json.dumps(signing.public.as_set()))
    subprocess.run(line, check=True, capture_output=True)
    (tmp_path / "manifest.json").write_text("{}")
    assert b"BadSignatureError" in subprocess.run(line, check=False, capture_output=True).stderr


def test_the_chain_of_the_vaults_log_is_what_the_documentation_says(make, tmp_path, monkeypatch):
    _, _, line = documented()
    monkeypatch.chdir(tmp_path)
    files = make()
    Path("vault-log").mkdir()
    Path("manifest.json").write_bytes(files["manifest.json"])
    Path("vault-log/1").write_bytes(files["vault-log/1"])
    subprocess.run(line, check=True, capture_output=True)
    Path("vault-log/1").write_bytes(files["vault-log/1"].replace(b"update", b"delete", 1))
    assert b"AssertionError: vault-log/1" in subprocess.run(line, check=False, capture_output=True).stderr


def test_a_digest_of_a_history_is_what_the_documentation_says(
    make_file, make_log, occasion, tmp_path, monkeypatch
):
    _, line, _ = documented()
    monkeypatch.chdir(tmp_path)
    file = make_file()
    (flag,) = file.flags
    ((decided, first), *_) = flag.history
    assigned = replace(
        decided,
        number=2,
        kind=EventKind.ASSIGNED,
        at=decided.at + timedelta(microseconds=250),
        decision=None,
        rationale="",
        assignee="Ärger–\u4e2d\u200b",
    )
    referred = replace(
        decided, number=3, decision=Decision.REFERRED, office="Söller’s Office", due_on=date(2026, 12, 1)
    )
    second = digest(assigned, first)
    history = [(decided, first), (assigned, second), (referred, digest(referred, second))]
    stated = manifest(replace(file, flags=[replace(flag, history=history)]), make_log(), occasion, {})
    Path("manifest.json").write_bytes(serialised(stated))
    subprocess.run(line, check=True, capture_output=True)
    stated["decisions"][0]["history"][1]["rationale"] = "None"
    Path("manifest.json").write_bytes(serialised(stated))
    assert b"AssertionError" in subprocess.run(line, check=False, capture_output=True).stderr


def test_a_bundle_says_what_was_not_confirmed_when_it_was_made(make_file, occasion, signing, read_pdf, check):
    file = make_file()
    (run,) = file.runs
    at = run.run.requested_at
    ended = AttemptRow(**{**run.attempts[0].model_dump(), "ended_at": at, "revoked_at": None})
    leased = CredentialRow(**{**run.credentials[0].model_dump(), "kind": "api-key"})
    sealed = AttemptEndRow(run_id=run.run.run_id, number=1, problem="the vault is sealed")
    stray = VaultEventRow(
        request_id="x", kind="issued", at=at, path="database/creds/y", attempt=1, lease_id="z"
    )
    run = replace(run, attempts=[ended], credentials=[leased], ends=[sealed], unrecorded=[stray])
    with bundle(replace(file, runs=[run]), [(UUID(CALL), ANSWER)], LogExtract(), occasion, signing) as made:
        made.seek(0)
        with ZipFile(made) as opened:
            files = {name: opened.read(name) for name in opened.namelist()}
    assert check(files) == []
    content, manifest = json.loads(files["contract-file.json"]), json.loads(files["manifest.json"])
    (open_end,) = manifest["ends_not_confirmed"]
    assert content["ends_not_confirmed"] == [open_end]
    assert (open_end["attempt"], open_end["problem"]) == (1, "the vault is sealed")
    assert [each["state"] for each in content["runs"][0]["ends"]] == ["not confirmed"] * 3
    printed = read_pdf(files["contract-file.pdf"]).text
    assert "Noteveryendisconfirmed." in printed
    assert printed.count("notconfirmed:thevaultissealed") == 3
    assert "whichtheworkerdidnotrecord" in printed
