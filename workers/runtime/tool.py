"""What a tool is: its record, and the questions it can answer. Jobs and facts are the domain's, of any type here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.credentials.grants import DatabaseUser, Grant
from app.credentials.tool_record import ToolRecord
from workers.runtime.database_client import DatabaseClient
from workers.runtime.http_client import HttpClient


@dataclass(frozen=True, slots=True)
class SourcedFact:
    """A fact with its source: the source's own record key, and the call that answered."""

    record_key: str
    fact: Any
    call_id: UUID


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One of a tool's questions that got no whole answer, and why. The answers to its others stand."""

    #: In the domain's own terms.
    question: Any
    reason: str


LookedUp = SourcedFact | Unanswered
#: What each tool stated in the first round.
FactsByTool = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recorded:
    record: ToolRecord

    @property
    def name(self) -> str:
        """The tool's name everywhere: credential, step, page."""
        return self.record.name

    @property
    def grant(self) -> Grant:
        """The credential it takes."""
        return self.record.credential

    @property
    def address(self) -> str:
        """The setting with its address."""
        return self.record.address_setting


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpTool(_Recorded):
    """A tool reached over HTTP. `look_up` gets a client that is already authenticated and never sees the secret.

    `follow_up` asks a second round of questions with the same credential, given the facts of the first round by tool.
    Raises `TypeError` for a record whose credential is a database user, and for a second round without tools that its
    record is `after`, or these without it.
    """

    look_up: Callable[[HttpClient, Any], Iterator[LookedUp]]
    follow_up: Callable[[HttpClient, Any, FactsByTool], Iterator[LookedUp]] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.grant, DatabaseUser):
            raise TypeError(f"{self.name}: a tool reached over HTTP takes a signed token or an API key")
        if (self.follow_up is None) != (not self.record.after):
            raise TypeError(
                f"{self.name}: a second round of questions waits for the tools that `after` names"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseTool(_Recorded):
    """A tool that is a database. As `HttpTool`, with SQL in place of HTTP and a database user as its credential."""

    look_up: Callable[[DatabaseClient, Any], Iterator[LookedUp]]

    def __post_init__(self) -> None:
        if not isinstance(self.grant, DatabaseUser):
            raise TypeError(f"{self.name}: a tool that is a database takes a database user")
        if self.record.after:
            raise TypeError(f"{self.name}: a tool that is a database has no second round of questions")


Tool = HttpTool | DatabaseTool
