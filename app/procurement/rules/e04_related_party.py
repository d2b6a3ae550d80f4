"""E04: excluded owners, predecessors and signatories of a vendor."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.procurement.case_file import CaseFile, EvidenceOf
from app.procurement.facts import Fact
from app.procurement.finding import Authority, Finding, Match, Severity, value_from
from app.procurement.names import STRONG, normalised, similarity
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.e02_exclusion_by_name import Likeness, likeness
from app.procurement.rules.support import file_documents
from app.procurement.rules.support.exclusion_record import active, shared_identifier, written
from app.procurement.rules.support.vendor_identity import Party, cages_of, identifier, rows_of
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, Owner, Registration


@dataclass(frozen=True, slots=True)
class _Related:
    """A party behind a vendor: how it is related, and the evidence that says so."""

    relation: str
    party: Owner
    evidence: EvidenceOf[Fact]

    @property
    def is_person(self) -> bool:
        return self.relation == "signatory"


def related_party_excluded(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E04: an owner, predecessor or signatory of a vendor is on an active exclusion record.

    FAR 9.406-1(b), 9.405(a), 9.104-6(b); RFO 9.406-1(c), 9.405(a), 9.104-6(b). Always advisory: an exclusion reaches
    affiliates only where they are named in it and were given notice. Persons are found by name and place, never by a
    taxpayer number.
    """
    records = active(case)
    if not records:
        return
    named = {identifier(vendor.uei) for vendor in case.action.vendors} - {None}
    # What SAM.gov shows in public of an owner is its name and CAGE code, never its UEI.
    named_cages = {cage for party in case.action.parties for cage in cages_of(case, party)}
    for party in case.action.parties:
        name, uei = party[0].name, party[0].uei
        hits: dict[str, list[tuple[_Related, EvidenceOf[Exclusion], str, Match | None]]] = {}
        for related in _related(case, party):
            itself = identifier(related.party.cage) in named_cages or identifier(related.party.uei) in named
            for record in () if itself else records:
                hit = _hit(case, uei, related, record.fact)
                if hit is not None:
                    hits.setdefault(related.relation, []).append((related, record, *hit))
        for relation, found in sorted(hits.items()):
            related, record, how, match = max(
                found, key=lambda match: (match[3] is None, match[2], match[1].record_key)
            )
            values = {
                value: None
                for one, other, _, _ in found
                for value in (
                    value_from(one.evidence, f"{name}: {relation}", _named(one.party)),
                    value_from(other, "exclusion record", written(other.fact)),
                )
            }
            yield rule.finding(
                severity=Severity.ADVISORY,
                subject=f"{uei}:{relation.replace(' ', '-')}",
                values=tuple(values),
                because=f"{related.party.name}, {relation} of {name} ({uei}), agrees by {how} with the exclusion record"
                f" {record.fact.name} ({record.fact.exclusion_type}, {record.fact.agency}). An exclusion reaches"
                " affiliates only if they are named in it and had notice.",
                match=match,
            )


def _hit(case: CaseFile, uei: str, related: _Related, record: Exclusion) -> tuple[str, Match | None] | None:
    shared = shared_identifier(record, related.party.uei, filter(None, (related.party.cage,)))
    if shared:
        return shared, None
    if related.is_person != (record.classification == "Individual") or record.classification == "Vessel":
        return None
    if related.party.uei and identifier(record.uei) not in {None, identifier(related.party.uei)}:
        return None
    alike = likeness(case, uei, (related.party.name,), record)
    if not related.is_person:
        # Where the owner sits is not public: the vendor's own place says nothing about it.
        alike = Likeness(alike.score, alike.ours, alike.theirs, None)
    if alike.score < STRONG or alike.place is False or _says_little(alike):
        return None
    return f"name (score {alike.score:.2f}, {alike.compared})", Match(
        score=alike.score, compared=alike.compared
    )


def _says_little(alike: Likeness) -> bool:
    """A name of one word, or of one word and initials."""
    return any(
        sum(len(word) > 1 for word in normalised(name).split()) <= 1 for name in (alike.ours, alike.theirs)
    )


def _related(case: CaseFile, party: Party) -> Iterator[_Related]:
    for row in rows_of(case, party[0].uei):
        for relation, owner in _owners(row.fact):
            yield _Related(relation, owner, row)
    if party[0].uei == case.action.prime.uei:
        for item in file_documents.instruments(case):
            for person in file_documents.persons_of(item.fact):
                yield _Related("signatory", Owner(name=person), item)


def _owners(row: Registration) -> Iterator[tuple[str, Owner]]:
    highest, immediate = row.highest_owner, row.immediate_owner
    if immediate is not None:
        yield "immediate owner", immediate
    if highest is not None and (immediate is None or similarity(highest.name, immediate.name) < 1):
        yield "highest owner", highest
    for predecessor in row.predecessors:
        yield "predecessor", predecessor


def _named(owner: Owner) -> str:
    identifiers = ", ".join(filter(None, (owner.uei, owner.cage)))
    return f"{owner.name} ({identifiers})" if identifiers else owner.name


E04 = Rule(
    id="E04",
    title="Owner, predecessor or signatory excluded",
    kind=FindingKind.MATCH,
    version=2,
    sources=(Source.SAM_GOV, Source.DEBARMENT),
    helped_by=(Source.DOCUMENTS,),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(
        codified="FAR 9.406-1(b), 9.405(a), 9.104-6(b)", rfo="RFO 9.406-1(c), 9.405(a), 9.104-6(b)"
    ),
    comparison="Owners and predecessors in SAM.gov and signatories of the instrument against active exclusion records.",
    traps=(
        "Affiliates are covered only if named in the exclusion and given notice.",
        "Common names of persons: a record of another place, or a name of one word, does not count.",
        "Persons are compared by name and place, never by a taxpayer number.",
        "An owner that the action itself names is a matter of E01.",
    ),
    recommended="Ask the vendor about the relation, and consider it in the responsibility determination.",
    check=related_party_excluded,
)
