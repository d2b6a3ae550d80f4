"""The history of one finding in the printed contract file."""

from collections.abc import Iterator, Sequence

from app.contract_file.blocks import Block, Cell, Line, code, note, paragraph, soft, strong, table
from app.contract_file.histories import state_holds
from app.contract_file.print_text import moment
from app.procurement.labels import DECISIONS, EVENTS, worded
from app.review.flag_history import Decision, Event
from app.review.flag_lineage import broken
from app.review.queries.filed_documents import FiledFlag


def history(each: FiledFlag) -> Iterator[Block]:
    """The blocks with the events of a finding, and with what was carried over from earlier runs."""
    first = broken(each.earlier, each.own)
    if first is not None:
        where = "" if first.flag_id == each.flag.flag_id else f" of the earlier finding {first.flag_id}"
        yield note(
            strong(
                f"The history of this finding is broken: event {first.number}{where} was changed or is missing."
            )
        )
    elif not state_holds(each):
        yield note(strong("The status of this finding does not follow from its history."))
    if each.remembered:
        yield table(
            "Earlier decision on the same fact",
            *_events(each.remembered),
        )
    yield from _carried(each)
    if not each.history:
        yield paragraph("Nobody has decided, assigned or commented on this finding since it was found.")
        return
    yield table("History (the digest of each event covers the event before)", *_events(each.history))


def _carried(each: FiledFlag) -> Iterator[Block]:
    """What officers did about the same fact in earlier runs."""
    for stretch in each.earlier:
        if stretch.events and stretch.flag_id != each.flag.answered_by:
            yield table(
                f"Carried over from the finding of {moment(stretch.raised_at)}, run {stretch.run_id}",
                *_events(stretch.events),
            )


def _events(
    history: Sequence[tuple[Event, str]],
) -> tuple[Sequence[tuple[str, int]], Iterator[Sequence[Cell]]]:
    columns = (("Event", 3), ("By and when", 4), ("Reason", 6), ("Digest", 4))
    return columns, (
        (_what(event), [event.by_name, soft(event.by), moment(event.at)], _why(event), code(digest))
        for event, digest in history
    )


def _what(event: Event) -> Cell:
    said: list[Line] = [f"{event.number}. {worded(EVENTS, event.kind.value)}"]
    if event.decision:
        said.append(strong(worded(DECISIONS, event.decision.value)))
    if event.decision is Decision.REFERRED:
        said += [f"to {event.office}", f"due {event.due_on}"] if event.office else ["office not named"]
    if event.kind.value == "assigned":
        said.append(f"to {event.assignee}" if event.assignee else "assignment withdrawn")
    return said


def _why(event: Event) -> Cell:
    return [event.rationale or "none given", *([f"Reference: {event.reference}"] if event.reference else [])]
