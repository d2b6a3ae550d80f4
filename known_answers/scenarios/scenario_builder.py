"""A scenario in the making: one action and what the systems say, open to change."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

from known_answers.scenarios import contract_statements
from known_answers.scenarios.coding import Coding, read
from known_answers.scenarios.contract_statements import INSTRUMENTS, money
from known_answers.scenarios.sam_statements import ADDRESS
from known_answers.scenarios.shape import JsonObject


@dataclass(kw_only=True, slots=True)
class Firm:
    """A vendor of a draft."""

    uei: str
    name: str
    role: str
    cage: str | None


@dataclass(kw_only=True)
class Draft:
    """One action and what the systems say about it. `rng` decides whatever is left open."""

    rng: Random
    action_id: str
    action_type: str
    piid: str
    modification: str | None
    amount: Decimal
    day: date
    description: str
    firms: list[Firm]
    title: str = ""
    coding: Coding = field(default_factory=Coding)
    #: What the action says besides: the optional fields of a submission, by their names.
    terms: JsonObject = field(default_factory=dict)
    entities: list[JsonObject] = field(default_factory=list)
    exclusions: list[JsonObject] = field(default_factory=list)
    awards: list[JsonObject] = field(default_factory=list)
    documents: list[JsonObject] = field(default_factory=list)
    commitments: list[JsonObject] = field(default_factory=list)
    lines: list[JsonObject] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    expected: list[JsonObject] = field(default_factory=list)
    forbidden: list[JsonObject] = field(default_factory=list)
    #: By rule and subject, which services must answer for the finding to be made.
    needs: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    #: What findings rest on and other flaws leave alone: vendors' UEIs, "instrument", "commitments", "SAMCHK", "base", "value".
    relied: set[str] = field(default_factory=set)

    @property
    def number(self) -> str:
        """The modification as the contract system writes it."""
        return self.modification or "0"

    @property
    def prime(self) -> Firm:
        """The vendor the contract is with."""
        return self.firms[0]

    @property
    def grave(self) -> str:
        """Severity of what blocks an award or option, and is only to be looked at in a modification."""
        return "advisory" if self.action_type == "modification" else "blocking"

    @property
    def value(self) -> Decimal:
        """What the action comes to with all options, where it says so."""
        return max(self.amount, Decimal(self.terms.get("total_value", 0)))

    @property
    def instrument_subject(self) -> str:
        """The subject of findings about the document that is to be signed."""
        return f"{self.piid}:{self.instrument()['docType']}"

    def expect(
        self, rule: str, subject: str, severity: str, *, needs: AbstractSet[str] | None = None
    ) -> None:
        """A finding that is to be made when the services of `needs` answer, without it those of the rule."""
        if needs is not None:
            self.needs[rule, subject] = frozenset(needs)
        self.expected.append({"rule": rule, "subject": subject, "severity": severity})

    def expects(self, rule: str, subject: str) -> bool:
        """Whether that finding is already to be made."""
        return any((each["rule"], each["subject"]) == (rule, subject) for each in self.expected)

    def forbid(self, rule: str, subject: str) -> None:
        """A finding that would be wrong."""
        self.forbidden.append({"rule": rule, "subject": subject})

    def registration_of(self, uei: str) -> JsonObject | None:
        """The first row of a vendor that is registered."""
        rows = (row for row in self.entities if row["entityRegistration"]["ueiSAM"] == uei)
        return next((row for row in rows if row["entityRegistration"]["samRegistered"] == "Yes"), None)

    def own_awards(self) -> list[JsonObject]:
        """The reports of this very action."""
        return [row for row in self.awards if row["contractId"]["modificationNumber"] == self.number]

    def own_lines(self) -> list[JsonObject]:
        """The ledger's lines of this very action."""
        return [row for row in self.lines if row["modification_number"] == self.number]

    def printed_lines(self) -> list[JsonObject]:
        """The accounting data printed on the instrument."""
        printed = self.instrument()["extractedFields"].get("accounting")
        lines: list[JsonObject] = printed["value"] if printed else []
        return lines

    def has_instrument(self) -> bool:
        """Whether it is final and signed."""
        return not self.expects("D01", f"{self.piid}:instrument")

    def instrument(self) -> JsonObject:
        """The document that is to be signed."""
        return next(
            each
            for each in self.documents
            if each["docType"] in INSTRUMENTS and each["modificationNumber"] == self.number
        )

    def page(self) -> JsonObject:
        """What stands on the instrument besides its funds: contract, modification, vendor, codes."""
        number: JsonObject = (
            {} if self.modification is None else {"modificationNumber": read(self.modification)}
        )
        return {
            "piid": read(self.piid),
            **number,
            "vendorUei": read(self.prime.uei),
            "vendorName": read(self.prime.name),
            "cageCode": read(self.prime.cage),
            "vendorAddress": read(dict(ADDRESS)),
            **self.coding.on_page(),
        }

    def file(
        self, doc_type: str, *, amount: Decimal | None = None, printed: JsonObject | None = None
    ) -> None:
        """Put a document for this action into the contract file; `printed` is what was read from its pages."""
        self.documents.append(
            contract_statements.document(
                doc_type=doc_type,
                piid=self.piid,
                modification=self.number,
                uei=self.prime.uei,
                day=self.day,
                amount=amount,
                printed=printed,
            )
        )

    def as_file(self) -> JsonObject:
        """In the format of scenario files."""
        vendors = [
            {"uei": firm.uei, "name": firm.name, "role": firm.role, "cage": firm.cage} for firm in self.firms
        ]
        faults: JsonObject = {"faults": self.faults} if self.faults else {}
        return {
            "title": self.title,
            "action": {
                "action_id": self.action_id,
                "action_type": self.action_type,
                "piid": self.piid,
                "modification": self.modification,
                "amount": money(self.amount),
                "effective_date": self.day.isoformat(),
                "description": self.description,
                "vendors": vendors,
                **self.terms,
            },
            "sam-gov": self.entities,
            "debarment": self.exclusions,
            "contracts": self.awards,
            "documents": self.documents,
            "ledger": {"commitments": self.commitments, "obligation_lines": self.lines},
            **faults,
            "expected": self.expected,
            "forbidden": self.forbidden,
        }
