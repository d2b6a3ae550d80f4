"""The facts of one run, the source of each, and the sources that did not answer."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, wraps
from operator import attrgetter
from typing import Any, Protocol, TypeVar
from uuid import UUID

from app.procurement.action import ProcurementAction
from app.procurement.facts import Fact
from app.procurement.federal_time import eastern_day
from app.procurement.systems import Source
from app.procurement.vendor_facts import Exclusion, UnreadValue

Fact_co = TypeVar("Fact_co", bound=Fact, covariant=True)
FactKind = TypeVar("FactKind", bound=Fact)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One fact as a source stated it; `record_key` is the source's own, `pulled_at` is UTC."""

    evidence_id: UUID
    source: Source
    record_key: str
    fact: Fact
    pulled_at: datetime


class EvidenceOf(Protocol[Fact_co]):
    """Evidence whose fact is known to be of one kind."""

    @property
    def evidence_id(self) -> UUID: ...
    @property
    def source(self) -> Source: ...
    @property
    def record_key(self) -> str: ...
    @property
    def fact(self) -> Fact_co: ...
    @property
    def pulled_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Question:
    """One of several questions to a source: in words, and the UEIs of vendors about whom it alone can tell.

    That such a vendor is not in the source's answers says nothing while the question has none.
    """

    words: str
    about: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A source that did not answer, or only not this question, and why."""

    source: Source
    reason: str
    question: Question | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotAMatch:
    """An officer's earlier decision that an exclusion record is not about this vendor.

    It holds up to and including `expires`, and only while the record says what it said then.
    """

    uei: str
    record: Exclusion
    expires: date


# Without slots: cached properties are kept beside the fields.
@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """Everything the rules look at.

    `as_of` is when the run looked, with its offset; rules say nothing about the age of evidence without it. An action
    whose day has passed is judged as of its own `day`, not by what has become late since.
    `unasked` are systems the plan had no need for: their checks do not apply, which is neither clear nor a gap.
    `decisions` are what officers decided about records on names alike in earlier runs.
    """

    action: ProcurementAction
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    as_of: datetime | None = None
    unasked: frozenset[Source] = frozenset()
    decisions: tuple[NotAMatch, ...] = ()

    def of(self, kind: type[FactKind]) -> Sequence[EvidenceOf[FactKind]]:
        """The evidence whose fact is of this kind, by record key: answers come in any order."""
        return self._by_kind.get(kind, ())

    def all_answered(self, sources: tuple[Source, ...]) -> bool:
        """Whether all of these sources answered."""
        return self._without_answer.isdisjoint(sources)

    def answered(self, source: Source) -> bool:
        """Whether the source answered; silence is never an answer."""
        return source not in self._without_answer

    def was_told(self, source: Source, uei: str, field: str | None = None) -> bool:
        """Whether a source said all it has on a vendor, or could say this field: if not, its silence is no answer."""
        if any(gap.source is source and gap.question and uei in gap.question.about for gap in self.gaps):
            return False
        return not any(
            item.source is source and item.fact.leaves_open(uei, field) for item in self.of(UnreadValue)
        )

    @cached_property
    def day(self) -> date:
        """The day to judge by: the Eastern day the run looked, or the day of the action where that came before it.

        The latter, too, where it is not known when the run looked.
        """
        own = self.action.effective_date
        return own if self.as_of is None else min(eastern_day(self.as_of), own)

    @cached_property
    def _by_kind(self) -> dict[type, list[Any]]:
        kinds: dict[type, list[Evidence]] = defaultdict(list)
        for item in sorted(self.evidence, key=_record_key):
            kinds[type(item.fact)].append(item)
        for items in kinds.values():
            if len(set(map(_record_key, items))) < len(items):
                items.sort(key=lambda item: (item.record_key, repr(item.fact)))
        return kinds

    @cached_property
    def cache(self) -> dict[Any, Any]:
        """Results of functions decorated with `cached_per_case`."""
        return {}

    @cached_property
    def _without_answer(self) -> frozenset[Source]:
        return self.unasked.union(gap.source for gap in self.gaps if gap.question is None)


_record_key = attrgetter("record_key")
CacheKey = TypeVar("CacheKey", bound=Hashable)
Cached = TypeVar("Cached")


def cached_per_case(work: Callable[[CaseFile], Cached]) -> Callable[[CaseFile], Cached]:
    """Cache the result of a function of a case file, which several rules share. Callers must not change it."""

    @wraps(work)
    def cached(case: CaseFile) -> Cached:
        memory: dict[Any, Cached] = case.cache
        try:
            return memory[work]
        except KeyError:
            answer = memory[work] = work(case)
            return answer

    return cached


def cached_per_case_and_key(
    work: Callable[[CaseFile, CacheKey], Cached],
) -> Callable[[CaseFile, CacheKey], Cached]:
    """The same for a function of a case file and a key, such as a UEI."""

    @wraps(work)
    def cached(case: CaseFile, key: CacheKey) -> Cached:
        memory: dict[Any, Cached] = case.cache
        try:
            return memory[work, key]
        except KeyError:
            answer = memory[work, key] = work(case, key)
            return answer

    return cached
