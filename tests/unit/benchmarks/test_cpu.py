"""The processor time of parts: what ends between two looks is counted once."""

import subprocess
import sys

import pytest

from benchmarks import cpu
from benchmarks.cpu import SHORT, Look, Process

BURN = "import time\nuntil = time.process_time() + {}\nwhile time.process_time() < until: pass\n"


def spent(before, after):
    return {part: seconds for part, seconds in Look(before).until(Look(after)).items() if seconds}


def test_a_process_that_goes_on_has_spent_the_difference():
    before = {(1, 0.0): Process("worker", "worker", 4.0)}
    assert spent(before, {(1, 0.0): Process("worker", "worker", 4.5)}) == {"worker": 0.5}


def test_a_process_that_began_meanwhile_has_spent_all_of_its_time():
    after = {(1, 0.0): Process("worker", "worker", 4.0), (2, 8.0): Process("worker", "worker", 0.25)}
    before = {(1, 0.0): Process("worker", "worker", 4.0)}
    assert spent(before, after) == {"worker": 0.25}


def test_of_a_process_that_ended_meanwhile_only_what_it_spent_since_counts():
    session = Process("PostgreSQL: worker", SHORT, 3.0)
    before = {(1, 0.0): Process(SHORT, SHORT, 10.0), (2, 5.0): session}
    # It spent half a second more before it ended; its parent now counts all three and a half.
    after = {(1, 0.0): Process(SHORT, SHORT, 13.5)}
    assert spent(before, after) == {SHORT: 0.5}


def test_a_number_that_another_process_got_is_another_process():
    before = {(1, 0.0): Process("broker", "broker", 1.0), (2, 5.0): Process("broker", "broker", 3.0)}
    after = {(1, 0.0): Process("broker", "broker", 4.0), (2, 9.0): Process("broker", "broker", 0.5)}
    assert spent(before, after) == {"broker": 0.5}


def test_children_that_have_ended_are_part_of_this_process():
    before = cpu.own_seconds()
    subprocess.run([sys.executable, "-c", BURN.format(0.3)], check=True)
    assert cpu.own_seconds() - before >= 0.3


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("postgres: triage_worker triage 127.0.0.1(41234) idle", "PostgreSQL: worker"),
        ("postgres: triage_sweeper ledger 127.0.0.1(41234) SELECT", "PostgreSQL: sweeper"),
        ("postgres: vault_ledger_admin ledger 127.0.0.1(5) idle", "PostgreSQL: vault"),
        ("postgres: triage_reconciler triage 127.0.0.1(5) idle", "PostgreSQL: reconciler"),
        ("postgres: triage_app triage 127.0.0.1(5) idle", cpu.QUESTIONS),
        ("postgres: v-run-1 ledger 127.0.0.1(5) idle", SHORT),
        ("postgres: walwriter ", cpu.HOUSEKEEPING),
        ("postgres: autovacuum worker triage", cpu.HOUSEKEEPING),
    ],
)
def test_a_session_of_the_database_belongs_to_the_process_that_it_works_for(title, part):
    assert cpu.of_postgres(title) == part


def test_every_part_is_counted_once():
    parts = (*cpu.PRODUCT, *cpu.APART)
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("worker-1", "worker"),
        ("valkey", "broker"),
        ("vault", "vault"),
        ("sam-gov", cpu.MOCKS),
        ("reconciler", "reconciler"),
        ("identity-provider", cpu.OTHER),
    ],
)
def test_a_process_of_the_stack_is_known_by_its_name(name, part):
    assert cpu.part_of(name) == part
