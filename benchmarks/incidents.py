"""What happens once on an ordinary day: an outage, and logs that are rotated while they are written."""

import signal
import time
from pathlib import Path

from infra.local.options import TOOL_VARIABLES
from infra.local.stack import LocalStack

#: Seconds that the broker is away, and for the vault to begin a new file.
_AWAY, _PATIENCE = 5.0, 10.0


def broker_outage(stack: LocalStack) -> None:
    """The broker is gone for some seconds."""
    stack.process_table.kill("valkey")
    time.sleep(_AWAY)
    stack.restart("valkey")


def vault_log_rotated(stack: LocalStack) -> None:
    """As logrotate does it: the files get other names, and a signal has the vault begin new ones."""
    logs = (stack.layout.audit_log, stack.layout.audit_log_2)
    for log in logs:
        _set_aside(log)
    stack.process_table.kill("vault", signal.SIGHUP)
    deadline = time.monotonic() + _PATIENCE
    while not all(log.exists() for log in logs) and time.monotonic() < deadline:
        time.sleep(0.02)


def tool_logs_rotated(stack: LocalStack) -> None:
    """Each tool begins a new file when it is started again, and does not answer meanwhile."""
    for tool in TOOL_VARIABLES:
        _set_aside(stack.layout.access_log(tool))
        stack.restart(tool)


def ledger_log_rotated(stack: LocalStack) -> None:
    """The database server begins a new file when it is started again."""
    _set_aside(stack.layout.postgres_log)
    stack.restart("postgres")


#: In their order.
INCIDENTS = (vault_log_rotated, broker_outage, tool_logs_rotated, ledger_log_rotated)


def _set_aside(log: Path) -> None:
    log.rename(log.with_name(f"{log.name}.1"))
