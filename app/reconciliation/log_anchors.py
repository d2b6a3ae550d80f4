"""Anchors in the database: how far each file of the vault's log was read, and the digest of its chain there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from app.connections.database import one_by_one
from app.credentials.vault_events import PositionMovedError
from app.reconciliation.log_chain import LogChain

_NOW = text("SELECT clock_timestamp()")
_LAST = text("""
    SELECT last.* FROM (SELECT chain, min(number) AS number FROM log_anchor WHERE source = :source AND lines = 0 GROUP BY chain)
        AS begun CROSS JOIN LATERAL (SELECT lines FROM log_anchor AS a WHERE a.chain = begun.chain ORDER BY a.number DESC LIMIT 1)
        AS ended CROSS JOIN LATERAL (SELECT * FROM log_anchor AS a WHERE a.chain = begun.chain AND a.number >= coalesce((
            SELECT number FROM log_anchor AS b WHERE b.chain = begun.chain AND b.lines < ended.lines
            ORDER BY b.number DESC LIMIT 1), 0)) AS last
    WHERE NOT EXISTS (SELECT FROM log_loss AS l WHERE l.chain = begun.chain) ORDER BY begun.number, last.number
""")
_BETWEEN = text(
    "SELECT * FROM log_anchor WHERE chain = :chain AND number > :after AND number <= :to ORDER BY number LIMIT :most"
)
_BEFORE_PLACE = text(
    "SELECT * FROM log_anchor WHERE chain = :chain AND place <= :place ORDER BY number DESC LIMIT 1"
)
#: Of each chain, the last anchor before one time and the first after another, or else its first and last; and its loss.
_ENDS = text("""
    WITH begun AS (
        SELECT chain, min(number) AS first FROM log_anchor WHERE source = :source AND lines = 0 GROUP BY chain)
    SELECT begun.chain, l.reason, coalesce(l.is_alarm, false) AS is_alarm,
        coalesce((SELECT a.number FROM log_anchor AS a WHERE a.chain = begun.chain AND a.at <= :since
            ORDER BY a.number DESC LIMIT 1), begun.first) AS start_number,
        coalesce((SELECT a.number FROM log_anchor AS a WHERE a.chain = begun.chain AND a.at >= :until
            ORDER BY a.number LIMIT 1), (SELECT max(number) FROM log_anchor AS a WHERE a.chain = begun.chain)) AS end_number
    FROM begun LEFT JOIN log_loss AS l USING (chain) ORDER BY begun.first
""")
_ONE = text("SELECT * FROM log_anchor WHERE number = :number")
_ANCHOR = text("SELECT * FROM anchor_log(:chain, :source, :file, :inode, :place, :lines, :digest, :marks)")
_LOSE = text("SELECT lose_chain(:chain, :reason, :needs_alarm)")
_PROVEN = text("SELECT note_proven(:source, :at)")
#: What `anchor_log` raises when the chain is not as its caller has it.
_MOVED = "40001"
#: Anchors held at once.
_PAGE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """A recorded place of a chain: `place` bytes and `lines` of it were read, with this digest.

    `marks` are of the lines since the anchor before; see `app.reconciliation.log_chain`.
    """

    number: int
    chain: UUID
    source: str
    file: str
    inode: int
    place: int
    lines: int
    digest: bytes
    marks: bytes
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainStretch:
    """What of a chain was read in some time: the anchors around it, and why the chain was lost, if it was.

    `needs_alarm`: it was lost before its lines had been kept long enough.
    """

    start: Anchor
    end: Anchor
    loss: str | None
    needs_alarm: bool


class AnchorStore:
    """The anchors of all logs. All methods raise `OperationalError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = one_by_one(engine)

    def now(self) -> datetime:
        """The time of the database, in UTC."""
        with self._engine.begin() as db:
            now: datetime = db.execute(_NOW).scalar_one()
            return now

    def last(self, source: str) -> list[list[Anchor]]:
        """The anchors of the last lines of each chain of a log that is not lost, in the order in which they began."""
        with self._engine.begin() as db:
            rows = [Anchor(**row) for row in db.execute(_LAST, {"source": source}).mappings()]
        return [list(its) for _, its in groupby(rows, key=lambda anchor: anchor.chain)]

    def between(self, start: Anchor, end: Anchor) -> Iterator[Anchor]:
        """The anchors of a chain after one of them, up to another."""
        after = start.number
        while after < end.number:
            with self._engine.begin() as db:
                values = {"chain": end.chain, "after": after, "to": end.number, "most": _PAGE}
                page = [Anchor(**row) for row in db.execute(_BETWEEN, values).mappings()]
            yield from page
            after = page[-1].number if page else end.number

    def stretches(self, source: str, since: datetime, until: datetime) -> list[ChainStretch]:
        """What of each chain of a log was read between two times (UTC), also of lost ones; in order of their beginnings."""
        with self._engine.begin() as db:

            def anchor(number: int) -> Anchor:
                return Anchor(**db.execute(_ONE, {"number": number}).mappings().one())

            rows = db.execute(_ENDS, {"source": source, "since": since, "until": until}).all()
            return [
                ChainStretch(
                    start=anchor(row.start_number),
                    end=anchor(row.end_number),
                    loss=row.reason,
                    needs_alarm=row.is_alarm,
                )
                for row in rows
                if row.start_number < row.end_number
            ]

    def before(self, chain: UUID, place: int) -> Anchor | None:
        """The last anchor of a chain at or before a place, in bytes."""
        with self._engine.begin() as db:
            row = db.execute(_BEFORE_PLACE, {"chain": chain, "place": place}).mappings().first()
            return None if row is None else Anchor(**row)

    def record(self, name: UUID | None, chain: LogChain, *, source: str, file: str, inode: int) -> Anchor:
        """Record how far a chain has come; without a name it is a new one.

        Raises `PositionMovedError` if another reader did so.
        """
        values = {
            "chain": name,
            "source": source,
            "file": file,
            "inode": inode,
            "place": chain.place,
            "lines": chain.lines,
            "digest": chain.digest,
            "marks": bytes(chain.marks),
        }
        try:
            with self._engine.begin() as db:
                anchor = Anchor(**db.execute(_ANCHOR, values).mappings().one())
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == _MOVED:
                raise PositionMovedError from None
            raise
        chain.marks.clear()
        return anchor

    def lose(self, chain: UUID, reason: str, *, needs_alarm: bool) -> None:
        """Record that lines of a chain are no longer there as they were read. The chain does not grow any more."""
        with self._engine.begin() as db:
            db.execute(_LOSE, {"chain": chain, "reason": reason, "needs_alarm": needs_alarm})

    def note_proven(self, source: str, at: datetime) -> None:
        """All that was read of this log was read again at this time, and is the same."""
        with self._engine.begin() as db:
            db.execute(_PROVEN, {"source": source, "at": at})
