"""Searching a list by name, so that a record with another spelling is found and a common word costs few requests."""

from collections.abc import Callable, Iterator, Mapping

from workers.paging import Asks, TooManyRowsError
from workers.related_names import Named
from workers.runtime.answer import Answer, OutOfReachError, ToolError
from workers.runtime.tool import LookedUp
from workers.search_words import questions, telling

_NAME = "exclusionName"
#: Parameters of a question.
_Parameters = Mapping[str, str]


class NameSearch:
    """Asks about names. A question that several names share is asked once.

    `ask` yields what a question brings, and raises `TooManyRowsError` where that is more than it reads.
    """

    def __init__(self, ask: Callable[[_Parameters], Iterator[LookedUp]]) -> None:
        self._ask = ask
        #: How many records a question found that was too wide; None for one that was read whole.
        self._too_many: dict[tuple[tuple[str, str], ...], int | None] = {}

    def by_name(self, named: Named) -> Iterator[LookedUp]:
        """What is found by some of the words, and by narrower questions where these find too much.

        Raises `ToolError` where neither these nor all words together could be read to the end: then the records in the
        bearer's own state or country are all that was read.
        """
        asked, together = questions(named.name), " ".join(telling(named.name))
        wide = []
        for words in asked:
            yield from self._read({_NAME: words})
            if self._total({_NAME: words}) is not None:
                wide.append(words)
        if not wide:
            return
        if is_wide := len(wide) == len(asked):
            yield from self._read({_NAME: together})
        for place in named.places:
            for question in dict.fromkeys([*wide, together] if is_wide else wide):
                if self._total({_NAME: question}) is not None:
                    yield from self._read({_NAME: question, **place})
        total = self._total({_NAME: together}) if is_wide else None
        if total is not None:
            whole = [place for place in named.places if self._total({_NAME: together, **place}) is None]
            places = ", ".join(value for place in whole for value in place.values())
            read = f"; those in {places} were searched" if places else ""
            raise ToolError(f"{total:,} records have the words {together}, more than are read{read}")

    def _read(self, question: _Parameters) -> Iterator[LookedUp]:
        key = tuple(question.items())
        if key in self._too_many:
            return
        try:
            yield from self._ask(question)
            self._too_many[key] = None
        except TooManyRowsError as wide:
            self._too_many[key] = wide.total

    def _total(self, question: _Parameters) -> int | None:
        return self._too_many.get(tuple(question.items()))


class BoundedClient:
    """A client that asks no more than its share of a daily quota, repeated tries aside."""

    def __init__(self, client: Asks, most: int) -> None:
        self._client = client
        self._most = self._left = most

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """As `HttpClient.get`. Raises `OutOfReachError` once the share is used up."""
        if not self._left:
            raise OutOfReachError(
                f"a run makes {self._most} requests for names at most, to leave quota to others"
            )
        self._left -= 1
        return self._client.get(path, params)
