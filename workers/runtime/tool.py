"""What a tool is: a source of facts, the credential it needs, and the questions it can be asked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.credentials.grants import ApiKey, DatabaseUser, SignedToken
from app.procurement.action import ProcurementAction
from app.procurement.case_file import Source
from app.procurement.facts import Fact
from workers.runtime.database_client import DatabaseClient
from workers.runtime.http_client import HttpClient

#: U.S. dollars as a service may state them; "1e999999" is a number, too, and would fill the memory when printed.
Money = Annotated[Decimal, Field(max_digits=18, decimal_places=2)]


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact as a source stated it: the source's own record key, and the call that answered."""

    record_key: str
    fact: Fact
    call_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpTool:
    """A tool reached over HTTP. `address` names the setting with its base URL.

    `look_up` gets a client that is already authenticated and never sees the secret.
    """

    source: Source
    grant: SignedToken | ApiKey
    address: str
    look_up: Callable[[HttpClient, ProcurementAction], Iterator[Stated]]

    @property
    def name(self) -> str:
        """The tool's name everywhere: credential, step, page."""
        return self.source.value


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseTool:
    """A tool that is a database. As `HttpTool`, with SQL in place of HTTP."""

    source: Source
    grant: DatabaseUser
    address: str
    look_up: Callable[[DatabaseClient, ProcurementAction], Iterator[Stated]]

    @property
    def name(self) -> str:
        """The tool's name everywhere: credential, step, page."""
        return self.source.value


Tool = HttpTool | DatabaseTool
