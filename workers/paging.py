"""Answers that come in pages: all of them, or none. A partial answer would pass for a clear one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from workers.runtime.answer import ToolError
from workers.runtime.http_client import HttpClient

Row_co = TypeVar("Row_co", covariant=True)
PageRow = TypeVar("PageRow")


class Page(Protocol[Row_co]):
    """What every paged answer has."""

    @property
    def total(self) -> int: ...
    @property
    def rows(self) -> Sequence[Row_co]: ...


def all_rows(
    client: HttpClient,
    path: str,
    params: Mapping[str, str],
    *,
    page: type[Page[PageRow]],
    number: str,
    size: int,
    most: int,
    empty_is_204: bool = False,
) -> Iterator[tuple[PageRow, UUID]]:
    """Every row, with the call that brought it; `number` is the parameter that counts pages from 0.

    Where `empty_is_204`, a service has no answer in place of an empty one; elsewhere a 204 is not readable.
    Raises `ToolError` when a page is short, comes twice, or is not the last of `most` pages.
    """
    found: list[tuple[PageRow, UUID]] = []
    before: Sequence[PageRow] = ()
    for count in range(most):
        answer = client.get(path, {**params, number: str(count)})
        if answer.body is None and empty_is_204 and not found:
            return
        read = answer.parse(page)  # type: ignore[type-var]  # a protocol cannot also be a pydantic model
        if read.rows and read.rows == before:
            raise ToolError(f"partial answer: page {count + 1} repeats the one before")
        before = read.rows
        found += [(row, answer.call_id) for row in read.rows]
        if len(found) >= read.total:
            yield from found
            return
        if len(read.rows) < size:
            break
    raise ToolError(f"partial answer: {len(found)} of {read.total} rows")
