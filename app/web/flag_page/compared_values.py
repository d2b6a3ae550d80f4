"""The values of a flag side by side: what differs, and which values agree."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.procurement.difference import Written, differences
from app.procurement.labels import SOURCES, worded
from app.review.queries import ValueLineage

#: What rules write for a source without a value.
_NOTHING = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One value; `written` is None if there is nothing to compare it with.

    `same_as` names the systems that agree, `unlike` those that differ.
    """

    line: ValueLineage
    written: Written | None
    same_as: Sequence[str] = ()
    unlike: Sequence[str] = ()


def side_by_side(values: Sequence[ValueLineage], *, compare: bool) -> list[Shown]:
    """The values in order, with differences marked if there are several to compare."""
    stated = [line for line in values if line.value.value != _NOTHING and line.value.source != "rules"]
    if not compare or len(stated) < 2:  # noqa: PLR2004  # one value alone cannot differ
        return [Shown(line=line, written=None) for line in values]
    marked = dict(zip(map(id, stated), differences([line.value.value for line in stated]), strict=True))
    shown = []
    for line in values:
        written = marked.get(id(line))
        if written is None:
            shown.append(Shown(line=line, written=None))
            continue
        same = [at for at in range(len(stated)) if at in written.same_as]
        other = [at for at, each in enumerate(stated) if at not in same and each is not line]
        shown.append(
            Shown(line=line, written=written, same_as=_named(stated, same), unlike=_named(stated, other))
        )
    return shown


def _named(stated: Sequence[ValueLineage], places: Sequence[int]) -> list[str]:
    """The names of the systems, each once."""
    return list(dict.fromkeys(worded(SOURCES, stated[at].value.source) for at in places))
