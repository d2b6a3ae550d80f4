"""Search the vault's log."""

from flask import Response

from app.review.queries.log_line_filter import VaultLogFilter
from app.web.api.operations import following, operation, reply
from app.web.api.shapes.log_lines import LogLineQuery, LogLines, RecordedLine
from app.web.services import services


@operation("GET", "/vault-log", query=LogLineQuery, answers={200: LogLines})
def log_lines(query: LogLineQuery) -> Response:
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
    lines = services().queries.log_lines(wanted, before=query.before, limit=query.limit + 1)
    shown, more = lines[: query.limit], len(lines) > query.limit
    return reply(
        LogLines(
            items=[RecordedLine.model_validate(line.fields()) for line in shown],
            next=following(shown[-1].event.number if more else None, name="before"),
        )
    )
