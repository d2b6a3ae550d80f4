"""Finds in the database which attempts agree on all sides, so that only the others are compared one by one.

It never says more than `app.reconciliation.matching`: an attempt agrees if that leaves nothing over of it even with all
clocks right and each tool on the vault's network. Whatever else is known of clocks and places only explains more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

#: OFFSET 0 keeps these from being planned as joins of whole tables.
_AGREEMENT = text("""
WITH issued AS MATERIALIZED (
    SELECT run_id, attempt FROM vault_event WHERE kind = 'issued' AND at >= :since AND at < :until),
recorded AS MATERIALIZED (
    SELECT run_id, attempt, fingerprint, service_user FROM credential WHERE issued_at >= :since AND issued_at < :until),
stray AS MATERIALIZED (
    SELECT u.number, u.subject, u.service_user, own.run_id, own.attempt FROM (
        SELECT * FROM tool_use AS u WHERE at >= :since AND at < :until
            AND NOT EXISTS (SELECT FROM recorded AS c WHERE c.fingerprint = u.fingerprint)
            AND NOT EXISTS (SELECT FROM recorded AS c WHERE c.service_user = u.service_user)
        UNION ALL SELECT * FROM tool_use
        WHERE at >= :since AND at < :until AND fingerprint IS NOT NULL AND service_user IS NOT NULL) AS u
    LEFT JOIN LATERAL (
        SELECT run_id, attempt FROM credential AS c WHERE c.fingerprint = u.fingerprint
        UNION ALL SELECT run_id, attempt FROM credential AS c WHERE c.service_user = u.service_user) AS own ON true),
touched AS MATERIALIZED (
    SELECT run_id, attempt FROM issued WHERE run_id IS NOT NULL AND attempt IS NOT NULL
    UNION SELECT run_id, attempt FROM recorded UNION SELECT run_id, attempt FROM stray WHERE run_id IS NOT NULL),
logged AS MATERIALIZED (
    SELECT v.* FROM touched AS t CROSS JOIN LATERAL (
        SELECT kind, request_id, run_id, attempt, at, path, accessor, lease_id, service_user, ended_at, remote_address
        FROM vault_event WHERE run_id = t.run_id AND attempt = t.attempt AND kind IN ('issued', 'logged-in') OFFSET 0) AS v),
attempts AS MATERIALIZED (
    SELECT t.run_id, t.attempt, a.ended_at, v.issued, v.home FROM touched AS t
    CROSS JOIN LATERAL (SELECT ended_at FROM attempt WHERE run_id = t.run_id AND number = t.attempt OFFSET 0) AS a
    JOIN (SELECT run_id, attempt, count(*) FILTER (WHERE kind = 'issued') AS issued,
            CASE WHEN count(DISTINCT coalesce(remote_address, '?')) FILTER (WHERE kind = 'logged-in') = 1
                THEN min(remote_address) FILTER (WHERE kind = 'logged-in') END AS home
        FROM logged GROUP BY run_id, attempt) AS v ON v.run_id = t.run_id AND v.attempt = t.attempt),
each AS MATERIALIZED (
    SELECT c.run_id, c.attempt, c.issued_at, a.issued, u.uses > 0 AS is_used,
        c.tool = g.system AND (c.accessor, c.lease_id, c.service_user, c.run_id, c.attempt)
            IS NOT DISTINCT FROM (v.accessor, v.lease_id, v.service_user, v.run_id, v.attempt)
        AND v.at - c.issued_at BETWEEN interval '-6 s' AND interval '6 s'
        AND CASE WHEN c.accessor IS NULL AND c.lease_id IS NULL THEN true
            ELSE c.revoked_at - v.ended_at BETWEEN interval '-60 s' AND interval '5 s' END
        AND CASE WHEN c.service_user IS NULL THEN u.uses <= k.calls AND u.answered >= k.answered
            ELSE u.uses <= 1 AND u.answered >= least(1, k.answered)
                AND NOT EXISTS (SELECT FROM credential AS o
                    WHERE o.service_user = c.service_user AND o.credential_id <> c.credential_id) END
        AND CASE WHEN u.uses = 0 THEN true ELSE u.is_own AND coalesce(u.nearest = a.home AND u.farthest = a.home,
                u.nearest IS NULL) AND u.first >= c.issued_at - interval '6 s'
            AND u.last <= least(a.ended_at, v.ended_at, c.expires_at) + interval '6 s' END AS agrees
    FROM attempts AS a CROSS JOIN LATERAL (
        SELECT * FROM credential WHERE run_id = a.run_id AND attempt = a.attempt OFFSET 0) AS c
    LEFT JOIN logged AS v ON v.request_id = c.request_id AND v.kind = 'issued'
    LEFT JOIN unnest(CAST(:paths AS text[]), CAST(:systems AS text[])) AS g (path, system) ON g.path = v.path
    CROSS JOIN LATERAL (
        SELECT count(*) AS calls, count(*) FILTER (WHERE status IN (200, 204)) AS answered
        FROM call WHERE credential_id = c.credential_id) AS k
    CROSS JOIN LATERAL (
        SELECT count(*) AS uses, count(*) FILTER (WHERE coalesce(status, 200) IN (200, 204)) AS answered,
            min(at) AS first, max(at) AS last, min(remote_address) AS nearest, max(remote_address) AS farthest,
            bool_and(system = c.tool AND service_user IS NOT DISTINCT FROM c.service_user
                AND coalesce(subject = c.accessor, true)) AS is_own
        FROM (SELECT * FROM tool_use WHERE fingerprint = c.fingerprint
            UNION ALL SELECT * FROM tool_use
            WHERE service_user = c.service_user AND fingerprint IS DISTINCT FROM c.fingerprint) AS own) AS u),
agreeing AS MATERIALIZED (
    SELECT run_id, attempt, count(*) FILTER (WHERE is_used AND issued_at >= :since AND issued_at < :until) AS used
    FROM each GROUP BY run_id, attempt HAVING bool_and(coalesce(agrees, false)) AND count(*) = min(issued)),
doubted AS MATERIALIZED (
    (SELECT run_id FROM touched EXCEPT ALL SELECT run_id FROM agreeing)
    -- A use that no record names may be of what the vault issued to one of them.
    UNION ALL SELECT v.run_id FROM stray AS u CROSS JOIN LATERAL (
        SELECT run_id FROM vault_event WHERE accessor = u.subject
        UNION ALL SELECT run_id FROM vault_event WHERE service_user = u.service_user) AS v
    WHERE u.run_id IS NULL AND v.run_id IS NOT NULL)
SELECT (SELECT count(*) FROM issued) AS issued, (SELECT count(*) FROM recorded) AS recorded,
    (SELECT coalesce(sum(used), 0)::integer FROM agreeing WHERE run_id NOT IN (SELECT run_id FROM doubted)) AS used,
    (SELECT min(issued_at) FROM each) AS first, (SELECT count(*) FROM issued WHERE run_id IS NULL OR attempt IS NULL) AS apart,
    ARRAY(SELECT number FROM stray WHERE run_id IS NULL) AS unknown,
    ARRAY(SELECT run_id FROM touched WHERE run_id IN (SELECT run_id FROM doubted) ORDER BY run_id, attempt) AS runs,
    ARRAY(SELECT attempt FROM touched WHERE run_id IN (SELECT run_id FROM doubted) ORDER BY run_id, attempt) AS attempts
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What the sides of a time agree on, and what is still to be compared.

    `issued` and `recorded` count credentials, `used` only those of attempts that agree. `runs` and `attempts` are, in
    pairs, those that may not agree, with the other attempts of their runs. `unknown` are the numbers of uses that no
    record names, and `apart` counts what the vault issued to no attempt. `first` is when the first credential was issued.
    """

    issued: int
    recorded: int
    used: int
    first: datetime | None
    apart: int
    unknown: Sequence[int]
    runs: Sequence[UUID]
    attempts: Sequence[int]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be compared."""
        return not (self.apart or self.unknown or self.runs)


def agreement(db: Connection, systems: Mapping[str, str], since: datetime, until: datetime) -> Agreement:
    """What the sides agree on between two times (UTC). `systems` as in `SideRecords`."""
    values = {"since": since, "until": until, "paths": list(systems), "systems": list(systems.values())}
    return Agreement(**db.execute(_AGREEMENT, values).mappings().one())
