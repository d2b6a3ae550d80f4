"""C01: the series of modification numbers, as filed and as reported."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from app.procurement.calendar import business_days_after
from app.procurement.case_file import CaseFile
from app.procurement.contract_facts import FiledDocument
from app.procurement.finding import Authority, ComparedValue, Finding, Severity, value_from, value_of_action
from app.procurement.instrument_numbers import AWARD, modification_label, number_at, series
from app.procurement.rule import FindingKind, Rule, Severities
from app.procurement.rules.support.contract_history import Report
from app.procurement.rules.support.file_documents import AWARD_INSTRUMENTS, INSTRUMENTS, Filed
from app.procurement.rules.support.numbering import documents_of, rows_of
from app.procurement.rules.support.value_text import listed
from app.procurement.systems import Source
from app.procurement.thresholds import MICRO_PURCHASE, in_force

_BUSINESS_DAYS, _URGENT, _VEIL = 3, timedelta(days=30), timedelta(days=90)
#: Reasons of modifications; and between fewer numbers than the last, none can be missing.
_PIID_CHANGE, _TRANSFER, _NEIGHBOURS = "S", "T", 2
#: Competition authorities for unusual and compelling urgency.
_URGENCY = frozenset({"6.302-2", "6.103-2"})


@dataclass(slots=True)
class _Remarks:
    """A defect of one modification number, or of a series of them."""

    words: list[str] = field(default_factory=list)
    values: list[ComparedValue] = field(default_factory=list)


def sequence(rule: Rule, case: CaseFile) -> Iterator[Finding]:
    """C01: a number is left out or used twice, or a signed instrument has no report though it is due.

    FAR 4.604(b)(2), 4.1603; RFO 4.301(f)(2), 4.201(c)(2). A report is due three business days after award, 30 days
    after it under urgency. Each series (P, A) is counted by itself, from the lowest number seen.
    """
    rows, documents = rows_of(case), documents_of(case)
    remarks: defaultdict[str, _Remarks] = defaultdict(_Remarks)
    _unreported(case, rows, documents, remarks)
    if not any(row.fact.reason in {_PIID_CHANGE, _TRANSFER} or row.fact.old_piid for row in rows):
        _repeated(rows, documents, remarks)
        _left_out(case, rows, documents, remarks)
    for label, remark in sorted(remarks.items()):
        yield rule.finding(
            severity=Severity.ADVISORY,
            subject=f"{case.action.piid}:{label}",
            values=tuple(remark.values),
            because=f"Contract {case.action.piid}: {'; '.join(remark.words)}.",
        )


def _due(case: CaseFile, documents: list[Filed], signed: date) -> date:
    """The last day on which a report may still be missing."""
    due = signed + _URGENT if _urgent(case, documents) else business_days_after(signed, _BUSINESS_DAYS)
    return max(due, signed + _VEIL) if case.action.defense else due


def _urgent(case: CaseFile, documents: list[Filed]) -> bool:
    return case.action.urgent or any(item.fact.authority in _URGENCY for item in documents)


def _unreported(
    case: CaseFile, rows: list[Report], documents: list[Filed], remarks: dict[str, _Remarks]
) -> None:
    final = {modification_label(row.fact.modification) for row in rows if row.fact.status == "final"}
    for item in documents:
        document = item.fact
        if document.doc_type not in INSTRUMENTS or document.status != "final" or document.co_signed is None:
            continue
        award = document.doc_type in AWARD_INSTRUMENTS
        label = AWARD if award else modification_label(document.modification)
        if (
            label in final
            or (label == AWARD) != award
            or case.day <= _due(case, documents, document.co_signed)
            or _micro_purchase(document)
        ):
            continue
        others = sorted(
            {row.fact.status for row in rows if modification_label(row.fact.modification) == label}
        )
        state = f"only a report marked {listed(others, last='and')}" if others else "no report"
        due = _due(case, documents, document.co_signed)
        remark = remarks[label]
        remark.words.append(
            f"{document.doc_type} {label} was signed on {document.co_signed}, the contract system shows {state}"
            f" of it, due by {due}"
        )
        remark.values += [
            value_from(item, f"{document.doc_type} {label} signed", document.co_signed.isoformat()),
            ComparedValue(source=Source.CONTRACTS.value, label=f"report of {label}", value=state),
        ]


def _micro_purchase(document: FiledDocument) -> bool:
    """Awards up to the micro-purchase threshold need no report (FAR 4.606(a)(1))."""
    day, amount = document.co_signed, document.amount
    award = document.doc_type in AWARD_INSTRUMENTS
    return bool(award and day and amount is not None and 0 <= amount <= in_force(MICRO_PURCHASE, day))


def _repeated(rows: list[Report], documents: list[Filed], remarks: dict[str, _Remarks]) -> None:
    for label, same in _alike(rows):
        if len(same) > 1:
            remarks[label].words.append(f"{label} is reported {len(same)} times")
            remarks[label].values += [
                value_from(row, f"report of {label} signed", str(row.fact.signed or "without a date"))
                for row in same
            ]
    changes = [item for item in documents if item.fact.doc_type == "SF-30"]
    signed: defaultdict[str, dict[str, Filed]] = defaultdict(dict)
    for item in changes if len(changes) > 1 else ():
        if item.fact.status == "final" and item.fact.co_signed:
            signed[modification_label(item.fact.modification)].setdefault(
                item.fact.sha256 or item.fact.document_id, item
            )
    for label, instruments in signed.items():
        if len(instruments) > 1:
            remarks[label].words.append(f"{len(instruments)} signed instruments bear the number {label}")
            remarks[label].values += [
                value_from(item, f"SF-30 {label} signed", str(item.fact.co_signed))
                for item in instruments.values()
            ]


def _alike(rows: list[Report]) -> Iterator[tuple[str, list[Report]]]:
    """The final reports of one number and one transaction."""
    same: defaultdict[tuple[str, str], list[Report]] = defaultdict(list)
    for row in rows if len(rows) > 1 else ():
        if row.fact.status == "final":
            same[modification_label(row.fact.modification), row.fact.transaction].append(row)
    return ((label, value) for (label, _), value in same.items())


def _left_out(
    case: CaseFile, rows: list[Report], documents: list[Filed], remarks: dict[str, _Remarks]
) -> None:
    """Numbers missing between those seen. Drafts and deleted reports show that a number was used."""
    seen: defaultdict[str, dict[int, date | None]] = defaultdict(dict)
    dated = [(row.fact.modification, row.fact.signed) for row in rows]
    dated += [(item.fact.modification or AWARD, item.fact.co_signed) for item in documents]
    dated.append((case.action.modification_number, None))
    if len({modification for modification, _ in dated if modification != AWARD}) < _NEIGHBOURS:
        return
    for modification, day in dated:
        place = series(modification)
        if place:
            seen[place[0]][place[1]] = day or seen[place[0]].get(place[1])
    for letters, places in seen.items():
        ordered = sorted(places)
        for before, after in pairwise(ordered):
            if after - before == 1 or not _settled(case, documents, places[after]):
                continue
            first, last = number_at(letters, before + 1), number_at(letters, after - 1)
            label = first if first == last else f"{first}-{last}"
            neighbours = f"{number_at(letters, before)} and {number_at(letters, after)}"
            remark = remarks[label]
            remark.words.append(f"neither a report nor a document shows {label}, between {neighbours}")
            remark.values += [
                value_of_action("numbers seen", neighbours),
                ComparedValue(source=Source.CONTRACTS.value, label=f"report of {label}", value="none"),
            ]


def _settled(case: CaseFile, documents: list[Filed], next_signed: date | None) -> bool:
    """Whether a number before one signed on this day ought to be visible by now."""
    if not case.action.defense and not _urgent(case, documents):
        return True
    return next_signed is not None and case.day > _due(case, documents, next_signed)


C01 = Rule(
    id="C01",
    title="Modification sequence or missing report",
    kind=FindingKind.CONDITION,
    version=1,
    sources=(Source.CONTRACTS, Source.DOCUMENTS),
    severities=Severities.always(Severity.ADVISORY),
    authority=Authority(codified="FAR 4.604(b)(2), 4.1603", rfo="RFO 4.301(f)(2), 4.201(c)(2)"),
    comparison="Signed instruments on file against the final reports of the contract, number by number.",
    traps=(
        "The P and the A series are numbered by different offices and counted apart.",
        "Defense actions can stay unseen for 90 days after signature.",
        "Under urgency a report is due after 30 days, not after three business days.",
        "Federal holidays and weekends are no business days.",
        "A draft is no report, but it shows that the number is in use.",
        "A deleted report shows that the number was used.",
        "After a transfer or a change of PIID the numbering may start anew; reports under the old PIID count.",
        "Awards up to the micro-purchase threshold need no report.",
        "Numbers before the lowest one seen are not judged.",
    ),
    recommended="Publish or correct the contract action report.",
    check=sequence,
)
