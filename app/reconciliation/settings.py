"""Settings of the reconciler: where each tool's log is, and whose word it must not rest on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, create_model

from app.connections.addresses import DatabaseAddress
from app.connections.settings import ConnectionSettings, listed
from app.credentials.grants import DatabaseUser
from app.credentials.tool_record import ToolRecord

#: The names of the vault's audit devices among the logs.
VAULT_LOG, SECOND_LOG = "vault-log", "vault-log-2"
_WORDS = {VAULT_LOG: "the vault's log", SECOND_LOG: "the second log of the vault"}


def log_name(source: str) -> str:
    """What a log is called in a sentence."""
    return _WORDS.get(source, f"the log of {source}")


class ReconcilerSettings(ConnectionSettings):
    """Settings of the reconciler. `with_logs` adds the log of each tool, and the address of each that is a database."""

    #: The vault's audit log, and that of a second audit device, which must hold the same entries.
    vault_audit_log: Path | None = None
    vault_audit_log_2: Path | None = None
    #: Days for which the vault's log is kept beside the file being written. One that goes earlier is an alarm.
    vault_log_kept: int = Field(default=30, ge=1, le=36_500)
    #: Users of the tools' databases that no run is given, as a JSON list; their logins are not read.
    standing_users: Annotated[frozenset[str], BeforeValidator(listed)] = frozenset()
    #: User ids of the processes that are observed, as a JSON list, beside the reconciler's own.
    observed_users: Annotated[frozenset[int], BeforeValidator(listed)] = frozenset()


def with_logs(records: Iterable[ToolRecord]) -> type[ReconcilerSettings]:
    """The same settings, with a log for each tool."""
    known = list(records)
    fields: dict[str, Any] = {record.log_setting: (Path | None, None) for record in known}
    fields |= {
        record.address_setting: (DatabaseAddress | None, None)
        for record in known
        if isinstance(record.credential, DatabaseUser)
    }
    return create_model(ReconcilerSettings.__name__, __base__=ReconcilerSettings, **fields)
