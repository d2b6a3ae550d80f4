"""Builds a scenario: one action and the answers of the systems, until it is written to a file."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

from known_answers.scenarios import contract_statements
from known_answers.scenarios.coding import Coding, read
from known_answers.scenarios.contract_statements import INSTRUMENTS, money
from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.sam_statements import ADDRESS


@dataclass(kw_only=True, slots=True)
class Firm:
    """A vendor of the action."""

    uei: str
    name: str
    role: str
    cage: str | None


@dataclass(kw_only=True)
class ScenarioBuilder:
    """One action and the answers of the systems about it. `rng` decides what the caller leaves open."""

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
    #: The optional fields of the submitted action, by name.
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
    #: The services that must answer for a finding to be made, by rule and subject.
    needs: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    #: What a finding depends on, so that other defects do not change it: vendors' UEIs, "instrument", "commitments", "SAMCHK", "base", "value".
    reserved: set[str] = field(default_factory=set)

    @property
    def number(self) -> str:
        """The modification as the contract system writes it."""
        return self.modification or "0"

    @property
    def prime(self) -> Firm:
        """The vendor the contract is with."""
        return self.firms[0]

    @property
    def usual_severity(self) -> str:
        """The severity of most findings: blocking for an award or option, advisory for a modification."""
        return "advisory" if self.action_type == "modification" else "blocking"

    @property
    def value(self) -> Decimal:
        """The value of the action, including all options if it states them."""
        return max(self.amount, Decimal(self.terms.get("total_value", 0)))

    @property
    def instrument_subject(self) -> str:
        """The subject of findings about the instrument."""
        return f"{self.piid}:{self.instrument()['docType']}"

    def expect(
        self, rule: str, subject: str, severity: str, *, needs: AbstractSet[str] | None = None
    ) -> None:
        """Expect a finding if the services in `needs` answer; by default, those that the rule needs."""
        if needs is not None:
            self.needs[rule, subject] = frozenset(needs)
        self.expected.append({"rule": rule, "subject": subject, "severity": severity})

    def expects(self, rule: str, subject: str) -> bool:
        """Whether this finding is expected already."""
        return any((row["rule"], row["subject"]) == (rule, subject) for row in self.expected)

    def forbid(self, rule: str, subject: str) -> None:
        """Record a finding that would be wrong."""
        self.forbidden.append({"rule": rule, "subject": subject})

    def registration_of(self, uei: str) -> JsonObject | None:
        """The first registered row of a vendor, or None."""
        rows = (row for row in self.entities if row["entityRegistration"]["ueiSAM"] == uei)
        return next((row for row in rows if row["entityRegistration"]["samRegistered"] == "Yes"), None)

    def own_awards(self) -> list[JsonObject]:
        """The reports of this action."""
        return [row for row in self.awards if row["contractId"]["modificationNumber"] == self.number]

    def own_lines(self) -> list[JsonObject]:
        """The ledger's lines of this action."""
        return [row for row in self.lines if row["modification_number"] == self.number]

    def printed_lines(self) -> list[JsonObject]:
        """The accounting data printed on the instrument."""
        printed = self.instrument()["extractedFields"].get("accounting")
        lines: list[JsonObject] = printed["value"] if printed else []
        return lines

    def has_instrument(self) -> bool:
        """Whether the instrument is final and signed."""
        return not self.expects("D01", f"{self.piid}:instrument")

    def instrument(self) -> JsonObject:
        """The document that is signed for this action."""
        return next(
            row
            for row in self.documents
            if row["docType"] in INSTRUMENTS and row["modificationNumber"] == self.number
        )

    def page(self) -> JsonObject:
        """The fields of the instrument, without its accounting: contract, modification, vendor, codes."""
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
        """Add a document for this action to the contract file; `printed` are the fields read from its pages."""
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
        """The scenario in the format of scenario files."""
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
