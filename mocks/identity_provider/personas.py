"""Who a visitor can be. Neutral names: nobody who exists."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """One person the provider vouches for; `roles` become the claim of that name."""

    subject: str
    name: str
    roles: tuple[str, ...]
    told: str
    """What this person may do, for the page where visitors choose."""

    def get_user_id(self) -> str:
        """The `sub` claim; Authlib asks under this name."""
        return self.subject

    def claims(self) -> dict[str, object]:
        """The claims of the scopes `openid` and `profile`, with the roles."""
        return {
            "sub": self.subject,
            "name": self.name,
            "preferred_username": self.subject,
            "roles": list(self.roles),
        }


_ALL = (
    Persona(
        subject="officer-a",
        name="Contracting officer A",
        roles=("officer",),
        told="Reviews and decides flagged items, requests runs, exports.",
    ),
    Persona(
        subject="officer-b",
        name="Contracting officer B",
        roles=("officer",),
        told="The same, to see two officers at work on one queue.",
    ),
    Persona(
        subject="auditor-a",
        name="Auditor A",
        roles=("auditor",),
        told="Reads everything and exports it, changes nothing.",
    ),
    Persona(
        subject="operator-a",
        name="Security operator A",
        roles=("operator",),
        told="Reads runs, lineage and alarms, and can stop things.",
    ),
    Persona(
        subject="visitor-a",
        name="Visitor A",
        roles=(),
        told="Has no role, and is refused.",
    ),
)

PERSONAS = {persona.subject: persona for persona in _ALL}
