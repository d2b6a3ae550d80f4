"""`triage verify` on a bundle of the running system, and on files that are not bundles.

What it says of the vault's lines depends on the log, which tests of this system write to: see
`tests/integration/reconciliation/test_contract_file.py`.
"""

import json
from zipfile import ZipFile

import pytest

#: Exit statuses without any contradiction: pass, and not established.
SOUND = {0, 3}


@pytest.fixture(scope="module")
def bundle(system, served, tmp_path_factory):
    action = "ACT-2026-0003"
    system.run(action)
    answer = served("auditor-a").get(f"/actions/{action}/contract-file.zip")
    assert answer.status_code == 200, answer.text
    path = tmp_path_factory.mktemp("bundle") / "contract-file.zip"
    path.write_bytes(answer.content)
    return path


@pytest.fixture(scope="module")
def verify(triage, system):
    """Runs the command beside the running stack, or beside none."""

    def run(*arguments, stack=True):
        environment = {"TRIAGE_HOME": str(system.stack.layout.home)} if stack else {"TRIAGE_HOME": "/nowhere"}
        return triage("verify", *arguments, environment=environment)

    return run


def test_a_bundle_is_checked_with_the_keys_of_the_stack_running_here(bundle, verify):
    status, output, _ = verify(bundle)
    assert status in SOUND, output
    assert "is complete and unaltered." in output
    assert "Action ACT-2026-0003, exported 20" in output
    with ZipFile(bundle) as content:
        runs = len(json.loads(content.read("contract-file.json"))["runs"])
    assert f"{runs} run{'s' if runs > 1 else ''}\n" in output


@pytest.fixture
def keys(system, tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(system.stack.layout.export_keys.read_text())
    return file


def test_it_is_checked_with_keys_kept_in_a_file_after_the_stack_is_gone(bundle, verify, keys):
    assert verify(bundle, "--keys", keys, stack=False)[0] in SOUND


def test_it_is_checked_with_keys_at_an_address(bundle, verify, system):
    address = f"{system.stack.endpoints['web']}/.well-known/triage-export-keys.json"
    assert verify(bundle, "--keys", address, stack=False)[0] in SOUND


def test_without_keys_the_signature_is_not_trusted(bundle, verify):
    status, output, _ = verify(bundle, stack=False)
    assert status == 1
    assert "The signature is unproven" in output
    status, output, _ = verify(bundle, "--json", stack=False)
    found = json.loads(output)
    assert (status, found["verdict"], found["action_id"]) == (1, "fail", "ACT-2026-0003")
    assert [problem[:25] for problem in found["problems"]] == ["The signature is unproven"]


def test_each_defect_is_described_in_plain_words(bundle, verify, tmp_path):
    path = tmp_path / "changed.zip"
    with ZipFile(bundle) as old, ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "contract-file.json":
                stated = json.loads(content)
                stated["action"]["amount"] = "1.00"
                content = json.dumps(stated).encode()
            if name != "contract-file.pdf":
                new.writestr(name, content)
        new.writestr("note.txt", b"")
    status, output, _ = verify(path)
    assert status == 1
    first, *problems = (line.strip() for line in output.splitlines())
    assert first == f"FAILED: {path} cannot be relied on:"
    assert problems[:2] == ["contract-file.pdf is missing.", "note.txt is not in the manifest: it was added."]
    assert problems[2].startswith("contract-file.json was changed: its SHA-256 is ")


def test_a_flag_closed_without_an_event_is_named(system, served, verify, tmp_path):
    action = "ACT-2026-0004"
    (run,) = system.run(action)
    (flag, *_) = system.rows("SELECT * FROM flag WHERE run_id = %s ORDER BY rule, subject", run)
    system.execute("UPDATE flag SET status = 'closed' WHERE flag_id = %s", flag["flag_id"])
    path = tmp_path / "contract-file.zip"
    path.write_bytes(served("auditor-a").get(f"/actions/{action}/contract-file.zip").content)
    system.execute("UPDATE flag SET status = 'open' WHERE flag_id = %s", flag["flag_id"])
    status, output, _ = verify(path)
    assert status == 1
    assert f"The state of finding {flag['rule']} {flag['subject']} ({flag['flag_id']})" in output
    assert "does not follow from its history: it was changed without an event." in output


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("none.json", "No such file or directory"),
        ("http://example.com/keys.json", "a key set must come from an https address"),
        ("ftp://example.com/keys.json", "a key set must come from an https address"),
        ("https://127.0.0.1:1/keys.json", "no answer (connection refused)"),
        ("https://[", "it is not an address"),
        ("https://127.0.0.1:99999/keys.json", "it is not an address"),
        ("https://", "no answer (no such host)"),
        ("https://no such host/keys.json", "no answer (no such host)"),
        ("https://schlüssel.invalid/keys.json", "no answer (no such host)"),
        ("https://ü..invalid/keys.json", "no answer (no such host)"),
    ],
)
def test_keys_that_cannot_be_had_are_named(bundle, verify, keys, said):
    assert verify(bundle, "--keys", keys) == (2, "", [f"keys: {keys}: {said}"])


def test_a_file_that_is_not_there_or_no_bundle_is_named(verify, tmp_path):
    missing = tmp_path / "missing.zip"
    status, _, errors = verify(missing)
    assert (status, errors) == (1, [f"{missing}: No such file or directory"])
    text = tmp_path / "text.zip"
    text.write_text("hello")
    status, output, _ = verify(text)
    assert status == 1
    assert "The file is not a ZIP file, or is damaged." in output
