"""The report of `python -m benchmarks`, made of invented rounds: its sums, its ratios, and what it refuses to say."""

import json
import sys
from io import StringIO
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from benchmarks import __main__ as command
from benchmarks import cost_figures, cost_tables, picture
from benchmarks.cost import Wanted
from benchmarks.cpu import APART, PRODUCT, RECONCILER
from benchmarks.judgement import Window
from benchmarks.pipeline import PATTERN, STATIC, Round

FACTS = {
    "measured_at": "2026-11-30T12:00:00Z",
    "commit": "0123abcd",
    "machine": {"cores": 2, "processor": "an invented one", "memory_gb": 8, "file_system": "ext4"},
    "versions": {"python": "3.11.7", "postgresql": "18.0", "openbao": "2.7.2"},
}
SERIES = {"number": 3, "p50": 0.25, "p95": 0.5, "max": 0.75}
LOAD = {
    "rate": 2.0,
    "runs": 3,
    "request to result": SERIES,
    "request to flag": SERIES,
    "credential life": {"run-token": SERIES, "api-key": SERIES},
    "request came late": SERIES,
}
PAGES = {"rate": 10.0, "runs": 3, "milliseconds": {"start": SERIES}}


def cpu_ms(**spent):
    return dict.fromkeys((*PRODUCT, *APART), 0.0) | spent


def half(pattern=(20.0, 21.0, 22.0), static=(25.0, 30.0, 27.5)):
    rounds = {
        PATTERN: [Round(PATTERN, each, cpu_ms(worker=30.0, vault=12.0, reconciler=3.0)) for each in pattern],
        STATIC: [Round(STATIC, each, cpu_ms(worker=25.0, vault=4.0)) for each in static],
    }
    return SimpleNamespace(
        rounds=rounds, alone=[40.0, 42.0, 44.0][: len(pattern)], loads={"50%": LOAD}, pages=PAGES
    )


def reported(others=0.01, **halves):
    watch = SimpleNamespace(
        load=0.1, windows=[Window("round 1 on memory, pattern", 9.0, others, 0.0)], figures=dict
    )
    halves = halves or {"memory": half(), "raft": half()}
    return json.loads(json.dumps(cost_figures.report(FACTS, Wanted(rounds=3), halves, watch)))


def shown(figures, before=None):
    out = StringIO()
    cost_tables.show(figures, before, Console(file=out, width=140))
    return out.getvalue()


def test_the_product_is_the_sum_of_its_parts_and_what_stands_apart_is_not_in_it():
    found = reported()["storages"]["memory"]
    assert found["cpu_ms_per_run"][PATTERN]["product"] == {"worker": 30.0, "vault": 12.0}
    assert found["cpu_ms_per_run"][PATTERN]["total"] == 42.0
    assert found["cpu_ms_per_run"][PATTERN]["apart"] == {RECONCILER[0]: 3.0}
    assert found["cpu_ms_per_run"][STATIC]["total"] == 29.0
    assert found["added_cpu_ms_per_run"] == 13.0


def test_ratios_are_medians_of_those_of_each_round():
    assert reported()["storages"]["raft"]["ratios"] == {
        "pattern to static keys": 0.8,
        "pattern to vault operations alone": 0.5,
    }


@pytest.mark.parametrize(
    "disturbed",
    [
        pytest.param(lambda: reported(others=0.4), id="other processes"),
        pytest.param(lambda: reported(memory=half(), raft=half(pattern=(20.0, 8.0, 22.0))), id="spread"),
        pytest.param(lambda: reported(memory=half(pattern=(20.0,), static=(25.0,))), id="one round"),
    ],
)
def test_a_disturbed_report_states_no_ratio_but_all_figures(disturbed):
    figures = disturbed()
    assert figures["disturbances"]
    assert {found["ratios"] for found in figures["storages"].values()} == {None}
    text = shown(figures, before=reported())
    assert "Throughput" not in text
    assert f"Disturbed, so no ratio is stated.\n  {figures['disturbances'][0]}" in text
    assert "CPU milliseconds per run, vault on memory (disturbed)" in text
    assert "42.0 (42.0)" in text


def test_a_report_that_is_trusted_states_its_ratios_beside_the_last_ones():
    text = shown(reported(), before=reported(memory=half(pattern=(10.0, 10.5, 11.0))))
    assert "Throughput, pattern to static keys: 0.8 (0.4)" in text
    assert "isturbed" not in text


def test_reports_of_unlike_machines_are_said_to_be():
    before = reported() | {"machine": FACTS["machine"] | {"cores": 64}, "concurrency": 8}
    assert "Not the same machine, concurrency." in shown(reported(), before)
    assert "Not the same" not in shown(reported(), reported())


def test_a_storage_that_the_last_report_lacks_stands_alone():
    assert "42.0 (" not in shown(reported(raft=half()), before=reported(memory=half()))


def test_reports_are_kept_by_date_and_commit_and_the_newest_is_found(tmp_path):
    assert cost_figures.newest(tmp_path) is None
    later = reported() | {"measured_at": "2026-12-01T08:00:00Z", "commit": "ffff0000+"}
    assert cost_figures.keep(later, tmp_path).name == "2026-12-01-ffff0000.json"
    assert cost_figures.keep(reported(), tmp_path).name == "2026-11-30-0123abcd.json"
    assert cost_figures.newest(tmp_path) == later


@pytest.mark.parametrize("text", ["{}", "[]", '{"format": 0}', "no JSON"])
def test_a_file_without_a_report_is_refused(tmp_path, text):
    (tmp_path / "file.json").write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011  # json's own error is one of these
        cost_figures.read(tmp_path / "file.json")


@pytest.mark.parametrize(("others", "status"), [(0.01, 0), (0.4, command.DISTURBED)])
def test_the_exit_status_says_whether_the_machine_was_busy(monkeypatch, tmp_path, capsys, others, status):
    figures = reported(others=others)
    monkeypatch.setattr(command, "measure", lambda *_, **__: figures)
    monkeypatch.setattr(command, "forget_foreign", lambda: None)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--json", str(tmp_path / "report.json")])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == status
    assert cost_figures.read(tmp_path / "report.json") == figures
    assert ("Throughput" in capsys.readouterr().out) == (status == 0)


def test_the_picture_shows_every_part_of_every_bar():
    drawn = ET.fromstring(picture.drawn(reported()))  # noqa: S314  # our own text
    (description,) = drawn.iter("{http://www.w3.org/2000/svg}desc")
    assert description.text == (
        "pattern, memory: 42, of it worker 30, vault 12. static keys, memory: 29, of it worker 25, vault 4."
        " pattern, raft: 42, of it worker 30, vault 12. static keys, raft: 29, of it worker 25, vault 4."
    )
    labels = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert [labels.count(each) for each in ("30", "12", "42", "25", "4", "29")] == [2, 2, 2, 2, 2, 2]


def test_the_picture_says_when_the_machine_was_busy():
    assert "did other work" in picture.drawn(reported(others=0.4))
    assert "did other work" not in picture.drawn(reported())


def test_the_picture_in_the_docs_is_drawn_from_the_newest_report():
    assert picture.PICTURE.read_text(encoding="utf-8") == picture.drawn(cost_figures.newest())


@pytest.mark.parametrize(
    "option", [("--runs", "1"), ("--rounds", "0"), ("--seconds", "0"), ("--compare", "no-file")]
)
def test_what_cannot_be_measured_is_refused(monkeypatch, option, capsys):
    monkeypatch.setattr(command, "measure", lambda *_, **__: pytest.fail("it was measured"))
    monkeypatch.setattr(sys, "argv", ["benchmarks", *option])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == 2
    assert option[0] in capsys.readouterr().err
