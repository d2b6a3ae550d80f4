"""The command without a stack: its list, and what it refuses."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.process import start_ticks
from infra.local.state import Layout, PartRecord, ProcessRecord, StackRecord
from rehearsals.__main__ import main
from rehearsals.catalog import ATTACKS, BY_NAME
from rehearsals.installation import OWN, Installation, RefusedError

ROOT = Path(__file__).parents[3]
#: The fewest that there must be.
FEWEST = 16


@pytest.fixture
def rehearse(tmp_path):
    """Runs `triage rehearse` where no stack runs: status, standard output, standard error."""

    def run(*arguments, **variables):
        done = subprocess.run(
            [sys.executable, "-m", "app.cli.main", "rehearse", *arguments],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "TRIAGE_HOME": str(tmp_path),
                **variables,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_the_readme_lists_what_the_command_lists(capsys):
    main(["--list"])
    listed = capsys.readouterr().out
    assert len(listed.splitlines()) == len(ATTACKS)
    assert f"```\n{listed}```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_there_are_enough_attacks_and_each_has_a_name_of_its_own():
    assert len(BY_NAME) == len(ATTACKS) >= FEWEST


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["nothing-like-it"])
    refusal = f"'nothing-like-it' is no attack; there are {', '.join(BY_NAME)}\n"
    assert capsys.readouterr().err.endswith(refusal)


@pytest.mark.parametrize("arguments", [(), ("--all", "--list"), ("--all", "payments")])
def test_one_thing_is_wanted_at_a_time(capsys, arguments):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert capsys.readouterr().err.endswith("give names of attacks, --all or --list\n")


def test_no_image_holds_what_attacks():
    for name in ("Dockerfile", ".dockerignore"):
        assert "rehearsals" not in (ROOT / name).read_text(encoding="utf-8")


def test_where_it_is_not_installed_the_command_says_so():
    script = "import sys; sys.modules['rehearsals'] = None; from app.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script, "rehearse", "--all"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    refusal = "rehearsals run against a local stack only, and are not installed here\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", refusal)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "and none is running here: start one with `triage stack up`"),
        ({"DATABASE_URL": "postgresql://x@db.example/triage"}, "and DATABASE_URL names another installation"),
    ],
)
def test_anything_but_a_local_stack_is_refused_in_one_sentence(rehearse, variables, words):
    status, shown, errors = rehearse("--all", **variables)
    assert (status, shown, len(errors.splitlines())) == (2, "", 1)
    assert errors.endswith(f"they run against a local stack only, {words}\n")


@pytest.mark.parametrize(
    ("parts", "endpoints", "named"),
    [
        ((PartRecord(name="sam-gov", outside=True),), dict.fromkeys(OWN, "x"), "sam-gov"),
        ((), dict.fromkeys(OWN[1:], "x"), OWN[0]),
    ],
)
def test_a_stack_with_a_server_of_others_is_refused(tmp_path, monkeypatch, parts, endpoints, named):
    monkeypatch.setenv("TRIAGE_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    mine = ProcessRecord(name="supervisor", pid=os.getpid(), ticks=start_ticks(os.getpid()))
    record = StackRecord(
        boot="x",
        supervisor=mine,
        started=datetime(2026, 11, 1, tzinfo=UTC),
        ready=True,
        parts=parts,
        endpoints=endpoints,
    )
    record.write(Layout(tmp_path))
    with pytest.raises(RefusedError, match=f"local stack only, and {named} of this one runs elsewhere"):
        Installation.find()
