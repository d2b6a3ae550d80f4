"""Granted against used: what tokens with a policy could request over a period, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, TextClause, text

_USES = """
WITH held AS MATERIALIZED (SELECT run_id, number, policy FROM attempt WHERE policy IS NOT NULL AND {which}),
got AS MATERIALIZED (
    SELECT h.policy, c.vault_path AS path, count(*) AS issued, count(*) FILTER (WHERE EXISTS (
        SELECT FROM tool_use WHERE fingerprint = c.fingerprint AND coalesce(status, 200) NOT IN (401, 403)
        UNION ALL SELECT FROM tool_use WHERE service_user = c.service_user AND coalesce(status, 200) NOT IN (401, 403)
        )) AS used
    FROM held AS h CROSS JOIN LATERAL (
        SELECT vault_path, fingerprint, service_user FROM credential
        WHERE run_id = h.run_id AND attempt = h.number OFFSET 0) AS c
    GROUP BY h.policy, c.vault_path, h.run_id, h.number)
SELECT l.policy, g.path, g.system, l.logins, count(got.path) AS requesting,
    coalesce(sum(got.issued), 0)::bigint AS issued, coalesce(sum(got.used), 0)::bigint AS used
FROM (SELECT policy, count(*) AS logins FROM held GROUP BY policy) AS l
CROSS JOIN unnest(CAST(:paths AS text[]), CAST(:names AS text[])) AS g (path, system)
LEFT JOIN got ON got.policy = l.policy AND got.path = g.path
GROUP BY l.policy, g.path, g.system, l.logins ORDER BY l.policy, g.system
"""
_OF_TIME = text(_USES.format(which="token_issued_at >= :since AND token_issued_at < :until"))
_OF_RUN = text(_USES.format(which="run_id = :run_id"))


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


def policy_uses(
    engine: Engine, systems: Mapping[str, str], since: datetime, until: datetime
) -> list[PolicyUse]:
    """Granted against used for the tokens issued between two times (UTC). `systems` as in `SideRecords`.

    Raises `OperationalError`.
    """
    return _uses(engine, systems, _OF_TIME, since=since, until=until)


def policy_uses_of_run(engine: Engine, systems: Mapping[str, str], run_id: UUID) -> list[PolicyUse]:
    """The same for the tokens of one run."""
    return _uses(engine, systems, _OF_RUN, run_id=run_id)


def _uses(engine: Engine, systems: Mapping[str, str], query: TextClause, **which: Any) -> list[PolicyUse]:
    values = {**which, "paths": list(systems), "names": list(systems.values())}
    with engine.begin() as db:
        return [PolicyUse(**row) for row in db.execute(query, values).mappings()]
