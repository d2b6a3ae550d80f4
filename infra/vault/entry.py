"""One thing that a vault must hold, to be compared with what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What messages call it, its path, and the fields that must be there."""

    name: str
    path: str
    data: Mapping[str, Any]

    def is_met_by(self, there: Mapping[str, Any] | None) -> bool:
        """Whether what the vault holds at this path has all these fields; more fields do not matter."""
        return there is not None and all(there.get(field) == value for field, value in self.data.items())
