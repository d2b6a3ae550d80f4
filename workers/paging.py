"""Answers that come in pages. A partial answer would pass for a clear one, so it ends in an error."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from workers.runtime.answer import ToolError
from workers.runtime.http_client import HttpClient


class Page(Protocol):
    """What every paged answer has. Its rows are read one by one, with `read_row`."""

    @property
    def total(self) -> int: ...
    @property
    def rows(self) -> Sequence[Any]: ...


def all_rows(
    client: HttpClient,
    path: str,
    params: Mapping[str, str],
    *,
    page: type[Page],
    number: str,
    size: int,
    most: int,
    empty_is_204: bool = False,
) -> Iterator[tuple[Any, UUID]]:
    """Every row as it came, with the call that brought it; `number` is the parameter that counts pages from 0.

    Where `empty_is_204`, a service has no answer in place of an empty one; elsewhere a 204 is not readable.
    Raises `ToolError` when a page is short, comes twice, or is not the last of `most` pages. The rows before it stand.
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
        if len(read.rows) < size:
            break
    raise ToolError(f"partial answer: {found} of {read.total} rows")
