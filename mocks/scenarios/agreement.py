"""Lets all five systems agree about a drafted action."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from mocks.scenarios import contract_statements, ledger_statements, sam_statements
from mocks.scenarios.draft import Draft

#: Above this many dollars a new award needs a determination of responsibility on file (since 1 October 2025).
SIMPLIFIED_ACQUISITION_THRESHOLD = Decimal(350_000)


def state_agreement(draft: Draft, *, instrument: str, reported: bool, booked: bool) -> None:
    """Fill the draft with statements that agree. A report and ledger lines may still be missing before signature."""
    draft.title = f"Clean {draft.action_type.replace('_', ' ')}"
    for firm in draft.firms:
        expires = draft.day + timedelta(days=draft.rng.randint(20, 340))
        draft.entities.append(
            sam_statements.entity(uei=firm.uei, name=firm.name, cage=firm.cage, expires=expires)
        )
    _fill_contract_file(draft, instrument)
    if draft.amount > 0:
        _commit(draft)
    before = _report_base(draft) if draft.modification else Decimal(0)
    if reported:
        reason = {"option": "G", "new_award": None}.get(draft.action_type, "C" if draft.amount else "M")
        _report(
            draft,
            draft.number,
            amount=draft.amount,
            total=before + draft.amount,
            day=draft.day,
            reason=reason,
        )
    if booked and draft.amount:
        for number, part in enumerate(_parts(draft.rng, draft.amount), start=1):
            _book(
                draft,
                draft.number,
                amount=part,
                day=draft.day,
                clin=f"{number:04d}",
                acrn=f"A{'ABC'[number - 1]}",
            )


def _fill_contract_file(draft: Draft, instrument: str) -> None:
    draft.file(instrument, amount=draft.amount)
    if draft.amount > 0:
        draft.file("AVFUNDS", amount=draft.amount)
    if draft.action_type == "option":
        draft.file("OPT_DF", amount=draft.amount)
    if draft.action_type == "new_award":
        draft.file("PR", amount=draft.amount)
        if draft.amount > SIMPLIFIED_ACQUISITION_THRESHOLD:
            draft.file("RESP")
    if draft.action_type != "modification":
        draft.file("SAMCHK")


def _commit(draft: Draft) -> None:
    for part in _parts(draft.rng, draft.amount):
        number = f"PR-{draft.day:%y}-{draft.rng.randrange(100_000):05d}{len(draft.commitments) + 1}"
        draft.commitments.append(
            ledger_statements.commitment(
                pr_number=number, piid=draft.piid, modification=draft.number, amount=part, day=draft.day
            )
        )


def _report_base(draft: Draft) -> Decimal:
    """The award that this action changes: reported, filed and booked a year before."""
    amount = Decimal(draft.rng.randrange(60_000, 2_000_000, 500))
    day = draft.day - timedelta(days=draft.rng.randint(200, 360))
    _report(draft, "0", amount=amount, total=amount, day=day, reason=None)
    _book(draft, "0", amount=amount, day=day, clin="0001", acrn="AA")
    draft.documents.append(
        contract_statements.document(
            doc_type="SF-1449",
            piid=draft.piid,
            modification="0",
            uei=draft.prime.uei,
            day=day,
            amount=amount,
        )
    )
    return amount


def _report(
    draft: Draft, modification: str, *, amount: Decimal, total: Decimal, day: date, reason: str | None
) -> None:
    draft.awards.append(
        contract_statements.award(
            piid=draft.piid,
            modification=modification,
            amount=amount,
            total=total,
            signed=day,
            uei=draft.prime.uei,
            name=draft.prime.name,
            cage=draft.prime.cage,
            reason=reason,
        )
    )


def _book(draft: Draft, modification: str, *, amount: Decimal, day: date, clin: str, acrn: str) -> None:
    draft.lines.append(
        ledger_statements.obligation(
            piid=draft.piid,
            modification=modification,
            amount=amount,
            day=day,
            uei=draft.prime.uei,
            acrn=acrn,
            clin=clin,
        )
    )


def _parts(rng: Random, amount: Decimal) -> list[Decimal]:
    """One to three amounts with that sum."""
    if abs(amount) < 30_000 or rng.random() < 0.6:  # noqa: PLR2004
        return [amount]
    first = (amount * rng.randint(40, 70) / 100).quantize(Decimal(1))
    if rng.random() < 0.6:  # noqa: PLR2004
        return [first, amount - first]
    second = ((amount - first) / 2).quantize(Decimal(1))
    return [first, second, amount - first - second]
