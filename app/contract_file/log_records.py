"""What the database knows of the vault's log at a time: the chains that grew, and whether all of it was read."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Engine, text

from app.reconciliation.log_anchors import Anchor, AnchorStore, ChainStretch
from app.reconciliation.settings import VAULT_LOG, log_name
from app.reconciliation.side_records import SideRecords

#: Of each chain that grew after a time, its last anchor before that, or else its first, and its last. The anchors of all
#: chains are numbered in order of time, so that halving finds the last one before it.
_CHAINS = text("""
    WITH RECURSIVE halving AS (
        SELECT min(number) AS low, max(number) AS high FROM log_anchor
        UNION ALL
        SELECT CASE WHEN is_later THEN low ELSE middle END, CASE WHEN is_later THEN middle ELSE high END
        FROM (SELECT low, high, (low + high) / 2 AS middle, (SELECT a.at > :since FROM log_anchor AS a
            WHERE a.number >= (low + high) / 2 ORDER BY a.number LIMIT 1) AS is_later
            FROM halving WHERE high - low > 1) AS half),
    before AS (SELECT low AS number FROM halving ORDER BY high - low LIMIT 1),
    begun AS (
        SELECT chain, min(number) AS first FROM log_anchor WHERE source = :source AND lines = 0 GROUP BY chain),
    found AS (
        SELECT chain, first,
            (SELECT a.number FROM log_anchor AS a WHERE a.chain = begun.chain AND a.number <= before.number
                ORDER BY a.number DESC LIMIT 1) AS before,
            (SELECT max(a.number) FROM log_anchor AS a WHERE a.chain = begun.chain) AS last
        FROM begun, before)
    SELECT coalesce(before, first) AS start_number, last AS end_number, l.reason, coalesce(l.is_alarm, false) AS is_alarm
    FROM found LEFT JOIN log_loss AS l USING (chain) WHERE last > coalesce(before, first) ORDER BY first
""")
_ANCHORS = text("SELECT * FROM log_anchor WHERE number = ANY(:numbers)")


class LogRecords:
    """Reads them with the application's login. All methods raise `OperationalError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._store = AnchorStore(engine)
        self._sides = SideRecords(engine, {})

    def chains(self, since: datetime) -> list[ChainStretch]:
        """The chains that grew after a time (UTC), each from an anchor before it to its last one; the oldest first."""
        with self._engine.begin() as db:
            rows = db.execute(_CHAINS, {"source": VAULT_LOG, "since": since}).all()
            numbers = [number for row in rows for number in (row.start_number, row.end_number)]
            found = db.execute(_ANCHORS, {"numbers": numbers}).mappings()
            anchors = {row["number"]: Anchor(**row) for row in found}
        return [
            ChainStretch(
                start=anchors[row.start_number],
                end=anchors[row.end_number],
                loss=row.reason,
                needs_alarm=row.is_alarm,
            )
            for row in rows
        ]

    def anchors(self, chain: ChainStretch) -> Iterator[Anchor]:
        """The anchors of a chain after that at its start."""
        return self._store.between(chain.start, chain.end)

    def gap(self, since: datetime, until: datetime) -> str | None:
        """Why not all that the vault logged between two times (UTC) was read, or what that rests on; None if it is proven."""
        known = self._sides.coverage().get(VAULT_LOG)
        return f"{log_name(VAULT_LOG)} is not read" if known is None else known.gap(since, until)
