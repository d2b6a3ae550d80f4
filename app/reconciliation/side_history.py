"""What tools saw of the credentials of a time and of the latest before its end, for comparison. All functions raise `OperationalError`."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from app.reconciliation.clocks import FirstUse
from app.reconciliation.worker_places import SeenPlace

_LATEST = """
    (SELECT run_id, attempt, tool, fingerprint, service_user, issued_at FROM credential
    WHERE issued_at < :until ORDER BY issued_at DESC LIMIT 500)
    UNION SELECT run_id, attempt, tool, fingerprint, service_user, issued_at FROM credential
    WHERE issued_at >= :since AND issued_at < :until
"""
_PLACES = text(f"""
WITH latest AS ({_LATEST}),
seen AS (
    SELECT system, run_id, attempt, remote_address FROM latest JOIN tool_use USING (fingerprint) WHERE system = tool
    UNION SELECT system, run_id, attempt, remote_address FROM latest JOIN tool_use USING (service_user) WHERE system = tool)
SELECT system, run_id, attempt, home, remote_address AS place
FROM seen CROSS JOIN LATERAL (
    SELECT v.remote_address AS home FROM vault_event AS v WHERE v.run_id = seen.run_id AND v.attempt = seen.attempt
        AND v.kind = 'logged-in' ORDER BY v.number LIMIT 1) AS login
WHERE home IS NOT NULL AND remote_address IS NOT NULL
""")  # noqa: S608  # a text of this file
_FIRST_USES = text(f"""
WITH latest AS ({_LATEST})
SELECT tool AS system, run_id, attempt, issued_at, used_at FROM latest CROSS JOIN LATERAL (
    SELECT min(at) AS used_at FROM (
        SELECT at FROM tool_use AS u WHERE u.fingerprint = latest.fingerprint AND system = tool
        UNION ALL SELECT at FROM tool_use AS u WHERE u.service_user = latest.service_user AND system = tool) AS either
    ) AS first
WHERE used_at IS NOT NULL
""")  # noqa: S608
# As the sweeper measures it: a worker must not be able to shift it.
_VAULT_AHEAD = text(
    "SELECT ahead FROM clock WHERE process = 'vault' AND reporter = 'sweeper' AND measured_at > now() - interval '5 min'"
)


def places(db: Connection, since: datetime, until: datetime) -> list[SeenPlace]:
    """Where tools saw them."""
    return [SeenPlace(**row) for row in db.execute(_PLACES, {"since": since, "until": until}).mappings()]


def first_uses(db: Connection, since: datetime, until: datetime) -> list[FirstUse]:
    """When tools saw each for the first time."""
    return [FirstUse(**row) for row in db.execute(_FIRST_USES, {"since": since, "until": until}).mappings()]


def vault_ahead(db: Connection) -> timedelta:
    """How far the vault's clock is ahead now; nothing if that is not measured."""
    return timedelta(seconds=db.execute(_VAULT_AHEAD).scalar() or 0)
