"""How strongly a person must have authenticated: the claims `acr` and `amr` (OpenID Connect Core, RFC 8176)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.review.roles import Person


@dataclass(frozen=True, kw_only=True, slots=True)
class Assurance:
    """What a token must state: an `acr` out of `acr`, and every method in `amr`. Where one is empty, any is accepted."""

    acr: tuple[str, ...] = ()
    amr: frozenset[str] = frozenset()

    @property
    def parameters(self) -> dict[str, str]:
        """What an authorization request asks for. A provider may ignore it, so the token is checked as well."""
        return {"acr_values": " ".join(self.acr)} if self.acr else {}

    def lacking(self, claims: Mapping[str, Any]) -> str | None:
        """What verified claims lack, in words; None if they suffice."""
        stated = stated_assurance(claims)
        if self.acr and stated["acr"] not in self.acr:
            return f"acr must be {_choice(self.acr)}, and is {stated['acr'] or 'not stated'}"
        if missing := sorted(self.amr.difference(stated["amr"])):
            return f"amr must contain {', '.join(sorted(self.amr))}, and lacks {', '.join(missing)}"
        return None


#: Accepts every sign-in.
ANY = Assurance()


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedIn:
    """A person who signed in, and how, as the provider states it; see `stated_assurance`."""

    person: Person
    assurance: Mapping[str, Any]


def stated_assurance(claims: Mapping[str, Any]) -> dict[str, Any]:
    """`acr` and `amr` as the claims state them: a text or None, and a list of texts. What has another form is left out."""
    acr, amr = claims.get("acr"), claims.get("amr")
    methods = amr if isinstance(amr, list) else []
    return {
        "acr": acr if isinstance(acr, str) and acr else None,
        "amr": [each for each in methods if isinstance(each, str)],
    }


def too_weak(lacking: str) -> str:
    """The refusal of a sign-in that lacks this, for the person."""
    return (
        f"You signed in with a method that is not strong enough for this application: {lacking}. Sign in again with"
        " another method, such as your PIV or CAC card."
    )


def _choice(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
