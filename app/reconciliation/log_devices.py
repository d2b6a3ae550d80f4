"""Compares two audit devices of the vault: each entry is in both, by its request and whether it is question or answer."""

import time

from app.credentials.vault_line import request_id_of, stated_time_of

#: Seconds that the second device may take for an entry that the first one has.
_GRACE = 5.0
#: Entries that one device may lack before its others are no longer kept apart.
_MOST = 100_000
_ANSWER, _HEAD = b'"type":"response"', 200


class LogDevices:
    """The entries of two devices that the other one lacks. Not safe to use from several threads."""

    def __init__(self, names: tuple[str, str], *, since: str) -> None:
        """`since`: entries before this time (as the vault writes it, UTC) were read before, perhaps of one device only."""
        self._names = names
        self._since = since
        self._alone: tuple[dict[str, tuple[float, str]], ...] = ({}, {})
        self._first: dict[int, str] = {}

    def saw(self, device: int, line: bytes) -> None:
        """A device (0 or 1) has this line."""
        request_id = request_id_of(line)
        if request_id is None:
            return
        entry = request_id + ("a" if _ANSWER in line[:_HEAD] else "q")
        if self._alone[1 - device].pop(entry, None) is None and len(self._alone[device]) < _MOST:
            self._alone[device][entry] = (time.monotonic(), stated_time_of(line))

    def differences(self) -> list[str]:
        """Which device lacks what, if any does. The text stays the same as long as it goes on lacking entries."""
        due = time.monotonic() - _GRACE
        found = []
        for device, alone in enumerate(self._alone):
            late = {entry: at for entry, (seen, at) in alone.items() if seen < due}
            for entry in late:
                del alone[entry]
            times = [at for at in late.values() if at >= self._since]
            if times:
                first = self._first.setdefault(device, min(times))
                found.append(
                    f"{self._names[1 - device]} lacks entries that {self._names[device]} has, the first at {first}"
                )
            elif not alone:
                self._first.pop(device, None)
        return found
