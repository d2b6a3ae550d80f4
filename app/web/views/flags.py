"""Flagged items: the queue, and one item with the lineage of its values."""

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.domain.discrepancy import Severity
from app.domain.rules import RULES
from app.web.flag_page import flag_page
from app.web.queries import PAGE, choice, cursor
from app.web.sources import sources

bp = Blueprint("flags", __name__, url_prefix="/flags")
_SEVERITIES = [severity.value for severity in Severity]
_RULES = {rule.id: rule.title for rule in RULES}


@bp.get("")
def queue() -> ResponseReturnValue:
    """Findings of each action's latest completed run, blocking first."""
    severity, rule, after = choice("severity", _SEVERITIES), choice("rule", _RULES), cursor()
    pages = sources().pages
    lines = pages.flags(severity=severity, rule=rule, after=after, limit=PAGE + 1)
    counts = pages.flag_counts()
    return render_template(
        "flags/queue.html",
        lines=lines[:PAGE],
        following=lines[PAGE - 1].flag.discrepancy_id if len(lines) > PAGE else None,
        after=after,
        severity=severity,
        rule=rule,
        rules=_RULES,
        by_severity=_totals(counts, _SEVERITIES, part=0, other=rule),
        by_rule=_totals(counts, list(_RULES), part=1, other=severity),
        total=sum(n for (s, r), n in counts.items() if severity in {None, s} and rule in {None, r}),
    )


@bp.get("/<uuid:flag_id>")
def show(flag_id: UUID) -> ResponseReturnValue:
    """One finding, its values side by side, and the credential behind each."""
    return flag_page(flag_id)


def _totals(
    counts: dict[tuple[str, str], int], names: list[str], *, part: int, other: str | None
) -> dict[str, int]:
    """Number of findings for each value of one filter, while the other filter stays as it is."""
    return {
        name: sum(n for key, n in counts.items() if key[part] == name and other in {None, key[1 - part]})
        for name in names
    }
