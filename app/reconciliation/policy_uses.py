"""Granted against used: what tokens with a policy could request over a period, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, text

_USES = text("""
WITH held AS (
    SELECT run_id, number, policy FROM attempt
    WHERE policy IS NOT NULL AND (cast(:run_id AS uuid) IS NULL OR run_id = :run_id)
        AND (cast(:since AS timestamptz) IS NULL OR token_issued_at >= :since)
        AND (cast(:until AS timestamptz) IS NULL OR token_issued_at < :until)),
granted AS (SELECT * FROM unnest(cast(:paths AS text[]), cast(:names AS text[])) AS g (path, system))
SELECT h.policy, g.path, g.system, count(DISTINCT (h.run_id, h.number)) AS logins,
    count(DISTINCT (c.run_id, c.attempt)) FILTER (WHERE c.credential_id IS NOT NULL) AS requesting,
    count(c.credential_id) AS issued,
    count(c.credential_id) FILTER (WHERE EXISTS (
        SELECT FROM tool_use AS u WHERE u.fingerprint = c.fingerprint AND coalesce(u.status, 200) NOT IN (401, 403)
    ) OR EXISTS (SELECT FROM tool_use AS u WHERE u.service_user = c.service_user AND coalesce(u.status, 200) NOT IN (401, 403)
    )) AS used
FROM held AS h CROSS JOIN granted AS g
LEFT JOIN credential AS c ON c.run_id = h.run_id AND c.attempt = h.number AND c.vault_path = g.path
GROUP BY h.policy, g.path, g.system ORDER BY h.policy, g.system
""")


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
    return _uses(engine, systems, since=since, until=until)


def policy_uses_of_run(engine: Engine, systems: Mapping[str, str], run_id: UUID) -> list[PolicyUse]:
    """The same for the tokens of one run."""
    return _uses(engine, systems, run_id=run_id)


def _uses(
    engine: Engine,
    systems: Mapping[str, str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    run_id: UUID | None = None,
) -> list[PolicyUse]:
    parameters = {
        "since": since,
        "until": until,
        "run_id": run_id,
        "paths": list(systems),
        "names": list(systems.values()),
    }
    with engine.begin() as db:
        return [PolicyUse(**row) for row in db.execute(_USES, parameters).mappings()]
