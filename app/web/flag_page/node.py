"""A node of a lineage: what the application recorded of it, and the vault's own lines about it."""

from dataclasses import dataclass, field
from datetime import datetime

from app.credentials.ending import Ending, EndState
from app.credentials.tables import CallRow, CredentialRow
from app.procurement.labels import lasting
from app.review.queries import ValueLineage
from app.web.flag_page.vault_lines import VaultLine


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeFact:
    """One recorded fact: text, identifier (`code`), time (`at`) or a time with text around it."""

    term: str
    text: str = ""
    code: str = ""
    at: datetime | None = None
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One node. `short` are its lines in the picture, where a time is written out by the picture.

    `missing` says that nothing is recorded, and `link` is the address of a page about it.
    """

    id: str
    kind: str
    title: str
    name: str
    facts: tuple[NodeFact, ...] = ()
    short: tuple[str | tuple[str, datetime], ...] = ()
    vault: tuple[VaultLine, ...] = ()
    missing: str | None = None
    call: CallRow | None = field(default=None, compare=False)
    value: ValueLineage | None = field(default=None, compare=False)

    @property
    def problems(self) -> list[str]:
        """What is not established about it."""
        own = [self.missing] if self.missing else []
        return [*own, *(f"{line.what}, {line.problem}" for line in self.vault if line.problem)]


def unrecorded(node_id: str, kind: str, title: str, name: str, missing: str) -> Node:
    """A node of which nothing is recorded."""
    return Node(id=node_id, kind=kind, title=title, name=name, missing=missing)


def handles(credential: CredentialRow) -> tuple[NodeFact, ...]:
    """The identifiers at the vault, which can end a credential but not use it."""
    found = (
        ("Accessor", credential.accessor),
        ("Lease", credential.lease_id),
        ("Database user", credential.service_user),
    )
    return tuple(NodeFact(term=term, code=code) for term, code in found if code)


def ended(ending: Ending, issued_at: datetime, *, leased: bool) -> NodeFact:
    if ending.state is EndState.NOT_CONFIRMED:
        return NodeFact(
            term="End", text="Not confirmed, requested", at=ending.at, after=f"Reason: {ending.problem}"
        )
    after = ending.cause
    if ending.state is EndState.REVOKED:
        after += f", {lasting(ending.at - issued_at)} after issue"
    if not leased:
        after += "; a signed token cannot be revoked"
    return NodeFact(term="End", text=ending.verb.capitalize(), at=ending.at, after=after)


def in_short(ending: Ending) -> str | tuple[str, datetime]:
    """An ending as the picture writes it."""
    return "end not confirmed" if ending.state is EndState.NOT_CONFIRMED else (ending.verb, ending.at)
