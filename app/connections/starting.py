"""The start of every process: all settings are checked; wrong ones end it, with one line each."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.connections.secret_files import SettingsError

#: Exit status of a process that was started with wrong settings, or on a server it cannot work with.
USAGE = 2


@contextmanager
def starting() -> Iterator[None]:
    """Turn `SettingsError` into its lines on standard error and exit status 2."""
    try:
        yield
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(USAGE)


def check_all(*checks: Callable[[], object]) -> None:
    """Run every check. Raises one `SettingsError` with the lines of all that failed."""
    problems = []
    for check in checks:
        try:
            check()
        except SettingsError as error:
            problems.append(str(error))
    if problems:
        raise SettingsError("\n".join(problems))
