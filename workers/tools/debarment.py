"""Debarment: is any vendor excluded, by identifier or by name?  Shapes follow SAM.gov Exclusions API v4.

The first round asks by the identifiers that the action states. The second asks, with the same credential, by what the
entity service and the contract file brought: further identifiers, and every name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from app.procurement.action import ProcurementAction
from app.procurement.case_file import Question
from app.procurement.names import POSSIBLE, similarity
from app.procurement.rules.support.exclusion_record import shared_identifier
from app.procurement.rules.support.vendor_identity import identifier
from app.procurement.systems import Source, system_of
from app.procurement.vendor_facts import Exclusion
from workers.asking import Asked, ask_each, text_at, unread
from workers.name_search import BoundedClient, NameSearch
from workers.paging import Asks, all_rows
from workers.payloads.exclusions import ExclusionRecord, Exclusions
from workers.payloads.rows import OddValue, read_row
from workers.related_names import Related, related
from workers.runtime.http_client import HttpClient
from workers.runtime.tool import FactsByTool, HttpTool, LookedUp, SourcedFact, Unanswered

_SIZE = 10
#: Pages of a question by identifier, or by several words or a place; and of one by a word alone.
_PAGES, _PAGES_OF_A_WORD = 10, 5
#: Names searched for, and requests for them, in one run.
_NAMES, _REQUESTS = 40, 80


def look_up(client: HttpClient, action: ProcurementAction) -> Iterator[LookedUp]:
    """One request for all UEIs, one for all CAGE codes; a record found twice is yielded once."""
    ueis, cages = stated_codes(action)
    return ask_each(_by_codes(client, action, ueis, cages, seen=set()))


def follow_up(client: HttpClient, action: ProcurementAction, facts: FactsByTool) -> Iterator[LookedUp]:
    """The identifiers that the action does not state, then each name by its words.

    Of the records found by name those are yielded that have a like name or a known identifier.
    """
    seen: set[object] = set(facts.get(Source.DEBARMENT.value, ()))
    known = related(action, facts)
    ueis, cages = stated_codes(action)
    names, more = known.names[:_NAMES], known.names[_NAMES:]
    search = NameSearch(partial(_by_name, BoundedClient(client, _REQUESTS), action, known, seen))
    questions: tuple[Asked, ...] = (
        *_by_codes(client, action, known.ueis - ueis, known.cages - cages, seen),
        *((_named(each.name), partial(search.by_name, each)) for each in names),
    )
    yield from ask_each(questions, needs_first=False)
    for each in more:
        yield Unanswered(_named(each.name), f"a run searches for {_NAMES} names at most")


def stated_codes(action: ProcurementAction) -> tuple[frozenset[str], frozenset[str]]:
    """The UEIs and CAGE codes that the action states."""
    ueis = frozenset(vendor.uei for vendor in action.vendors)
    return ueis, frozenset(cage for vendor in action.vendors if (cage := identifier(vendor.cage)))


def _by_codes(
    client: HttpClient,
    action: ProcurementAction,
    ueis: frozenset[str],
    cages: frozenset[str],
    seen: set[object],
) -> Iterator[Asked]:
    """UEIs first. Where no record carries a vendor's UEI, only that question can say so."""
    own = ueis.intersection(vendor.uei for vendor in action.vendors)
    for parameter, words, codes, about in (
        ("ueiSAM", "records by UEI", ueis, own),
        ("cageCode", "records by CAGE code", cages, frozenset[str]()),
    ):
        if codes:
            question = {parameter: f"[{'~'.join(sorted(codes))}]"}
            yield Question(words, about), partial(_by_identifier, client, action, seen, question)


def _named(name: str) -> Question:
    return Question(f"records by name: {name}")


def _by_identifier(
    client: HttpClient, action: ProcurementAction, seen: set[object], question: Mapping[str, str]
) -> Iterator[LookedUp]:
    for found in _records(client, action, question, seen, most=_PAGES):
        if found.fact:
            yield SourcedFact(found.key, found.fact, found.call_id)
        yield from found.unread()


def _by_name(
    client: BoundedClient,
    action: ProcurementAction,
    known: Related,
    seen: set[object],
    question: Mapping[str, str],
) -> Iterator[LookedUp]:
    """A name that is like a vendor's is no vendor's record yet: what can be read of it is enough."""
    is_word = len(question) == 1 and " " not in question["exclusionName"]
    most = _PAGES_OF_A_WORD if is_word else _PAGES
    for found in _records(client, action, question, seen, most=most, narrow_only=True):
        if found.fact is None or found.uei:
            yield from found.unread()
        if found.fact and (found.uei or _concerns(found.fact, known)):
            yield SourcedFact(found.key, found.fact, found.call_id)


def _concerns(record: Exclusion, known: Related) -> bool:
    if any(shared_identifier(record, uei, ()) for uei in known.ueis) or shared_identifier(
        record, None, known.cages
    ):
        return True
    return any(
        similarity(named.name, theirs) >= POSSIBLE
        for named in known.names
        for theirs in (record.name, *record.aliases)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A record that was found: None in `fact` where it could not be read. `uei` is of the vendor whose UEI it carries."""

    key: str
    fact: Exclusion | None
    odd: Sequence[OddValue]
    uei: str | None
    call_id: UUID

    def unread(self) -> Iterator[SourcedFact]:
        return unread(self.odd, self.call_id, record=self.key, uei=self.uei, is_lost=self.fact is None)


def _records(
    client: Asks,
    action: ProcurementAction,
    question: Mapping[str, str],
    seen: set[object],
    *,
    most: int,
    narrow_only: bool = False,
) -> Iterator[_Found]:
    """Each record of an answer that was not found before: the same one comes again for each question it fits."""
    vendors = {identifier(vendor.uei): vendor.uei for vendor in action.vendors}
    for raw, call_id in all_rows(
        client,
        "/entity-information/v4/exclusions",
        {**question, "size": str(_SIZE)},
        page=Exclusions,
        number="page",
        size=_SIZE,
        most=most,
        narrow_only=narrow_only,
    ):
        record, odd = read_row(ExclusionRecord, raw)
        fact = record.to_fact() if record else None
        known = fact or repr(raw)
        if known in seen:
            continue
        seen.add(known)
        own = fact.uei if fact else text_at(raw, "exclusionIdentification", "ueiSAM")
        key = own or (fact.name if fact else "") or "a record without a name"
        yield _Found(key, fact, odd, vendors.get(identifier(own)), call_id)


TOOL = HttpTool(record=system_of(Source.DEBARMENT), look_up=look_up, follow_up=follow_up)
