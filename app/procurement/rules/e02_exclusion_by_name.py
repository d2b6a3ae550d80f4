"""E02: exclusion records with a name like a vendor's and none of its identifiers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.procurement.case_file import CaseFile
from app.procurement.federal_time import eastern_day
from app.procurement.finding import Authority, Finding, Match, Severity, value_from, value_of_action
from app.procurement.names import POSSIBLE, STRONG, distinctive_words, legal_form, similarity
from app.procurement.places import corroborates
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.exclusion_record import ExclusionEvidence, about, active, written
from app.procurement.rules.support.vendor_identity import addresses_of, identifier, names_of
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion

#: Records shown in one finding; the rest are counted.
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like two names are, and whether the places agree (True), differ (False) or are not known (None)."""

    score: float
    ours: str
    theirs: str
    place: bool | None

    @property
    def compared(self) -> str:
        """What was compared, for an officer: both names, their legal forms where these differ, and the place."""
        forms = [legal_form(self.ours), legal_form(self.theirs)]
        form = f"; legal form {forms[0] or 'none'} and {forms[1] or 'none'}" if forms[0] != forms[1] else ""
        place = {True: "agrees", False: "differs", None: "not known"}[self.place]
        return f"{self.ours} and {self.theirs}{form}; place {place}"


def likeness(case: CaseFile, uei: str, names: Iterable[str], record: Exclusion) -> Likeness:
    """The best agreement between a vendor's names and those of a record, cross-references included."""
    best = max(
        (
            (similarity(ours, theirs), ours, theirs)
            for ours in names
            for theirs in (record.name, *record.aliases)
        ),
        default=(0.0, "", ""),
    )
    theirs = [address for address in (record.address, *record.other_addresses) if address]
    if best[0] < POSSIBLE or not theirs:
        return Likeness(*best, None)
    places = {corroborates(ours, place) for ours in addresses_of(case, uei) for place in theirs}
    if True in places:
        return Likeness(*best, True)
    return Likeness(*best, False if places == {False} else None)


def name_match(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """E02: an active exclusion record has a name or alias like a vendor's, and none of its identifiers.

    FAR 9.405; RFO 9.405; DFARS PGI 209.105-1 (a listing alone bars nobody). Never blocks. Names are compared as
    normalised, with their legal form; the place corroborates or weakens. FASCSA orders are a matter of E05.
    """
    records = [record for record in active(case) if not record.fact.fascsa_order]
    for party in case.action.parties if records else ():
        name, uei = party[0].name, party[0].uei
        names = names_of(case, party)
        identified = {record.evidence_id for record, _ in about(case, party, records)}
        found: list[tuple[int, Likeness, ExclusionEvidence]] = []
        for record in records:
            alike = likeness(case, uei, names, record.fact)
            weight = 0 if record.evidence_id in identified else _weight(uei, record.fact, alike)
            if weight and not _decided(case, uei, record.fact):
                found.append((weight, alike, record))
        if not found:
            continue
        found.sort(key=lambda match: (-match[0], -match[1].score, match[2].record_key, repr(match[2].fact)))
        weight, best, _ = found[0]
        more = f" {len(found) - 1} more records have a like name." if len(found) > 1 else ""
        urgency = "Adjudicate before signing." if weight > 1 else "A weak likeness, to be looked at."
        yield rule.finding(
            severity=Severity.ADVISORY,
            subject=uei,
            values=(
                value_of_action("vendor named in the action", f"{name} ({uei})"),
                *(
                    value_from(record, f"exclusion record, likeness {alike.score:.2f}", written(record.fact))
                    for _, alike, record in found[:_SHOWN]
                ),
            ),
            because=f"The name of {name} ({uei}) is like that of the exclusion record {best.theirs}"
            f" (score {best.score:.2f}, {best.compared}); no identifier agrees.{more} {urgency}",
            match=Match(score=best.score, compared=best.compared),
        )


def _weight(uei: str, record: Exclusion, alike: Likeness) -> int:
    """2: to be adjudicated before signing. 1: a weak likeness. 0: none."""
    if alike.score < POSSIBLE or record.classification == "Vessel":
        return 0
    strong = alike.score >= STRONG
    # A person's record can cross-reference a firm by its full name: that is about the firm.
    person = record.classification == "Individual" and not (strong and legal_form(alike.theirs))
    if person and (not strong or legal_form(alike.ours)):
        return 0
    if min(len(distinctive_words(alike.ours)), len(distinctive_words(alike.theirs))) == 1:
        weight = 1 if alike.place is True else 0
    elif strong:
        weight = 2 if alike.place is True else 1
    else:
        weight = 0 if alike.place is False else 1
    another = identifier(record.uei) not in {None, identifier(uei)}
    return max(weight - 1, 0) if another else weight


def _decided(case: CaseFile, uei: str, record: Exclusion) -> bool:
    # A decision runs out by the calendar, also for an action whose own day has passed.
    day = case.day if case.as_of is None else eastern_day(case.as_of)
    return any(
        decision.uei == uei and decision.record == record and decision.expires >= day
        for decision in case.decisions
    )


E02 = Rule(
    id="E02",
    title="Possible exclusion, name only",
    kind=FindingKind.MATCH,
    version=2,
    sources=(Source.DEBARMENT,),
    helped_by=(Source.SAM_GOV,),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 9.405; DFARS PGI 209.105-1", rfo="RFO 9.405; DFARS PGI 209.105-1"),
    comparison="Names of the vendors against names and cross-references of active exclusion records, and their places.",
    traps=(
        "Most records are of persons; one counts only for a vendor without a legal form and with the whole name.",
        "A person's record that cross-references a firm by its name and legal form is about that firm.",
        "A vessel's record is not a firm's.",
        "An acronym or a single word counts only where the place agrees, and then weakly.",
        "A record that carries another firm's UEI counts for one step less.",
        "A weaker likeness in another place is none.",
        "A record an officer found not to match stays away until that decision expires or the record changes.",
        "A legal form that differs or is missing lowers the score and is shown.",
    ),
    recommended="Decide whether the record is about the vendor, and record the decision with its reason.",
    check=name_match,
)
