"""The vault's log: every line that is recorded here, across runs."""

from collections.abc import Mapping

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.credentials.vault_answer import AnswerKind
from app.procurement.labels import SOURCES, worded
from app.review.queries.log_line_filter import VaultOutcome
from app.web.list_queries import PAGE, number_cursor
from app.web.log_line_query import TOOLS, log_line_query
from app.web.services import services

bp = Blueprint("log_lines", __name__, url_prefix="/audit")
#: What the vault did, by the kind of its line.
_KINDS: Mapping[str, str] = {
    AnswerKind.MINTED: "SecretID minted",
    AnswerKind.UNWRAPPED: "Wrapping token opened",
    AnswerKind.LOGGED_IN: "Run signed in",
    AnswerKind.ISSUED: "Credential issued",
    AnswerKind.BROKEN_OFF: "Credential not finished",
    AnswerKind.REVOKED: "Run token revoked",
    AnswerKind.DENIED: "Request refused",
    AnswerKind.LOGIN_REFUSED: "Sign-in refused",
}
#: The step on the page of a run that shows it.
_STEPS: Mapping[str, int] = {
    AnswerKind.MINTED: 1,
    AnswerKind.UNWRAPPED: 2,
    AnswerKind.LOGGED_IN: 2,
    AnswerKind.ISSUED: 4,
    AnswerKind.BROKEN_OFF: 4,
    AnswerKind.DENIED: 3,
    AnswerKind.REVOKED: 6,
}


@bp.get("")
def search() -> ResponseReturnValue:
    """Lines that match the query, newest first."""
    before = number_cursor()
    wanted, chosen = log_line_query()
    pages = services().queries
    lines = pages.log_lines(wanted, before=before, limit=PAGE + 1)
    return render_template(
        "log_lines.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].event.number if len(lines) > PAGE else None,
        before=before,
        chosen=chosen,
        reach=pages.log_reach(),
        kinds=_KINDS,
        steps=_STEPS,
        named_tools=[(name, worded(SOURCES, name)) for name in TOOLS],
        named_outcomes=[(each.value, each.capitalize()) for each in VaultOutcome],
    )
