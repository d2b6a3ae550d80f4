"""Answers that come in pages. A partial answer would pass for a clear one, so it ends in an error."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from workers.runtime.answer import Answer, ToolError


class Page(Protocol):
    """What every paged answer has. Its rows are read one by one, with `read_row`."""

    @property
    def total(self) -> int: ...
    @property
    def rows(self) -> Sequence[Any]: ...


class Asks(Protocol):
    """What asks for a page."""

    def get(self, path: str, params: Mapping[str, str], /) -> Answer: ...


class TooManyRowsError(ToolError):
    """A question that finds more rows than are read. `total` is their number."""

    def __init__(self, total: int) -> None:
        super().__init__(f"{total:,} records, more than are read")
        self.total = total


def all_rows(
    client: Asks,
    path: str,
    params: Mapping[str, str],
    *,
    page: type[Page],
    number: str,
    size: int,
    most: int,
    empty_is_204: bool = False,
    narrow_only: bool = False,
) -> Iterator[tuple[Any, UUID]]:
    """Every row as it came, with the call that brought it; `number` is the parameter that counts pages from 0.

    Where `empty_is_204`, a service has no answer in place of an empty one; elsewhere a 204 is not readable.
    Raises `ToolError` when a page is short, comes twice, or is not the last of `most` pages. The rows before it stand.
    With `narrow_only`, raises `TooManyRowsError` after the first page of an answer with more pages than `most`: the rest
    would cost requests and not be whole.
    """
    found = 0
    before: Sequence[Any] = ()
    for count in range(most):
        answer = client.get(path, {**params, number: str(count)})
        if answer.body is None and empty_is_204 and not found:
            return
        read = answer.parse(page)  # type: ignore[type-var]  # a protocol cannot also be a pydantic model
        if read.rows and read.rows == before:
            raise ToolError(f"partial answer: page {count + 1} repeats the one before")
        before = read.rows
        found += len(read.rows)
        yield from ((row, answer.call_id) for row in read.rows)
        if found >= read.total:
            return
        if narrow_only and read.total > size * most:
            raise TooManyRowsError(read.total)
        if len(read.rows) < size:
            break
    raise ToolError(f"partial answer: {found} of {read.total} rows")
