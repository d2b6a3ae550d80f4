"""A short form of `python -m benchmarks`: the report has every figure, and they agree with each other."""

import json
import socket

import pytest

from benchmarks import pages_at_work
from benchmarks.cost import LOADS, Wanted, measure
from benchmarks.cost_figures import ALONE
from benchmarks.cpu import APART, MOCKS, PRODUCT, RECONCILER
from benchmarks.pipeline import PATTERN, STATIC
from infra.local.options import VaultStorage

WANTED = Wanted(runs=10, rounds=1, concurrency=2, seconds=2.0, fewest=4, actions=12)
STORAGES = [storage.value for storage in VaultStorage]
#: How many of each kind a run is given, beside its token.
ISSUED = {"api-key": 2, "database-user": 1, "signed-token": 2}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Measuring fails unless all runs complete and, with the pattern, all ends are confirmed."""
    folder = tmp_path_factory.mktemp("cost")
    figures = measure(folder, WANTED)
    return json.loads(json.dumps(figures)), folder


@pytest.fixture(params=STORAGES)
def found(report, request):
    return report[0]["storages"][request.param]


def test_both_kinds_of_storage_are_measured(report):
    assert list(report[0]["storages"]) == STORAGES == ["memory", "raft"]


def test_every_mode_has_its_speed(found):
    assert list(found["runs_per_second"]) == [PATTERN, STATIC, ALONE]
    assert all(len(values) == 1 and values[0] > 0 for values in found["runs_per_second"].values())


@pytest.mark.parametrize("mode", [PATTERN, STATIC])
def test_the_parts_add_up_to_the_product(found, mode):
    spent = found["cpu_ms_per_run"][mode]
    assert set(spent["product"]) <= set(PRODUCT)
    assert set(spent["apart"]) <= set(APART)
    assert sum(spent["product"].values()) == pytest.approx(spent["total"], abs=0.1)
    assert spent["total_by_round"] == [pytest.approx(spent["total"], abs=0.1 * len(PRODUCT))]
    assert all(value > 0 for value in (*spent["product"].values(), *spent["apart"].values()))
    assert {"worker", "dispatcher", "PostgreSQL: worker"} <= set(spent["product"])
    assert MOCKS in spent["apart"]


def test_only_the_pattern_has_ends_to_confirm(found):
    pattern, static = (found["cpu_ms_per_run"][mode] for mode in (PATTERN, STATIC))
    assert {"sweeper", "vault"} <= set(pattern["product"])
    assert RECONCILER[0] in pattern["apart"]
    assert not {"sweeper", "PostgreSQL: sweeper"} & set(static["product"])
    assert not set(RECONCILER) & set(static["apart"])
    assert found["added_cpu_ms_per_run"] == pytest.approx(pattern["total"] - static["total"], abs=0.05)


def test_each_load_has_the_times_of_its_runs_and_of_all_their_credentials(found):
    assert list(found["loads"]) == [f"{share:.0%}" for share in LOADS]
    for load in found["loads"].values():
        runs = load["runs"]
        assert runs >= 1
        assert load["request to result"]["number"] == load["request came late"]["number"] == runs
        assert load["request to flag"]["number"] <= runs
        numbers = {kind: each["number"] for kind, each in load["credential life"].items()}
        assert numbers == {"run-token": runs} | {kind: number * runs for kind, number in ISSUED.items()}
        for series in (load["request to result"], *load["credential life"].values()):
            assert 0 < series["p50"] <= series["p95"] <= series["max"]
        assert load["credential life"]["signed-token"]["max"] == 120
        assert load["credential life"]["run-token"]["max"] < 900


def test_each_page_was_requested_while_runs_went_on(found):
    assert found["pages"]["runs"] >= 1
    assert list(found["pages"]["milliseconds"]) == list(pages_at_work.PAGES)
    for series in found["pages"]["milliseconds"].values():
        assert series["number"] >= 1
        assert 0 < series["p50"] <= series["p95"] <= series["max"]


def test_a_single_round_is_not_trusted(report):
    assert "a single round shows no spread" in report[0]["disturbances"]
    assert [found["ratios"] for found in report[0]["storages"].values()] == [None, None]


def test_every_part_of_the_benchmark_was_watched(report):
    names = [window["name"] for window in report[0]["machine_use"]["windows"]]
    assert names[0] == "before the benchmark"
    assert len(names) == len(set(names)) == 1 + len(STORAGES) * (3 + len(LOADS) + 1)


def test_the_report_names_no_machine_and_no_folder(report):
    figures, folder = report
    text = json.dumps(figures)
    assert str(folder) not in text
    assert socket.gethostname() not in text
    assert all(figures["versions"].values())
    assert set(figures["machine"]) == {"cores", "processor", "memory_gb", "file_system"}
