"""Entity Management API v4, rows of entities that opted out of display.

They come in two forms: a sentence in place of the registration, or an object with that sentence in most of its fields.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from app.procurement.vendor_facts import HiddenEntity
from workers.payloads.integrity import EntitySummary, IntegrityInformation
from workers.payloads.notation import EmptyAsNone, Identifier, Payload, Text

#: A text of more words in place of a word says why there is none.
_WORDS = 4
_MASKED = ("registrationStatus", "samRegistered", "ueiStatus")


def is_hidden(row: Any) -> bool:
    """Whether a row is of an entity that opted out of display."""
    registration = row.get("entityRegistration") if isinstance(row, dict) else None
    if isinstance(registration, dict):
        return any(_is_sentence(registration.get(field)) for field in _MASKED)
    return isinstance(registration, str)


def _is_sentence(value: object) -> bool:
    return isinstance(value, str) and len(value.split()) > _WORDS


def _unless_sentence(value: object) -> object:
    return None if _is_sentence(value) and "opted out" in str(value).lower() else value


class HiddenRegistration(Payload):
    """What is left of a registration whose entity opted out of display."""

    uei: Annotated[Identifier, BeforeValidator(_unless_sentence)] = Field(default=None, alias="ueiSAM")
    legal_name: Annotated[Text, BeforeValidator(_unless_sentence)] = Field(
        default=None, alias="legalBusinessName"
    )


class HiddenRow(Payload):
    """One row of an entity that opted out: a sentence in place of its registration, or of the values in it."""

    registration: Annotated[
        HiddenRegistration, BeforeValidator(lambda value: {} if isinstance(value, str) else value)
    ] = Field(alias="entityRegistration")
    integrity: Annotated[IntegrityInformation | None, EmptyAsNone] = Field(
        default=None, alias="integrityInformation"
    )

    def to_fact(self) -> HiddenEntity:
        """Whose row it is may stand in the registration or beside it; the integrity records count."""
        integrity, seen = self.integrity or IntegrityInformation(), self.registration
        summary = integrity.summary or EntitySummary()
        return HiddenEntity(
            uei=seen.uei or summary.uei,
            legal_name=seen.legal_name or summary.legal_name,
            **integrity.to_fields(),
        )
