"""Finds in the database which attempts agree on all sides, so that only the others are compared one by one.

It never says more than `app.reconciliation.matching`: an attempt agrees if that leaves nothing over of it even with all
clocks right and each tool on the vault's network. Whatever else is known of clocks and places only explains more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

#: OFFSET 0 keeps these from being planned as joins of whole tables.
_AGREEMENT = """
WITH issued AS MATERIALIZED (SELECT run_id, attempt FROM vault_event WHERE kind = 'issued' AND {issued}),
recorded AS MATERIALIZED (
    SELECT run_id, attempt, fingerprint, service_user FROM credential WHERE {recorded}),
granted AS (SELECT * FROM unnest(CAST(:paths AS text[]), CAST(:systems AS text[])) AS g (path, system)),
held AS MATERIALIZED (SELECT run_id, number AS attempt, policy FROM attempt WHERE policy IS NOT NULL AND {held}),
stray AS MATERIALIZED (
    SELECT u.number, u.subject, u.service_user, own.run_id, own.attempt FROM (
        SELECT * FROM tool_use AS u WHERE {used}
            AND NOT EXISTS (SELECT FROM recorded AS c WHERE c.fingerprint = u.fingerprint)
            AND NOT EXISTS (SELECT FROM recorded AS c WHERE c.service_user = u.service_user)
        UNION ALL SELECT * FROM tool_use WHERE {used} AND fingerprint IS NOT NULL AND service_user IS NOT NULL) AS u
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
    SELECT c.run_id, c.attempt, c.vault_path AS path, c.issued_at, a.issued, u.uses > 0 AS is_used, u.accepted > 0 AS is_accepted,
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
    LEFT JOIN granted AS g ON g.path = v.path
    CROSS JOIN LATERAL (
        SELECT count(*) AS calls, count(*) FILTER (WHERE status IN (200, 204)) AS answered
        FROM call WHERE credential_id = c.credential_id) AS k
    CROSS JOIN LATERAL (
        SELECT count(*) AS uses, count(*) FILTER (WHERE coalesce(status, 200) IN (200, 204)) AS answered,
            count(*) FILTER (WHERE coalesce(status, 200) NOT IN (401, 403)) AS accepted, min(at) AS first, max(at) AS last, min(remote_address) AS nearest, max(remote_address) AS farthest,
            bool_and(system = c.tool AND service_user IS NOT DISTINCT FROM c.service_user
                AND coalesce(subject = c.accessor, true)) AS is_own
        FROM (SELECT * FROM tool_use WHERE fingerprint = c.fingerprint
            UNION ALL SELECT * FROM tool_use
            WHERE service_user = c.service_user AND fingerprint IS DISTINCT FROM c.fingerprint) AS own) AS u),
agreeing AS MATERIALIZED (
    SELECT run_id, attempt, count(*) FILTER (WHERE is_used AND {recorded}) AS used
    FROM each GROUP BY run_id, attempt HAVING bool_and(coalesce(agrees, false)) AND count(*) = min(issued)),
doubted AS MATERIALIZED (
    (SELECT run_id FROM touched EXCEPT ALL SELECT run_id FROM agreeing)
    -- A use that no record names may be of what the vault issued to one of them.
    UNION ALL SELECT v.run_id FROM stray AS u CROSS JOIN LATERAL (
        SELECT run_id FROM vault_event WHERE accessor = u.subject
        UNION ALL SELECT run_id FROM vault_event WHERE service_user = u.service_user) AS v
    WHERE u.run_id IS NULL AND v.run_id IS NOT NULL),
got AS (
    SELECT h.policy, e.path, e.run_id, e.attempt, e.is_accepted FROM held AS h JOIN each AS e USING (run_id, attempt)
    UNION ALL SELECT h.policy, c.vault_path, h.run_id, h.attempt, EXISTS (
        SELECT FROM tool_use WHERE fingerprint = c.fingerprint AND coalesce(status, 200) NOT IN (401, 403)
        UNION ALL SELECT FROM tool_use WHERE service_user = c.service_user AND coalesce(status, 200) NOT IN (401, 403))
    FROM held AS h CROSS JOIN LATERAL (
        SELECT vault_path, fingerprint, service_user FROM credential
        WHERE run_id = h.run_id AND attempt = h.attempt OFFSET 0) AS c
    WHERE (h.run_id, h.attempt) NOT IN (SELECT run_id, attempt FROM each)),
policies AS (
    SELECT h.policy, g.path, g.system, h.logins, count(DISTINCT (got.run_id, got.attempt)) FILTER (
        WHERE got.run_id IS NOT NULL) AS requesting, count(got.run_id) AS issued, count(*) FILTER (WHERE is_accepted) AS used
    FROM (SELECT policy, count(*) AS logins FROM held GROUP BY policy) AS h CROSS JOIN granted AS g
    LEFT JOIN got ON got.policy = h.policy AND got.path = g.path GROUP BY h.policy, g.path, g.system, h.logins)
SELECT (SELECT count(*) FROM issued) AS issued, (SELECT count(*) FROM recorded) AS recorded,
    (SELECT coalesce(sum(used), 0)::integer FROM agreeing WHERE run_id NOT IN (SELECT run_id FROM doubted)) AS used,
    (SELECT min(issued_at) FROM each) AS first, (SELECT count(*) FROM issued WHERE run_id IS NULL OR attempt IS NULL) AS apart,
    ARRAY(SELECT number FROM stray WHERE run_id IS NULL) AS unknown,
    ARRAY(SELECT run_id FROM touched WHERE run_id IN (SELECT run_id FROM doubted) ORDER BY run_id, attempt) AS runs,
    ARRAY(SELECT attempt FROM touched WHERE run_id IN (SELECT run_id FROM doubted) ORDER BY run_id, attempt) AS attempts,
    (SELECT coalesce(json_agg(policies ORDER BY policy, system), '[]') FROM policies) AS policies
"""
#: Compiling the statement takes longer than running it.
_PLAIN = text("SET LOCAL jit = off")
_OF_TIME = text(
    _AGREEMENT.format(
        issued="at >= :since AND at < :until",
        recorded="issued_at >= :since AND issued_at < :until",
        used="at >= :since AND at < :until",
        held="token_issued_at >= :since AND token_issued_at < :until",
    )
)
_OF_RUN = text(
    _AGREEMENT.format(
        issued="run_id = :run_id", recorded="run_id = :run_id", used="false", held="run_id = :run_id"
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyUse:
    """One path of a policy: how many tokens could request a credential there, and how many did.

    `logins` counts the tokens, `requesting` those that were given a credential, `issued` the recorded credentials, and
    `used` those that a tool accepted, as far as its log has been read.
    """

    policy: str
    path: str
    system: str
    logins: int
    requesting: int
    issued: int
    used: int

    @property
    def never_requested(self) -> int:
        """The tokens that could have requested a credential and were given none."""
        return self.logins - self.requesting

    @property
    def never_used(self) -> int:
        """The recorded credentials that no tool is known to have accepted."""
        return self.issued - self.used


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What the sides of a time or a run agree on, and what is still to be compared.

    `issued` and `recorded` count credentials, `used` only those of attempts that agree. `runs` and `attempts` are, in
    pairs, those that may not agree, with the other attempts of their runs. `unknown` are the numbers of uses that no
    record names, and `apart` counts what the vault issued to no attempt. `first` is when the first credential was issued.
    `policies` sets what tokens could request beside what came of it.
    """

    issued: int
    recorded: int
    used: int
    first: datetime | None
    apart: int
    unknown: Sequence[int]
    runs: Sequence[UUID]
    attempts: Sequence[int]
    policies: Sequence[PolicyUse]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be compared."""
        return not (self.apart or self.unknown or self.runs)


def agreement(
    db: Connection, systems: Mapping[str, str], since: datetime, until: datetime, run_id: UUID | None
) -> Agreement:
    """What the sides agree on between two times (UTC), or of one run. `systems` as in `SideRecords`."""
    values: dict[str, Any] = {"paths": list(systems), "systems": list(systems.values())}
    if run_id is None:
        db.execute(_PLAIN)
        rows = db.execute(_OF_TIME, {**values, "since": since, "until": until})
    else:
        rows = db.execute(_OF_RUN, {**values, "run_id": run_id})
    found = rows.mappings().one()
    return Agreement(**{**found, "policies": [PolicyUse(**each) for each in found["policies"]]})
