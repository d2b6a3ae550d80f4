"""The values of a flag as they are shown side by side: with what differs, and which of them say the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.procurement.difference import Written, differences
from app.procurement.labels import SYSTEMS, worded
from app.review.queries import ValueLineage

#: What rules write for a source that has nothing.
_NOTHING = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One value; `written` is None where there is nothing to compare it with.

    `same_as` names the systems that state the same, `unlike` those that do not.
    """

    line: ValueLineage
    written: Written | None
    same_as: Sequence[str] = ()
    unlike: Sequence[str] = ()


def side_by_side(values: Sequence[ValueLineage], *, compare: bool) -> list[Shown]:
    """The values in their order, what differs marked where there are several to compare."""
    told = [line for line in values if line.value.value != _NOTHING and line.value.source != "rules"]
    if not compare or len(told) < 2:  # noqa: PLR2004  # it takes two to differ
        return [Shown(line=line, written=None) for line in values]
    marked = dict(zip(map(id, told), differences([line.value.value for line in told]), strict=True))
    shown = []
    for line in values:
        written = marked.get(id(line))
        if written is None:
            shown.append(Shown(line=line, written=None))
            continue
        same = [at for at in range(len(told)) if at in written.same_as]
        other = [at for at, each in enumerate(told) if at not in same and each is not line]
        shown.append(
            Shown(line=line, written=written, same_as=_named(told, same), unlike=_named(told, other))
        )
    return shown


def _named(told: Sequence[ValueLineage], places: Sequence[int]) -> list[str]:
    """Systems by their names, each once."""
    return list(dict.fromkeys(worded(SYSTEMS, told[at].value.source) for at in places))
