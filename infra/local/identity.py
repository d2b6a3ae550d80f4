"""Telling one process from a later one that got the same number."""

from pathlib import Path

_START_FIELD = 19  # of the fields after the name, see proc_pid_stat(5)
_STATE_FIELD = 0
_DEAD = ("Z", "X")


def boot_id() -> str:
    """Differs after every start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def start_ticks(pid: int) -> int | None:
    """When a process began, in clock ticks since the machine started; None when it is gone or a zombie.

    Unlike a time of day this does not move when the clock is set.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text[text.rindex(b")") + 2 :].decode("ascii").split()
    return None if fields[_STATE_FIELD] in _DEAD else int(fields[_START_FIELD])
