"""One thing that a vault must hold, to be compared with what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What messages call it, its path, and the fields that must be there.

    With the fields in `turned` it is as right: somebody has turned a switch.
    """

    name: str
    path: str
    data: Mapping[str, Any]
    turned: Mapping[str, Any] | None = None

    def is_met_by(self, there: Mapping[str, Any] | None) -> bool:
        """Whether what the vault holds at this path has all these fields; more fields do not matter."""
        forms = (self.data,) if self.turned is None else (self.data, self.turned)
        return there is not None and any(
            all(there.get(field) == value for field, value in form.items()) for form in forms
        )
