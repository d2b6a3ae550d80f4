"""The three sides in the database, for a stretch of time: all of each attempt that it touches, and what belongs to none."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from app.connections.database import one_by_one
from app.reconciliation.agreement import Agreement, agreement
from app.reconciliation.joined_uses import needs_history
from app.reconciliation.log_coverage import Coverage, read_coverage
from app.reconciliation.side_history import first_uses, places, vault_ahead
from app.reconciliation.sides import Issued, KnownAttempt, Recorded, Sides, Used

#: The attempts of one run, or those that any side names between two times.
_ATTEMPTS = text("""
    SELECT run_id, number AS attempt FROM attempt WHERE run_id = CAST(:run_id AS uuid)
    UNION SELECT run_id, attempt FROM vault_event WHERE run_id = CAST(:run_id AS uuid) AND attempt IS NOT NULL
    UNION SELECT run_id, attempt FROM credential WHERE run_id = CAST(:run_id AS uuid)
    UNION SELECT run_id, attempt FROM vault_event WHERE CAST(:run_id AS uuid) IS NULL
    AND kind = 'issued' AND at >= :since AND at < :until AND run_id IS NOT NULL AND attempt IS NOT NULL
    UNION SELECT run_id, attempt FROM credential
    WHERE CAST(:run_id AS uuid) IS NULL AND issued_at >= :since AND issued_at < :until
    UNION SELECT c.run_id, c.attempt FROM tool_use AS u JOIN credential AS c ON c.fingerprint = u.fingerprint
    WHERE CAST(:run_id AS uuid) IS NULL AND u.at >= :since AND u.at < :until
    UNION SELECT c.run_id, c.attempt FROM tool_use AS u JOIN credential AS c ON c.service_user = u.service_user
    WHERE CAST(:run_id AS uuid) IS NULL AND u.at >= :since AND u.at < :until
""")
_TOUCHED = """
WITH touched AS (
    SELECT run_id, attempt FROM unnest(CAST(:runs AS uuid[]), CAST(:attempts AS integer[])) AS t (run_id, attempt))
"""
_ISSUED = text(f"""{_TOUCHED}
SELECT request_id, at, path, run_id, attempt, accessor, lease_id, service_user, ended_at
FROM vault_event JOIN touched USING (run_id, attempt) WHERE kind = 'issued'
UNION ALL
SELECT request_id, at, path, run_id, attempt, accessor, lease_id, service_user, ended_at FROM vault_event
WHERE CAST(:run_id AS uuid) IS NULL AND kind = 'issued' AND at >= :since AND at < :until
    AND (run_id IS NULL OR attempt IS NULL)
UNION ALL
SELECT request_id, at, path, run_id, attempt, accessor, lease_id, service_user, ended_at FROM vault_event
WHERE run_id = CAST(:run_id AS uuid) AND kind = 'issued' AND attempt IS NULL
""")  # noqa: S608  # a text of this file
_RECORDED = text(f"""{_TOUCHED}
SELECT c.credential_id, c.request_id, c.run_id, c.attempt, c.tool AS system, c.fingerprint, c.issued_at, c.expires_at, c.accessor,
    c.lease_id, c.service_user, c.revoked_at, c.issued_at > now() - interval '2 s' AS is_fresh, count(call_id) AS calls,
    count(call_id) FILTER (WHERE call.status IN (200, 204) AND step.outcome = 'answered') AS answered
FROM credential AS c JOIN touched USING (run_id, attempt) LEFT JOIN call USING (credential_id)
    LEFT JOIN step ON step.run_id = c.run_id AND step.attempt = c.attempt AND step.tool = c.tool
GROUP BY c.credential_id
""")  # noqa: S608
_USED = text(f"""{_TOUCHED.rstrip()}, theirs AS (
    SELECT fingerprint, service_user FROM credential JOIN touched USING (run_id, attempt))
SELECT u.* FROM tool_use AS u WHERE u.fingerprint IN (SELECT fingerprint FROM theirs)
UNION
SELECT u.* FROM tool_use AS u WHERE u.service_user IN (SELECT service_user FROM theirs)
UNION
SELECT u.* FROM tool_use AS u WHERE CAST(:run_id AS uuid) IS NULL AND u.at >= :since AND u.at < :until
    AND (CAST(:unknown AS bigint[]) IS NULL OR u.number = ANY (:unknown))
""")  # noqa: S608
_STATES = text(f"""{_TOUCHED}
SELECT a.run_id, a.number, a.state, a.ended_at, r.stop_requested_at IS NOT NULL AS was_stopped,
    (SELECT remote_address FROM vault_event AS v WHERE v.run_id = a.run_id AND v.attempt = a.number
        AND v.kind = 'logged-in' ORDER BY v.number LIMIT 1) AS login_address,
    coalesce((SELECT v.at - a.claimed_at FROM vault_event AS v WHERE v.run_id = a.run_id AND v.attempt = a.number
        AND v.kind = 'logged-in' ORDER BY v.number LIMIT 1), interval '0') AS vault_ahead
FROM attempt AS a JOIN touched AS t ON t.run_id = a.run_id AND t.attempt = a.number JOIN run AS r ON r.run_id = a.run_id
""")  # noqa: S608
_ONE_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


class SideRecords:
    """Reads the sides. `systems`: the name of each tool by the vault's path of its credentials. Raises `OperationalError`."""

    def __init__(self, engine: Engine, systems: Mapping[str, str]) -> None:
        self._engine = engine
        self._one_by_one = one_by_one(engine)
        self._systems = systems

    def coverage(self) -> dict[str, Coverage]:
        """What is known of each log, by its source; nothing of one that was never read."""
        with self._one_by_one.begin() as db:
            return read_coverage(db)

    def between(
        self,
        since: datetime,
        until: datetime,
        run_id: UUID | None = None,
        *,
        complete_to: datetime | None = None,
    ) -> tuple[Sides, dict[str, Coverage]]:
        """The sides between two times (UTC), or those of one run, and what is known of each log, from one snapshot.

        Attempts are whole: also what they did before and after. All sides are complete to `complete_to`, or else to `until`.
        """
        with self._engine.begin() as db:
            # A log that is read meanwhile must not count as covered without its lines.
            db.execute(_ONE_SNAPSHOT)
            stretch: dict[str, Any] = {"since": since, "until": until, "run_id": run_id, "unknown": None}
            touched = db.execute(_ATTEMPTS, stretch).all()
            stretch |= {"runs": [row.run_id for row in touched], "attempts": [row.attempt for row in touched]}
            coverage = read_coverage(db)
            return self._sides(db, stretch, coverage, complete_to=complete_to or until), coverage

    def doubtful(
        self, since: datetime, until: datetime, run_id: UUID | None = None
    ) -> tuple[Agreement, Sides, dict[str, Coverage]]:
        """What the sides agree on, the rest of them, and what is known of each log. As above."""
        with self._engine.begin() as db:
            db.execute(_ONE_SNAPSHOT)
            found, coverage = agreement(db, self._systems, since, until, run_id), read_coverage(db)
            if found.is_whole:
                return found, Sides(until=until), coverage
            stretch: dict[str, Any] = {"since": since, "until": until, "run_id": run_id}
            stretch |= {"runs": found.runs, "attempts": found.attempts, "unknown": found.unknown}
            return found, self._sides(db, stretch, coverage, complete_to=until, first=found.first), coverage

    def _sides(
        self,
        db: Connection,
        stretch: Mapping[str, Any],
        coverage: Mapping[str, Coverage],
        *,
        complete_to: datetime,
        first: datetime | None = None,
    ) -> Sides:
        def rows(query: Any) -> list[dict[str, Any]]:
            return [dict(row) for row in db.execute(query, stretch).mappings()]

        since, until = stretch["since"], stretch["until"]
        sides = Sides(
            issued=[Issued(**row, system=self._systems.get(row["path"])) for row in rows(_ISSUED)],
            recorded=[Recorded(**row) for row in rows(_RECORDED)],
            used=[Used(**{name: row[name] for name in Used.__dataclass_fields__}) for row in rows(_USED)],
            attempts=[KnownAttempt(**row) for row in rows(_STATES)],
            vault_ahead=vault_ahead(db),
            until=complete_to,
        )
        if needs_history(sides):
            sides = replace(sides, places=places(db, since, until), first_uses=first_uses(db, since, until))
        begun = [*(each.issued_at for each in sides.recorded), *([first] if first else [])]
        begin = min(begun, default=since)
        covered = (name for name, known in coverage.items() if known.covers(begin, complete_to))
        return replace(sides, covered=frozenset(covered))
