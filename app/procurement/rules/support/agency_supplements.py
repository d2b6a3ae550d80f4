"""What the regulations of an agency add to the FAR, in its codified text and in its overhaul alike."""

from collections.abc import Callable
from dataclasses import dataclass

from app.procurement.action import ProcurementAction
from app.procurement.finding import Authority

#: Reasons for which only records change: other administrative action, close-out, change or transfer of the contract's number, the
#: vendor's identifier, name or address.
_ADMINISTRATIVE = frozenset({"M", "K", "S", "T", "V", "W"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Supplement:
    """One provision: the rules whose findings about the prime it makes blocking, and for which actions."""

    citation: str
    because: str
    rules: frozenset[str]
    covers: Callable[[ProcurementAction], bool]

    def on_top_of(self, authority: Authority) -> Authority:
        """The authority of a finding that rests on this provision, too."""
        return Authority(
            codified=f"{authority.codified}; {self.citation}", rfo=f"{authority.rfo}; {self.citation}"
        )


def is_administrative(action: ProcurementAction) -> bool:
    """A modification that the Government signs alone and codes as administrative (FAR 43.101, 43.103(b)).

    Without a code, one that changes no amount.
    """
    coded = action.reason in _ADMINISTRATIVE if action.reason else action.amount == 0
    return action.is_modification and action.unilateral and coded


def _option_or_change(action: ProcurementAction) -> bool:
    return action.defense and not action.is_new and not is_administrative(action)


SUPPLEMENTS = (
    Supplement(
        citation="DFARS 204.1103(2)(i)",
        because="A defense contractor's registration is active before any option, and before any modification other than a"
        " unilateral administrative one (DFARS 204.1103(2)(i)).",
        rules=frozenset({"R01", "R02"}),
        covers=_option_or_change,
    ),
)


def supplement_to(rule: str, action: ProcurementAction) -> Supplement | None:
    """The provision that adds to this rule for this action."""
    return next((one for one in SUPPLEMENTS if rule in one.rules and one.covers(action)), None)
