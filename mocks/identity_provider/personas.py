"""The personas that a visitor can choose. Their names are neutral: no real people."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Persona:
    """One person known to the provider; `roles` becomes the claim of the same name."""

    subject: str
    name: str
    roles: tuple[str, ...]
    description: str
    """What this person may do, for the page where visitors choose."""

    def get_user_id(self) -> str:
        """The `sub` claim; the name is Authlib's."""
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
        description="Reviews and decides flagged items, requests runs, exports.",
    ),
    Persona(
        subject="officer-b",
        name="Contracting officer B",
        roles=("officer",),
        description="A second officer, to see two at work on one queue.",
    ),
    Persona(
        subject="auditor-a",
        name="Auditor A",
        roles=("auditor",),
        description="Reads everything and exports it, changes nothing.",
    ),
    Persona(
        subject="operator-a",
        name="Security operator A",
        roles=("operator",),
        description="Reads runs, lineage and alarms, and can stop things.",
    ),
    Persona(
        subject="visitor-a",
        name="Visitor A",
        roles=(),
        description="Has no role, and is refused.",
    ),
)

PERSONAS = {persona.subject: persona for persona in _ALL}
