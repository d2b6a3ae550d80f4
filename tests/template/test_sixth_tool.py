"""A sixth tool, added to a copy of the repository as docs/add-a-tool.md says, on real servers."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

REPOSITORY = Path(__file__).parents[2]
GUIDE = "docs/add-a-tool.md"
RUNS = 14
#: Actions of the demo: with a bond that covers the price, with one that does not, and one at which the defective rule fails.
COVERED, UNCOVERED, DEFECTIVE = "ACT-2026-0001", "ACT-2026-0008", "ACT-2026-0003"
#: An existing file is edited by a person; the page of rules is written by a command of the guide.
EDITED = {
    "app/procurement/systems.py",
    "infra/local/ports.py",
    "infra/vault/policies/triage-operator.hcl",
    "infra/vault/policies/triage-run.hcl",
    "infra/vault/policies/triage-switch.hcl",
}
NEW = {
    "app/procurement/rules/d05_bond_too_small.py",
    "mocks/services/bonds.py",
    "workers/tools/bonds.py",
}
GENERATED = {"docs/rules.md"}
_CACHES = {"__pycache__", ".pytest_cache", ".hypothesis"}
_STEP = re.compile(
    r"^(New file )?`([\w/.-]+)`:\n\n```(\w+)\n(.*?)^```$|^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
#: A rule with a defect, for one action: the check is not performed, and everything else stands.
BROKEN = '''
"""A rule with a defect."""

from dataclasses import replace

from app.procurement.rules.d05_bond_too_small import D05


def _broken(rule, case):
    if case.action.action_id == "ACT-2026-0003":
        raise KeyError(case.action.description)
    return iter(())


D06 = replace(D05, id="D06", title="A rule with a defect", check=_broken)
'''


@dataclass(frozen=True)
class Copy:
    """A copy of the repository, and commands carried out in it."""

    folder: Path
    home: Path

    def run(self, *command: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "PYTHONPATH": str(self.folder),
            "TRIAGE_HOME": str(self.home / "state"),
            "COLUMNS": "200",
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done

    def triage(self, *arguments: str, seconds: float = 120) -> str:
        return self.run(sys.executable, "-m", "app.cli.main", *arguments, seconds=seconds).stdout

    def files(self) -> dict[str, bytes]:
        """Path to content, without what Python and pytest keep for themselves."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        named = {path.relative_to(self.folder): path for path in paths}
        return {
            str(name): path.read_bytes() for name, path in named.items() if _CACHES.isdisjoint(name.parts)
        }


def carry_out(copy: Copy) -> None:
    """The steps of the guide: new files as they stand there, edits by the lines around them, commands in a shell."""
    for new, name, kind, text, commands in _STEP.findall((copy.folder / GUIDE).read_text(encoding="utf-8")):
        if commands:
            copy.run("bash", "-ec", commands)
            continue
        path = copy.folder / name
        if new:
            assert not path.exists(), name
            path.write_text(text, encoding="utf-8")
            continue
        assert kind == "diff", name
        lines = text.splitlines()
        before, after = (
            "\n".join(line[1:] for line in lines if line[:1] in kept) for kept in ({" ", ""}, {" ", "+", ""})
        )
        content = path.read_text(encoding="utf-8")
        assert content.count(before) == 1, f"{name}: {before}"
        path.write_text(content.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Copy:
    folder = tmp_path_factory.mktemp("sixth")
    copy = Copy(folder / "repository", folder)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        target = copy.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target)
    return copy


@pytest.fixture(scope="module")
def extended(original) -> Copy:
    """The copy with the tool."""
    before = original.files()
    carry_out(original)
    after = original.files()
    assert {name for name in before if after.get(name) != before[name]} == EDITED | GENERATED
    assert after.keys() - before.keys() == NEW
    (original.folder / "app/procurement/rules/d06_broken.py").write_text(BROKEN, encoding="utf-8")
    return original


def test_the_code_of_the_guide_passes_the_linter(extended):
    extended.run("ruff", "check", *sorted(NEW), "app/procurement/systems.py")
    extended.run("ruff", "format", "--check", *sorted(NEW), "app/procurement/systems.py")


@pytest.fixture(scope="module")
def stack(extended) -> Iterator[Copy]:
    extended.triage("stack", "up", "--detach", seconds=240)
    yield extended
    extended.triage("stack", "down")


@pytest.fixture(scope="module")
def day(stack) -> dict[str, Any]:
    """The report of a day, whose own checks passed."""
    stack.triage("day", "--runs", str(RUNS), "--shared-user", "--json", "day.json", seconds=240)
    return json.loads((stack.folder / "day.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def officer(stack, day, browser) -> Iterator[httpx.Client]:
    """The pages as an officer who is signed in sees them."""
    parts = json.loads(stack.triage("stack", "status", "--json"))["parts"]
    addresses = {part["name"]: part["address"] for part in parts}
    with httpx.Client(base_url=addresses["web"], timeout=20, trust_env=False) as pages:
        start = pages.get("/sign-in/start")
        pending = start.cookies["__Host-triage"]
        back = browser.choose(start.headers["Location"], "officer-a")
        signed_in = pages.get(back, headers={"Cookie": f"__Host-triage={pending}"})
        pages.headers["Cookie"] = f"__Host-triage={signed_in.cookies['__Host-triage']}"
        pages.cookies.clear()
        yield pages


def test_the_day_issues_six_credentials_a_run_and_ends_them_all(day):
    tools = {row["tool"]: row["number"] for row in day["credentials"]["by_tool"]}
    assert day["failures"] == []
    assert len(tools) == 6
    assert tools["bonds"] == RUNS
    assert day["credentials"]["still_alive"] == []
    assert day["credentials"]["issued_by_vault_log"] == 6 * RUNS


@pytest.fixture(scope="module")
def lineages(stack, day) -> dict[str, Any]:
    """The newest run of three actions, as `triage lineage` has it."""
    runs = json.loads(stack.triage("runs", "--json", "--limit", "100"))
    newest = {run["action_id"]: run["run_id"] for run in reversed(runs)}
    return {
        action_id: json.loads(stack.triage("lineage", newest[action_id], "--json"))
        for action_id in (COVERED, UNCOVERED, DEFECTIVE)
    }


def test_each_run_plans_asks_and_ends_the_tool(lineages):
    for action_id in (COVERED, UNCOVERED):
        run = lineages[action_id]
        (step,) = [step for step in run["steps"] if step["tool"] == "bonds"]
        assert (step["number"], step["rules"], step["outcome"]) == (6, ["D05", "D06"], "answered")
        assert "Which bonds stand behind" in step["question"]
        (credential,) = [item for item in run["credentials"] if item["tool"] == "bonds"]
        assert (credential["kind"], credential["vault_path"]) == ("signed-token", "identity/oidc/token/bonds")
        (call,) = credential["calls"]
        assert call["status"] == 200
        (attempt,) = run["attempts"]
        assert attempt["revoked_by"] == "run end"


def test_the_check_finds_what_differs_and_nothing_else(lineages):
    found = {
        action_id: [flag["because"] for flag in lineages[action_id]["flags"] if flag["rule"] == "D05"]
        for action_id in (COVERED, UNCOVERED)
    }
    assert found == {
        COVERED: [],
        UNCOVERED: ["The bonds in force for 70ZZ0126C0008 cover $20,000.00 of $54,300.00."],
    }


def test_a_rule_with_a_defect_is_named_and_the_rest_of_its_run_is_stored(stack, lineages, officer):
    run = lineages[DEFECTIVE]
    assert run["run"]["state"] == "completed"
    (failed,) = [flag for flag in run["flags"] if flag["rule"] == "S01"]
    (other, *_) = [flag for flag in run["flags"] if flag["rule"] == "E01"]
    assert (failed["subject"], failed["severity"]) == ("D06", "blocking")
    assert "KeyError" in failed["because"]
    assert "A rule with a defect" in officer.get(f"/flags/{other['flag_id']}").text
    assert failed["because"] in unescape(officer.get(f"/flags/{failed['flag_id']}").text)
    logged = (stack.home / "state/logs/worker-1.log").read_text(encoding="utf-8")
    assert "rule D06 failed: KeyError" in logged
    assert run["action"]["description"] not in logged


def test_the_pages_show_the_tool(lineages, officer):
    state = re.search(r'<th scope="row">bonds</th><td>(.*?)</td>', officer.get("/stack").text, re.DOTALL)
    assert state
    assert "Up" in state[1]
    (log,) = re.findall(
        r'<th scope="row">Surety bonds</th>((?:<td.*?</td>)+)', officer.get("/stack").text, re.DOTALL
    )
    *_, lines, unreadable, _apart = [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", log)]
    assert int(lines) >= RUNS
    assert unreadable == "0"
    run = lineages[UNCOVERED]
    page = officer.get(f"/runs/{run['run']['run_id']}").text
    assert "Surety bonds" in page
    assert "identity/oidc/token/bonds" in page
    (flag,) = [flag for flag in run["flags"] if flag["rule"] == "D05"]
    page = officer.get(f"/flags/{flag['flag_id']}").text
    assert "Bond does not cover the price" in page
    assert "bond ZZ-0907, cancelled" in page


def test_known_answers_stay_as_they_were(extended):
    cases = extended.home / "cases"
    cases.mkdir()
    for number in ("01", "02"):
        (found,) = (extended.folder / "known_answers/scenarios/cases").glob(f"{number}-*.json")
        shutil.copy2(found, cases)
    report = json.loads(extended.triage("evaluate", str(cases), "--json"))
    assert (report["scenarios"], report["misses"]) == (2, [])
