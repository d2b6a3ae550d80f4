"""The model of capacity: computed from the newest report, and its page is that of the report."""

from pathlib import Path

import pytest

from benchmarks.capacity import BUSIEST_HOUR, BUSY, Part, busiest, document, parts
from benchmarks.cost_figures import newest

PAGE = Path(__file__).parents[3] / "docs" / "capacity.md"


def test_the_page_is_that_of_the_newest_report():
    assert PAGE.read_text(encoding="utf-8") == document(newest()) + "\n"


def test_each_part_has_what_the_report_says():
    spent = newest()["storages"]["raft"]["cpu_ms_per_run"]["pattern"]
    found = {part.name: part.milliseconds for part in parts(newest())}
    assert found["workers"] == spent["product"]["worker"]
    assert found["reconciler"] == spent["apart"]["reconciler"]
    postgres = [ms for name, ms in spent["product"].items() if "PostgreSQL" in name]
    postgres.append(spent["apart"].get("PostgreSQL: reconciler", 0))
    assert found["PostgreSQL"] == pytest.approx(sum(postgres))
    assert all(found.values())


def test_a_part_is_full_where_its_cores_are_busy_in_the_busiest_hour():
    part = Part("one", milliseconds=10.0, grows="not", most_cores=1.0)
    most = part.runs_a_day
    assert busiest(most) * 0.010 == pytest.approx(BUSY, rel=0.001)
    assert part.cores(most) == pytest.approx(1.0, rel=0.001)
    assert most == pytest.approx(BUSY / 0.010 * 3600 / BUSIEST_HOUR, rel=0.001)
    assert Part("many", milliseconds=10.0, grows="any number", most_cores=None).runs_a_day is None
