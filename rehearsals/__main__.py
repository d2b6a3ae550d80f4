"""`python -m rehearsals`, which `triage rehearse` runs."""

import argparse
import fcntl
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import closing

from app.cli.output import USAGE, err, print_json
from app.cli.reconcile_command import VERDICT_STATUS
from app.connections.hardening import harden
from infra.environment import forget_foreign
from infra.local.interruption import Interruption
from rehearsals.attack import Attack
from rehearsals.catalog import ATTACKS, BY_NAME
from rehearsals.installation import Installation, RefusedError
from rehearsals.outcome import Outcome, worst
from rehearsals.report import list_attacks, show
from rehearsals.runner import carry_out
from workers.runtime import logs

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Rehearse and print. Exit status: 0 all stopped, 1 one was not, 2 wrong usage or no local stack, 3 not established."""
    wanted = _wanted(arguments)
    if wanted.list:
        list_attacks(ATTACKS)
        return
    attacks = ATTACKS if wanted.all else [BY_NAME[name] for name in wanted.names]
    forget_foreign()
    logs.configure(logging.CRITICAL)  # the agent in this process says what it would say to its worker's log
    harden()
    try:
        with Interruption(), closing(Installation.find()) as stack:
            outcomes, seconds = _rehearse(stack, attacks)
    except RefusedError as error:
        _say(str(error))
        sys.exit(USAGE)
    except KeyboardInterrupt:
        _say("interrupted")
        sys.exit(_INTERRUPTED)
    verdict = worst(outcomes)
    if wanted.json:
        document = {"verdict": verdict, "seconds": seconds, "attacks": [each.as_json() for each in outcomes]}
        print_json(document)
    else:
        show(outcomes)
    sys.stdout.flush()
    sys.exit(VERDICT_STATUS[verdict])


def _rehearse(stack: Installation, attacks: Sequence[Attack]) -> tuple[list[Outcome], float]:
    began = time.monotonic()
    descriptor = os.open(stack.layout.rehearsals, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as kept:
        try:
            fcntl.flock(kept, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError("another rehearsal is under way on this stack") from None
        outcomes = carry_out(stack, attacks, _say)
        for each in outcomes:
            kept.write(json.dumps(each.as_json()) + "\n")
    return outcomes, round(time.monotonic() - began, 1)


def _wanted(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="triage rehearse",
        description="Carry out real attacks on the local stack, and show how each is stopped. Exit status: 0 all stopped,"
        " 1 one was not, 2 wrong usage or no local stack, 3 not established.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="attacks, see --list")
    parser.add_argument("--all", action="store_true", help="all attacks")
    parser.add_argument("--list", action="store_true", help="list the attacks")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    wanted = parser.parse_args(arguments)
    unknown = [name for name in wanted.names if name not in BY_NAME]
    if unknown:
        parser.error(f"{unknown[0]!r} is no attack; there are {', '.join(BY_NAME)}")
    if sum(map(bool, (wanted.names, wanted.all, wanted.list))) != 1:
        parser.error("give names of attacks, --all or --list")
    return wanted


def _say(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
