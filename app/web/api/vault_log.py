"""Search the vault's log."""

from flask import Response

from app.review.queries.vault_log import VaultLogFilter
from app.web.api.operations import following, operation, reply
from app.web.api.shapes.vault_log import VaultLog, VaultLogItem, VaultLogQuery
from app.web.services import services


@operation("GET", "/vault-log", query=VaultLogQuery, answers={200: VaultLog})
def vault_log(query: VaultLogQuery) -> Response:
    """What the vault answered to runs and about them, across all runs, newest first."""
    wanted = VaultLogFilter(
        since=query.since,
        until=query.until,
        run_id=query.run,
        tool=query.tool,
        kind=query.kind,
        outcome=query.outcome,
        identity=query.identity,
        text=query.text,
    )
    lines = services().queries.vault_log(wanted, before=query.before, limit=query.limit + 1)
    shown, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        VaultLog(
            items=[VaultLogItem.model_validate(line.fields()) for line in shown],
            next=following(shown[-1].event.number if more else None, name="before"),
        )
    )
