"""Referrals: the office that must act, and the Eastern day by which it is due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from app.procurement.labels import plural

#: Characters of an office's name, and the most days ahead that the database takes.
OFFICE_LIMIT, LATEST = 100, 365
#: The offices that most agencies have. REFERRAL_OFFICES replaces them.
OFFICES = (
    "Contracting Officer’s Representative",
    "Legal Counsel",
    "Finance Office",
    "Small Business Specialist",
    "Suspending and Debarring Official",
    "Competition Advocate",
    "Program Office",
    "Head of the Contracting Activity",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferralPolicy:
    """The offices to which officers may refer a flag, and the most days ahead that a referral may be due."""

    offices: tuple[str, ...] = OFFICES
    days: int = 90

    def latest(self, today: date) -> date:
        """The last day on which a referral made today may be due."""
        return today + timedelta(days=self.days)

    def faults(self, office: str | None, due_on: date | None, *, today: date) -> Iterator[tuple[str, str]]:
        """What is wrong with a referral made today, as (field, text for the officer)."""
        if not office:
            yield "office", "Choose the office that must act."
        elif office not in self.offices:
            yield "office", "Choose an office from the list."
        latest = self.latest(today)
        if due_on is None:
            yield "due_on", "Enter the day by which the office must act, such as " + latest.isoformat() + "."
        elif due_on < today:
            yield "due_on", f"That day has passed. Enter today, {today}, or a later day."
        elif due_on > latest:
            yield "due_on", f"Enter {latest} or an earlier day: a referral is due within {self.days} days."


def day_of(text: str) -> date | None:
    """The day that a text names as YYYY-MM-DD; None if it names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None


class Referred(Protocol):
    """What a referral is read from: a flag, its state, or an event."""

    @property
    def office(self) -> str | None:
        """The office; None in referrals of earlier versions."""

    @property
    def due_on(self) -> date | None:
        """The day by which it must act."""


def referral_words(referral: Referred, today: date) -> str:
    """A referral in words, as "to Legal Counsel, due in 3 days"."""
    if referral.office is None or referral.due_on is None:
        return "office not named"
    return f"to {referral.office}, {due_words(referral.due_on, today=today)}"


def due_words(due_on: date, *, today: date) -> str:
    """When a referral is due, seen from today: "due in 3 days", "2 days overdue"."""
    days = (due_on - today).days
    if days == 0:
        return "due today"
    return f"due in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} overdue"


def referral_faults(
    policy: ReferralPolicy, office: str, due_on: str, today: date
) -> Iterator[tuple[str, str]]:
    """What is wrong with a referral as typed today, as (field, text for the officer)."""
    day = day_of(due_on)
    for name, text in policy.faults(office, day, today=today):
        if name == "due_on" and due_on and day is None:
            yield name, f"Enter the day as year, month and day, such as {policy.latest(today)}."
        else:
            yield name, text
