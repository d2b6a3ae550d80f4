"""Carries out a presenter's orders, one long one at a time, and keeps what came of them."""

import json
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.local.state import Layout
from rehearsals.catalog import ATTACKS
from rehearsals.presenter.orders import Compare, Day, LongOrder, Order, Reset, Slow

#: Exit statuses with which a command has written its document: pass, fail, not established.
_MEASURED = {0, 1, 3}
#: Lines of a command's progress that are shown, and days that are kept.
_LINES, _DAYS = 12, 50
#: Seconds for which tools answer slowly, and the milliseconds by which they delay each answer.
SLOW_FOR, SLOW_BY = 20.0, 1_500


class BusyError(Exception):
    """Another order is under way. The text says which."""


class Conductor:
    """The orders of one stack. `start_again` has the stack started anew; None where that cannot be."""

    def __init__(self, layout: Layout, start_again: Callable[[], object] | None) -> None:
        self._layout = layout
        self._start_again = start_again
        self._lock = threading.Lock()
        self._under_way: dict[str, Any] | None = None
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._problem: dict[str, Any] | None = None

    def take(self, order: Order) -> None:
        """Carry out an order; a long one goes on when this returns.

        Raises `BusyError` while a long one is under way, and `ValueError` for one that this stack cannot carry out.
        """
        if isinstance(order, Slow):
            until = time.time() + SLOW_FOR
            _replace(self._layout.slow, {"until": until, "milliseconds": SLOW_BY})
            return
        with self._lock:
            if self._under_way is not None:
                raise BusyError(f"{self._under_way['what']} is under way, ordered by {self._under_way['by']}")
            if isinstance(order, Reset):
                if self._start_again is None:
                    raise ValueError("only a demo can start anew, and this stack was started by itself")
                self._start_again()
                return
            self._lines.clear()
            self._under_way = {
                "act": order.act,
                "what": str(order),
                "by": order.by,
                "began": datetime.now(UTC).isoformat(),
            }
        threading.Thread(target=self._carry_out, args=(order,), name=order.act, daemon=True).start()

    def _carry_out(self, order: LongOrder) -> None:
        problem: str | None
        try:
            problem = self._ran(order)
        except Exception as error:  # noqa: BLE001  # whatever it is, the next order can be taken
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            ended = datetime.now(UTC).isoformat()
            self._problem = (
                {**(self._under_way or {}), "ended": ended, "problem": problem} if problem else None
            )
            self._under_way = None

    def _ran(self, order: LongOrder) -> str | None:
        """Why nothing came of the order; None if something did."""
        with tempfile.TemporaryDirectory(prefix="presenter-") as folder:
            result = Path(folder, "result.json")
            with subprocess.Popen(
                order.command(result),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                said = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
                said.start()
                output = process.stdout.read() if process.stdout else ""
                status = process.wait()
                said.join()
            document = result.read_text(encoding="utf-8") if result.exists() else output
        if status not in _MEASURED or not document.strip():
            return self._lines[-1] if self._lines else f"it ended with status {status}, without a word"
        self._keep(order, json.loads(document))
        return None

    def _listen(self, lines: Any) -> None:
        for line in lines:
            if line.strip():
                self._lines.append(line.rstrip())

    def _keep(self, order: LongOrder, document: dict[str, Any]) -> None:
        """Attacks are kept by the rehearsal itself."""
        if isinstance(order, Compare):
            _replace(self._layout.presenter / "compared.json", {"by": order.by, "report": document})
        elif isinstance(order, Day):
            numbers = self._days()
            number = max(numbers, default=0) + 1
            _replace(self._day(number), {"number": number, "by": order.by, "report": document})
            for old in numbers[: -(_DAYS - 1)]:
                self._day(old).unlink(missing_ok=True)

    def _day(self, number: int) -> Path:
        return self._layout.presenter / f"day-{number}.json"

    def _days(self) -> list[int]:
        files = self._layout.presenter.glob("day-*.json")
        return sorted(int(file.stem.removeprefix("day-")) for file in files)

    def state(self) -> dict[str, Any]:
        """What is under way, what failed last, and what came of all orders, as JSON values."""
        with self._lock:
            under_way = self._under_way and {**self._under_way, "lines": list(self._lines)}
            problem = self._problem
        outcomes = self._outcomes()
        return {
            "under_way": under_way,
            "problem": problem,
            "can_start_again": self._start_again is not None,
            "attacks": [
                {
                    "name": attack.name,
                    "tries": attack.tries,
                    "expected": attack.expected,
                    "on_copy": attack.on_copy,
                    "outcome": outcomes.get(attack.name),
                }
                for attack in ATTACKS
            ],
            "days": [_read(self._day(number)) for number in reversed(self._days())],
            "compared": _read(self._layout.presenter / "compared.json"),
        }

    def _outcomes(self) -> dict[str, Any]:
        """The last outcome of each attack."""
        try:
            with self._layout.rehearsals.open(encoding="utf-8") as lines:
                kept = [json.loads(line) for line in lines if line.endswith("\n")]
        except FileNotFoundError:
            return {}
        return {each["name"]: each for each in kept}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return document


def _replace(file: Path, document: dict[str, Any]) -> None:
    """Replace a file in one step; its group may read it."""
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(document), encoding="utf-8")
    draft.chmod(0o640)
    draft.rename(file)
