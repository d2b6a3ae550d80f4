"""Runs a stack until it is asked to stop: restarts processes that end, and gives up if a server is lost.

`python -m infra.local.supervisor --home FOLDER [--options JSON]` runs one in the foreground; it stops on SIGINT,
SIGTERM or SIGHUP.  Exit status: 0 stopped on request, 130 stopped before it was ready, 1 a part did not start or
was lost, 2 wrong usage or unusable outside servers.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from app.connections import redaction
from app.connections.hardening import harden
from infra.environment import forget_foreign
from infra.local.errors import OutsideError, StackError
from infra.local.interruption import Interruption
from infra.local.options import StackOptions
from infra.local.process import Child
from infra.local.stack import LocalStack
from infra.local.state import PartRecord, state_folder
from infra.reporting import Say

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

_LOOK_EVERY = 0.25
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 30.0
_STEADY_AFTER = 60.0

# How often a server is restarted within a minute. The vault keeps everything in memory: a new one would have no
# policy and no identity, so it counts as lost at once.
_SERVER_RESTARTS = {"vault": 0, "postgres": 3, "valkey": 3}


@dataclass(slots=True)
class _History:
    """When a process has ended lately, and when it is due to be restarted (monotonic seconds)."""

    ends: list[float] = field(default_factory=list)
    due: float | None = None


class Supervisor:
    """One stack, from start to stop."""

    def __init__(
        self,
        home: Path,
        *,
        options: StackOptions | None = None,
        report: Callable[[PartRecord], None] = lambda _: None,
        notice: Say = lambda _: None,
        ready: Callable[[LocalStack], None] = lambda _: None,
        say: Say = print,
    ) -> None:
        """`notice` receives whether processes share one user; `ready` is called once everything is up.

        `say` receives every other message for a person.
        """
        self._interruption = Interruption()
        self._stack = LocalStack(home, options=options, report=report, notice=notice, stopping=self._stopping)
        self._when_ready = ready
        self._say = say
        self._histories: dict[str, _History] = {}

    def run(self) -> int:
        """Start, watch and stop; returns the exit status. Must run in the main thread, which receives signals."""
        harden()
        with self._interruption:
            try:
                with self._stack:
                    self._when_ready(self._stack)
                    self._watch()
            except StackError as error:
                self._say(str(error))
                return WRONG_USAGE if isinstance(error, OutsideError) else FAILED
            except KeyboardInterrupt:
                self._say("stopped")
                return 0 if self._stack.is_ready else INTERRUPTED

    def _stopping(self, text: str) -> None:
        self._interruption.settle()
        self._say(text)

    def _watch(self) -> NoReturn:
        while True:
            for child in self._stack.process_table.ended():
                self._restart_when_due(child)
            time.sleep(_LOOK_EVERY)

    def _restart_when_due(self, child: Child) -> None:
        name = child.command.name
        history = self._histories.setdefault(name, _History())
        now = time.monotonic()
        if history.due is None:
            history.ends = [end for end in history.ends if now - end < _STEADY_AFTER]
            self._report_end(child)
            if len(history.ends) >= _SERVER_RESTARTS.get(name, sys.maxsize):
                raise StackError(f"{name} is lost, so the stack has stopped")
            delay = min(_FIRST_DELAY * 2 ** len(history.ends), _LONGEST_DELAY)
            history.ends.append(now)
            history.due = now + delay
        elif now >= history.due:
            history.due = None
            self._say(f"restarting {name}")
            self._stack.process_table.revive(name)

    def _report_end(self, child: Child) -> None:
        status = child.exit_status() or 0
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        self._say("\n".join([f"{child.command.name} ended {how}", *child.last_lines()]))


def main() -> None:
    os.umask(0o077)
    redaction.install()
    forget_foreign()
    parser = argparse.ArgumentParser(description="Run the local stack in the foreground.")
    parser.add_argument("--home", type=Path, default=state_folder(), help="state folder")
    parser.add_argument("--options", default="{}", help="JSON object, see infra.local.options.StackOptions")
    parser.add_argument("--log", type=Path, help="receives all output once everything is ready")
    arguments = parser.parse_args()
    try:
        options = StackOptions.model_validate_json(arguments.options)
    except ValidationError as wrong:
        problems = (f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in wrong.errors())
        parser.error(f"--options: {'; '.join(problems)}")
    try:
        arguments.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        parser.error(f"--home, TRIAGE_HOME: {wrong.filename}: {wrong.strerror}")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - a command's output

    def report(part: PartRecord | str) -> None:
        print(part, flush=True)  # noqa: T201

    def ready(_: LocalStack) -> None:
        if arguments.log is not None:
            with arguments.log.open("wb") as log:
                os.dup2(log.fileno(), sys.stdout.fileno())
                os.dup2(log.fileno(), sys.stderr.fileno())

    supervisor = Supervisor(
        arguments.home, options=options, report=report, notice=report, ready=ready, say=say
    )
    sys.exit(supervisor.run())


if __name__ == "__main__":
    main()
