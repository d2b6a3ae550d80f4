"""Work that is repeated for as long as a process lives, and outlives every error of one round."""

import random
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from traceback import extract_tb
from types import TracebackType
from typing import Self

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.connections.compatibility import IncompatibleError
from app.connections.database_trouble import trouble
from app.connections.secret_files import SettingsError
from workers.runtime.vault import VaultRefusedError, VaultUnavailableError

log = structlog.get_logger()
#: Seconds to wait after the first error, doubled with each that follows, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0


class RoundFailedError(Exception):
    """A round could not be finished. The text is the reason in plain words, without a secret."""


#: Errors whose texts are made for people, and hold no secret.
_IN_PLAIN_WORDS = (RoundFailedError, SettingsError, VaultUnavailableError, VaultRefusedError)


class Pauses:
    """Seconds to wait between tries: twice as many after each, up to five, and never in step with other processes."""

    def __init__(self) -> None:
        self._longest = _FIRST_PAUSE

    def next(self) -> float:
        """The next pause, in seconds."""
        longest, self._longest = self._longest, min(2 * self._longest, _LONGEST_PAUSE)
        return random.uniform(longest / 2, longest)  # noqa: S311  # spreads retries, guards nothing

    def start_again(self) -> None:
        """After a success the next pause is a short one."""
        self._longest = _FIRST_PAUSE


class Rounds:
    """Repeats `work`, which may return what is in the way, or raise it as `RoundFailedError`."""

    def __init__(
        self,
        name: str,
        work: Callable[[], str | None],
        *,
        may_end: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`may_end`: until one round succeeds, a server that cannot be worked with ends the process.

        `say` receives why a round failed, instead of the log.
        """
        self.name = name
        self.may_end = may_end
        self._work = work
        self._say = say or (lambda why: log.warning("round failed", work=name, reason=why))
        self._pauses = Pauses()
        self.problem: str | None = None
        """What was in the way in the last round, or why it failed."""

    def carry_out(self) -> float:
        """One round. Returns the seconds to wait before the next, 0 unless this one failed.

        Raises `IncompatibleError`, and only if this may end the process.
        """
        try:
            self.problem = self._work()
        except Exception as error:  # whatever one round meets, the next one must come
            if self.may_end and isinstance(error, IncompatibleError):
                raise
            self.problem = reason(error, self.name)
        else:
            self.may_end = False
            self._pauses.start_again()
            return 0.0
        self._say(self.problem)
        return self._pauses.next()


def reason(error: Exception, work: str) -> str:
    """Why a round of `work` failed, in one line for log and page, without a secret."""
    if isinstance(error, _IN_PLAIN_WORDS):
        return " ".join(str(error).split())
    if isinstance(error, SQLAlchemyError):
        return trouble(error)
    # The text of any other error is not repeated: it may hold what the round was about.
    where = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-1:]]
    return f"a round of {work} failed ({' in '.join([type(error).__name__, *where])})"


class Lane:
    """Rounds in a thread of their own, so that slow ones do not hold up others. A context manager that starts and ends them."""

    def __init__(self, rounds: Rounds, *, rest: float) -> None:
        """`rest`: seconds between two rounds, unless it is woken."""
        self.rounds = rounds
        self._rest = rest
        self._woken, self._ending = Event(), Event()
        self._thread = Thread(target=self._run, name=rounds.name, daemon=True)

    def wake(self) -> None:
        """Begin the next round at once, or as soon as the pause after an error is over."""
        self._woken.set()

    def start(self) -> None:
        """Begin, for as long as the process lives; once."""
        self._thread.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._woken.set()
        self._thread.join(_LONGEST_PAUSE)

    def _run(self) -> None:
        while not self._ending.is_set():
            pause = self.rounds.carry_out()
            if pause:
                self._ending.wait(pause)
            else:
                self._woken.wait(self._rest)
            self._woken.clear()
