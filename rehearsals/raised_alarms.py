"""The alarms that rehearsals raise in the stack: found for each attack, and closed at the end."""

from collections.abc import Sequence
from datetime import datetime

from app import usecases
from app.credentials.tables import AlarmState
from rehearsals.attack import Account, Attack, RaisedAlarm
from rehearsals.installation import Installation

_FOUND = """
SELECT alarm_id, kind, detail, greatest(0, extract(epoch FROM at - %s))::float AS seconds
FROM alarm, LATERAL (SELECT CASE WHEN raised_at >= %s THEN raised_at ELSE last_seen_at END AS at) AS first
WHERE kind = ANY (%s) AND at >= %s AND (run_id = ANY (%s) OR run_id IS NULL) ORDER BY at LIMIT 1
"""
#: What was first raised since the rehearsals began: about their runs, or about none and of a kind that they raise.
_OURS = """
SELECT alarm_id FROM alarm WHERE state <> 'closed' AND raised_at >= %s
    AND (run_id = ANY (%s) OR (run_id IS NULL AND kind = ANY (%s)))
"""
#: How far all logs have been judged, about.
_READ = "SELECT min(read_until) AS at FROM log_source"


def find(stack: Installation, attack: Attack, account: Account) -> RaisedAlarm | None:
    """The alarm that this attack must raise, if it is there."""
    about = [*account.runs, *account.invented]
    rows = stack.rows(_FOUND, account.tried_at, account.began, list(attack.alarms), account.began, about)
    return RaisedAlarm(**rows[0]) if rows else None


def are_judged(stack: Installation, moment: datetime) -> bool:
    """Whether all logs have been read, and what was in them judged, up to this moment."""
    (row,) = stack.rows(_READ)
    return row["at"] is not None and row["at"] >= moment


def close(
    stack: Installation, since: datetime, attacks: Sequence[Attack], accounts: Sequence[Account]
) -> int:
    """Close what these attacks raised, with a reason that names them; how many."""
    runs = [run for account in accounts for run in (*account.runs, *account.invented)]
    kinds = {kind for attack in attacks for kind in (*attack.alarms, *attack.may_raise)}
    rows = stack.rows(_OURS, since, runs, list(kinds))
    reason = f"Raised by a rehearsal on this local stack: {', '.join(each.name for each in attacks)}."
    for row in rows:
        usecases.handle_alarm(
            stack.sessions,
            row["alarm_id"],
            AlarmState.CLOSED,
            by="rehearsal",
            by_name="Rehearsal",
            reason=reason,
        )
    return len(rows)
