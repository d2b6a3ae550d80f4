"""Settings of the review and of its exports."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from app.connections.settings import ConnectionSettings, listed
from app.procurement.rules import RULES


def _known_rules(value: frozenset[str]) -> frozenset[str]:
    unknown = sorted(value - {rule.id for rule in RULES})
    if unknown:
        raise ValueError(f"no rule is called {', '.join(map(repr, unknown))}")
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
    #: A secret file with a JWK Set: the key that signs exports, then public halves of those that did before.
    export_key_file: Path | None = None
