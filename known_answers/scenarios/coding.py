"""The codes of a contract action: product, pricing, competition. Sources that share one `Coding` agree."""

from dataclasses import dataclass

from known_answers.scenarios.formats import JsonObject

_NAMES = {
    "J": "FIRM FIXED PRICE",
    "U": "COST PLUS FIXED FEE",
    "Y": "TIME AND MATERIALS",
    "A": "FULL AND OPEN COMPETITION",
    "C": "NOT COMPETED",
    "D": "FULL AND OPEN COMPETITION AFTER EXCLUSION OF SOURCES",
    "NONE": "NO SET ASIDE USED",
    "SBA": "SMALL BUSINESS SET ASIDE - TOTAL",
    "8A": "8A COMPETED",
    "8AN": "8(A) SOLE SOURCE",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Coding:
    """Engineering support at a firm fixed price after full and open competition, by default."""

    naics: str = "541330"
    psc: str = "R425"
    pricing: str = "J"
    competition: str = "A"
    set_aside: str = "NONE"

    def of_action(self) -> JsonObject:
        """The codes as in a submitted action."""
        return {
            "naics": self.naics,
            "psc": self.psc,
            "pricing": self.pricing,
            "competition": self.competition,
            "set_aside": self.set_aside,
        }

    def of_report(self) -> JsonObject:
        """The codes as in the contract system's `coreData`."""
        return {
            "acquisitionData": {"typeOfContractPricing": named(self.pricing)},
            "productOrServiceInformation": {
                "productOrService": {"type": "S", **named(self.psc)},
                "principalNaics": [named(self.naics)],
            },
            "competitionInformation": {
                "extentCompeted": named(self.competition),
                "typeOfSetAside": named(self.set_aside),
            },
        }

    def on_page(self) -> JsonObject:
        """The codes as printed on an instrument."""
        return {
            "naics": read(self.naics),
            "psc": read(self.psc),
            "pricingType": read(self.pricing),
            "extentCompeted": read(self.competition),
        }


def named(code: str) -> JsonObject:
    """A code with its name, as in the contract system."""
    return {"code": code, "name": _NAMES.get(code, f"CODE {code}")}


def read(value: object, *, confidence: float = 0.98, page: int = 1) -> JsonObject:
    """A value read from a page."""
    return {"value": value, "confidence": confidence, "page": page}
