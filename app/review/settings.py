"""Settings of the review and of its exports."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from app.connections.settings import ConnectionSettings, listed
from app.procurement.free_text import refusal
from app.procurement.rules import RULES
from app.review.referrals import LATEST, OFFICE_LIMIT, OFFICES


def _known_rules(value: frozenset[str]) -> frozenset[str]:
    unknown = sorted(value - {rule.id for rule in RULES})
    if unknown:
        raise ValueError(f"no rule is called {', '.join(map(repr, unknown))}")
    return value


def _offices(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        raise ValueError("must name at least one office")
    for office in value:
        if not office or office != office.strip() or refusal(office, limit=OFFICE_LIMIT, lines=False):
            raise ValueError(
                f"{office!r} must be a name on one line, of {OFFICE_LIMIT} characters at most, without blanks at its ends"
            )
        if value.count(office) > 1:
            raise ValueError(f"{office!r} occurs twice")
    return value


class ReviewSettings(ConnectionSettings):
    """How officers decide, and how pages and exports present it."""

    #: Whether pages and exports say that this is a demonstration. Signed exports include the mark.
    demo: bool = True
    #: Which FAR a page cites first: the 2025 overhaul most agencies work under, or the codified text. Both are stored.
    far: Literal["rfo", "codified"] = "rfo"
    #: Rules whose flags are settled only when a second officer concurs; as a JSON list, which may be empty. A flag that
    #: waits for one already goes on waiting when the list changes.
    second_person: Annotated[frozenset[str], BeforeValidator(listed), AfterValidator(_known_rules)] = (
        frozenset({"E01", "F03"})
    )
    #: The roles and offices to which officers may refer a flag, as a JSON list in the order of the form; and the most days
    #: ahead that a referral may be due.
    referral_offices: Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_offices)] = OFFICES
    referral_days: int = Field(default=90, ge=1, le=LATEST)
    #: Calendar days after which a flag that is not decided is late, by its severity.
    blocking_days: int = Field(default=5, ge=1, le=365)
    advisory_days: int = Field(default=15, ge=1, le=365)
    #: Days for which a text is kept that an officer typed and did not send. Signing out erases it at once.
    draft_days: int = Field(default=7, ge=1, le=30)
    #: A secret file with a JWK Set: the key that signs exports, then public halves of those that did before.
    export_key_file: Path | None = None
