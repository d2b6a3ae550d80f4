"""How a visitor can say to have authenticated. Nothing is asked for: the choice only sets the claims `acr` and `amr`."""

from dataclasses import dataclass

from mocks.identity_provider.personas import Persona


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One way to authenticate: its class `acr` (OpenID EAP ACR Values 1.0) and its methods `amr` (RFC 8176)."""

    name: str
    label: str
    acr: str | None
    amr: tuple[str, ...]


_ALL = (
    Method(name="card", label="a PIV card and its PIN", acr="phrh", amr=("sc", "pin", "mfa")),
    Method(name="password", label="a password only", acr=None, amr=("pwd",)),
)

METHODS = {method.name: method for method in _ALL}
#: Chosen for visitors that choose none.
USUAL = _ALL[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Authenticated:
    """A persona that authenticated by a method."""

    persona: Persona
    method: Method

    def get_user_id(self) -> str:
        """The `sub` claim; the name is Authlib's."""
        return self.persona.subject
