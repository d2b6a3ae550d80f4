"""The checks of a run and how each came out, in the printed contract file."""

from collections.abc import Iterator

from app.contract_file.blocks import Block, paragraph, table
from app.procurement.labels import plural
from app.review.checks import CheckOutcome, checks
from app.review.queries.filed_documents import ActionFile, FiledRun

_REMARKS = {
    CheckOutcome.NOT_MADE: "Why not",
    CheckOutcome.DIFFERS: "How often",
    CheckOutcome.IN_PART: "What was not compared",
    CheckOutcome.AGREES: "What was compared",
    CheckOutcome.NOT_APPLICABLE: "Why not",
}


def checks_made(file: ActionFile, run: FiledRun) -> Iterator[Block]:
    """The checks of one run by outcome, each with a remark."""
    made = checks(file, run)
    if not made:
        yield paragraph("The plan of this run was not recorded, so the checks it made are not known.")
        return
    for outcome, remark in _REMARKS.items():
        these = [check for check in made if check.outcome is outcome]
        if these:
            yield table(
                f"{outcome.value.capitalize()}: {plural(len(these), 'check')}",
                (("Check", 6), (remark, 7)),
                ((f"{check.rule} {check.title}", check.reason) for check in these),
            )
