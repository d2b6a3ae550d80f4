"""Anchors of the chains over the vault's log: what was read there cannot be changed without being noticed"""

from alembic import op

revision = "1.0011"
down_revision = "1.0010"

TABLES = (
    # One chain for the content of each file. `file` and `inode` say where it was then; `place` and `lines` how far it went.
    # `marks`: 8 bytes of the digest of each line since the anchor before, which name the first line that was changed.
    """
    CREATE TABLE log_anchor (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, chain uuid NOT NULL, source varchar NOT NULL,
        file varchar NOT NULL, inode bigint NOT NULL, place bigint NOT NULL, lines bigint NOT NULL,
        digest bytea NOT NULL CHECK (octet_length(digest) = 32), marks bytea NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp())
    """,
    "CREATE INDEX ix_log_anchor_chain ON log_anchor (chain, number)",
    "CREATE INDEX ix_log_anchor_begun ON log_anchor (source, chain) WHERE lines = 0",
    # A chain whose lines were found changed, or are no longer there.
    """
    CREATE TABLE log_loss (
        chain uuid PRIMARY KEY, reason varchar NOT NULL, is_alarm boolean NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp())
    """,
    "CREATE INDEX ix_vault_event_issued ON vault_event (at) WHERE kind = 'issued'",
    "ALTER TABLE log_source ADD COLUMN proven_at timestamptz",
)

FUNCTIONS = (
    # Extends a chain by the lines since its last anchor; another reader must not have done so. Without a chain it begins one.
    """
    CREATE FUNCTION anchor_log(
        its_chain uuid, its_source text, its_file text, its_inode bigint, its_place bigint, its_lines bigint,
        its_digest bytea, its_marks bytea) RETURNS log_anchor
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        last log_anchor;
        chosen uuid := coalesce(its_chain, gen_random_uuid());
    BEGIN
        LOCK TABLE log_anchor IN SHARE ROW EXCLUSIVE MODE;
        IF its_chain IS NOT NULL THEN
            SELECT * INTO last FROM log_anchor WHERE chain = its_chain ORDER BY number DESC LIMIT 1;
        ELSIF EXISTS (
            SELECT FROM log_anchor AS a WHERE source = its_source AND file = its_file AND inode = its_inode AND lines = 0
                AND NOT EXISTS (SELECT FROM log_loss AS l WHERE l.chain = a.chain)
                AND NOT EXISTS (SELECT FROM log_anchor AS moved WHERE moved.chain = a.chain AND moved.inode <> its_inode)) THEN
            RAISE 'another reader has begun this chain' USING ERRCODE = '40001';
        END IF;
        IF coalesce(last.lines, 0) + octet_length(its_marks) / 8 <> its_lines OR coalesce(last.place, 0) > its_place
            OR (last.number IS NULL AND its_lines <> 0) OR octet_length(its_marks) % 8 <> 0 THEN
            RAISE 'another reader has extended this chain' USING ERRCODE = '40001';
        END IF;
        INSERT INTO log_anchor (chain, source, file, inode, place, lines, digest, marks)
        VALUES (chosen, left(its_source, 200), left(its_file, 4000), its_inode, its_place, its_lines, its_digest, its_marks)
        RETURNING * INTO last;
        RETURN last;
    END $$
    """,
    # With an alarm unless the lines were kept long enough, in the same transaction.
    """
    CREATE FUNCTION lose_chain(its_chain uuid, its_reason text, needs_alarm boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        INSERT INTO log_loss (chain, reason, is_alarm) VALUES (its_chain, left(its_reason, 500), needs_alarm)
        ON CONFLICT DO NOTHING;
        IF FOUND AND needs_alarm THEN PERFORM alarm_once('vault log edited', its_reason, NULL, NULL); END IF;
    END $$
    """,
    # An alarm about something that happened at `its_time`: once it is closed, to find the same again raises none.
    """
    CREATE FUNCTION alarm_past(its_kind text, its_detail text, its_run uuid, its_attempt integer, its_time timestamptz)
    RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM alarm JOIN alarm_event AS e USING (alarm_id)
            WHERE kind = left(its_kind, 100) AND detail = left(its_detail, 500) AND run_id IS NOT DISTINCT FROM its_run
                AND attempt IS NOT DISTINCT FROM its_attempt AND e.state = 'closed' AND e.at >= its_time) THEN
            RETURN false;
        END IF;
        RETURN alarm_once(its_kind, its_detail, its_run, its_attempt);
    END $$
    """,
    # All that was read of this log has been read again, and is the same.
    """
    CREATE FUNCTION note_proven(its_source text, its_time timestamptz) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE log_source SET proven_at = its_time WHERE source = its_source
    $$
    """,
)

TRIGGERS = tuple(
    f"CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')"
    for table in ("log_anchor", "log_loss")
)

_CALLED = "anchor_log, lose_chain, note_proven, alarm_past"
GRANTS = (
    f"REVOKE ALL ON FUNCTION {_CALLED} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {_CALLED} TO triage_reconciler",
    "GRANT SELECT ON log_anchor, log_loss TO triage_reconciler, triage_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *GRANTS):
        op.execute(statement)
