"""What sources state, in the form the rules read. Dates are the source's own, without time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """What one record of a source states. Each kind derives from this, and its class name is stored with it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A place as a source writes it."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    zip_code: str | None = None
    country: str | None = None
