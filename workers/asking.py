"""Several questions to one tool: what one of them brought stands, whatever becomes of the others."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from app.procurement.case_file import Question
from app.procurement.vendor_facts import UnreadValue
from workers.payloads.rows import OddValue
from workers.runtime.answer import OutOfReachError, ToolError
from workers.runtime.tool import LookedUp, SourcedFact, Unanswered

#: A question in words, and what asks it.
Asked = tuple[Question, Callable[[], Iterator[LookedUp]]]


def ask_each(questions: Iterable[Asked], *, needs_first: bool = True) -> Iterator[LookedUp]:
    """What each question brings, and which of them got no whole answer.

    Once the tool is out of reach it is not asked again. With `needs_first`, raises `ToolError` when the first question
    brings nothing: the others only add to it.
    """
    lost: OutOfReachError | None = None
    brought = 0
    for place, (question, ask) in enumerate(questions):
        try:
            if lost is not None:
                raise lost
            for found in ask():
                brought += 1
                yield found
        except ToolError as silent:
            if needs_first and place == 0 and not brought:
                raise
            lost = lost or (silent if isinstance(silent, OutOfReachError) else None)
            yield Unanswered(question, str(silent))


def unread(
    odd: Iterable[OddValue], call_id: UUID, *, record: str, uei: str | None = None, is_lost: bool = False
) -> Iterator[SourcedFact]:
    """What could not be read in a record, each as a fact of its own."""
    for each in odd:
        fact = UnreadValue(uei=uei, record=record, field=each.field, value=each.value, is_lost=is_lost)
        yield SourcedFact(record, fact, call_id)


def text_at(raw: Any, *path: str) -> str | None:
    """The text at a path of a row that could not be read."""
    for key in path:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw.strip() or None if isinstance(raw, str) else None
