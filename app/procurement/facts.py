"""What sources state, in the form the rules read. Dates are the source's own, without time."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Fact:
    """What one record of a source states. Each kind derives from this, and its class name is stored with it."""


#: What stands in place of a text that a source does not have, in old and migrated reports above all.
_NOTHING = frozenset(
    {"", "-", "N/A", "NA", "N.A.", "NONE", "NULL", "UNKNOWN", "NOT APPLICABLE", "NOT AVAILABLE", "NOT STATED"}
)


@dataclass(frozen=True, slots=True)
class FactWithGaps(Fact):
    """A fact whose optional texts are None, too, where the source writes "N/A", several zeros or the like."""

    def __post_init__(self) -> None:
        for name in _optional_texts(type(self)):
            text: str | None = getattr(self, name)
            if text is not None and says_nothing(text):
                object.__setattr__(self, name, None)


def says_nothing(text: str) -> bool:
    """Whether a text stands in place of one that is not there."""
    plain = text.strip().upper()
    return plain in _NOTHING or (len(plain) > 1 and not plain.strip("0"))


#: By kind of fact, found out once for each.
_known: dict[type[Fact], tuple[str, ...]] = {}


def _optional_texts(kind: type[Fact]) -> tuple[str, ...]:
    if kind not in _known:
        _known[kind] = tuple(field.name for field in fields(kind) if field.type == str | None)
    return _known[kind]


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A place as a source writes it."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country: str | None = None
