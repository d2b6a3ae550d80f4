"""`python -m workers.runtime.health`: whether a background process still leaves signs of life in its HEALTH_FILE.

Exit status 0 while the file is younger than HEALTH_AGE seconds (30 if not set), 1 when it is older or missing, 2 for a
wrong setting; one line says why. It imports nothing of ours, since it is started every few seconds.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

_USUAL_AGE = 30.0
_LONGEST_TEXT = 500


def look(environment: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """The probe's exit status, and its one line."""
    path = environment.get("HEALTH_FILE")
    if not path:
        return 2, "HEALTH_FILE is not set"
    try:
        oldest = float(environment.get("HEALTH_AGE") or _USUAL_AGE)
    except ValueError:
        oldest = 0.0
    if not 0 < oldest < float("inf"):
        return 2, f"HEALTH_AGE: {environment['HEALTH_AGE']!r} is not a number of seconds above 0"
    try:
        age = time.time() - Path(path).stat().st_mtime
        text = Path(path).read_bytes()[:_LONGEST_TEXT].decode("utf-8", "replace")
    except OSError as error:
        return 1, f"HEALTH_FILE: {path}: {error.strerror}"
    problem = " ".join(text.split())
    if age > oldest:
        return 1, f"no sign of life for {age:.0f} s, {oldest:g} s are allowed; the last one said: {problem}"
    return 0, problem


def main() -> None:
    """Look, print, exit."""
    status, line = look()
    print(line, file=sys.stderr if status else sys.stdout)
    sys.exit(status)


if __name__ == "__main__":
    main()
