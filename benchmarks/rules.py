"""`python -m benchmarks.rules`: how many case files all rules evaluate per second, on one core."""

import argparse
import json
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from app.intake import parse_actions
from app.procurement.case_file import CaseFile
from app.procurement.rules import RULES, evaluate
from benchmarks.case_files import award, clean, flawed
from known_answers.evaluation.in_process import serve_scenarios
from known_answers.scenarios.generator import write
from known_answers.scenarios.loader import load_cases

#: The goal in case files per second and core.
AIM = 2_000
_GENERATED, _SEED = 500, 2026


def main() -> None:
    """Measure generated case files with defects at realistic rates, then three kinds of case file separately."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--cases", type=int, default=2_000, help="case files in each round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median is reported")
    parser.add_argument("--by-rule", action="store_true", help="also show the time of each rule")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    wanted = parser.parse_args()
    optimised = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
    figures: dict[str, float] = {}
    mixed = _generated(_GENERATED)
    found = [len(evaluate(_fresh(case))) for case in mixed]
    figures["generated: case files with a finding, percent"] = round(100 * sum(map(bool, found)) / len(found))
    rates = [_rate(mixed, evaluate, wanted.cases) for _ in range(wanted.rounds)]
    figures["generated: case files per second"] = round(median(rates))
    for name, build in (
        ("clean award", award),
        ("clean modification", clean),
        ("flawed modification", flawed),
    ):
        case = build()
        figures[f"{name}: findings in each"] = len(evaluate(case))
        rates = [_rate([case], evaluate, wanted.cases) for _ in range(wanted.rounds)]
        figures[f"{name}: case files per second"] = round(median(rates))
    # Makes figures comparable between machines, and over time on a shared one.
    figures["this core: a million additions in a loop, milliseconds"] = round(_additions(), 1)
    if wanted.by_rule:
        for rule in RULES:
            rate = _rate([clean()], lambda case, rule=rule: tuple(rule.check(rule, case)), wanted.cases)
            figures[f"{rule.id}: microseconds for one clean case file"] = round(1e6 / rate, 1)
    if wanted.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, figure in figures.items():
            print(f"{name:55} {figure:>10,}")
        print(f"{'goal: case files per second':55} {AIM:>10,}")
        built = "built with" if optimised else "built without"
        print(f"Python {sys.version.split()[0]}, {built} profile-guided optimisation")


def _additions() -> float:
    total, started = 0, time.process_time()
    for number in range(1_000_000):
        total += number
    return 1e3 * (time.process_time() - started)


def _generated(count: int) -> list[CaseFile]:
    """The case files of generated actions, as a worker passes them to the rules."""
    with TemporaryDirectory() as made, TemporaryDirectory() as work:
        folder = Path(made)
        write(folder, actions=count, seed=_SEED)
        with serve_scenarios(folder, Path(work)) as evaluator:
            return [
                evaluator.case(parse_actions(json.dumps(each.document["action"]))[0], each.document)
                for each in load_cases(folder / "cases")
            ]


def _fresh(case: CaseFile) -> CaseFile:
    # Values cached in a case file between rules are part of the cost.
    return replace(case, action=replace(case.action))


def _rate(cases: Sequence[CaseFile], work: Callable[[CaseFile], object], count: int) -> float:
    waiting = [_fresh(case) for case in islice(cycle(cases), count)]
    started = time.process_time()
    while waiting:
        work(waiting.pop())  # and release it, as a worker does
    return count / (time.process_time() - started)


if __name__ == "__main__":
    main()
