"""Uses of credentials, as the tools logged them, and how far each log has been read"""

from alembic import op

revision = "1.0010"
down_revision = "1.0009"

TABLES = (
    # What the log of a system says about one request or login. Without a status it is a login at a database.
    """
    CREATE TABLE tool_use (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request_id varchar NOT NULL UNIQUE,
        system varchar NOT NULL, at timestamptz NOT NULL, operation varchar NOT NULL, status integer,
        fingerprint varchar, subject varchar, service_user varchar, remote_address varchar)
    """,
    "CREATE INDEX ix_tool_use_at ON tool_use (at)",
    "CREATE INDEX ix_tool_use_fingerprint ON tool_use (fingerprint) WHERE fingerprint IS NOT NULL",
    "CREATE INDEX ix_tool_use_user ON tool_use (service_user) WHERE service_user IS NOT NULL",
    # Apart from the positions of the sweeper, whose reading of the vault's log rests on them.
    """
    CREATE TABLE use_position (
        file varchar, inode bigint, PRIMARY KEY (file, inode),
        place bigint NOT NULL, lines bigint NOT NULL, mark varchar NOT NULL)
    """,
    # Everything logged from `covered_from` to `read_until` has been read.
    """
    CREATE TABLE log_source (
        source varchar PRIMARY KEY, covered_from timestamptz, read_until timestamptz,
        lines bigint NOT NULL, unreadable bigint NOT NULL, written_apart boolean NOT NULL,
        problem varchar, seen_at timestamptz NOT NULL)
    """,
)

FUNCTIONS = (
    # Uses, position and counts in one transaction. A line is recorded once, even if it is read again.
    """
    CREATE FUNCTION record_uses(
        its_file text, its_inode bigint, from_place bigint, to_place bigint, all_lines bigint, its_mark text,
        inodes bigint[], its_source text, more_lines bigint, more_unreadable bigint, uses jsonb) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        added bigint;
    BEGIN
        LOCK TABLE use_position IN SHARE ROW EXCLUSIVE MODE;
        IF from_place IS NULL THEN
            INSERT INTO use_position VALUES (its_file, its_inode, to_place, all_lines, its_mark)
            ON CONFLICT DO NOTHING;
        ELSE
            UPDATE use_position SET place = to_place, lines = all_lines, mark = its_mark
            WHERE file = its_file AND inode = its_inode AND place = from_place;
        END IF;
        IF NOT FOUND THEN RAISE 'another reader has recorded this stretch of the log' USING ERRCODE = '40001'; END IF;
        DELETE FROM use_position WHERE file = its_file AND inode <> ALL (inodes);
        INSERT INTO tool_use (request_id, system, at, operation, status, fingerprint, subject, service_user,
            remote_address)
        SELECT request_id, system, at, left(operation, 500), status, left(fingerprint, 100), left(subject, 200),
            left(service_user, 200), left(remote_address, 100)
        FROM ROWS FROM (jsonb_to_recordset(uses) AS (
            request_id varchar, system varchar, at timestamptz, operation varchar, status integer,
            fingerprint varchar, subject varchar, service_user varchar, remote_address varchar)) WITH ORDINALITY
        ORDER BY ordinality
        ON CONFLICT (request_id) DO NOTHING;
        GET DIAGNOSTICS added = ROW_COUNT;
        INSERT INTO log_source AS s (source, lines, unreadable, written_apart, seen_at)
        VALUES (left(its_source, 200), more_lines, more_unreadable, false, now())
        ON CONFLICT (source) DO UPDATE SET
            lines = s.lines + more_lines, unreadable = s.unreadable + more_unreadable;
        RETURN added;
    END $$
    """,
    # `until`: when the log was last read to its end; null if it could not be. `gap`: lines before `its_start` may be lost.
    """
    CREATE FUNCTION note_source(
        its_source text, its_start timestamptz, gap boolean, until timestamptz, more_lines bigint,
        more_unreadable bigint, apart boolean, its_problem text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO log_source AS s VALUES (left(its_source, 200), its_start,
            until, more_lines, more_unreadable, apart, left(its_problem, 500), now())
        ON CONFLICT (source) DO UPDATE SET
            covered_from = CASE WHEN gap OR s.covered_from IS NULL THEN its_start ELSE s.covered_from END,
            read_until = greatest(s.read_until, EXCLUDED.read_until), lines = s.lines + more_lines,
            unreadable = s.unreadable + more_unreadable, written_apart = apart, problem = EXCLUDED.problem,
            seen_at = now()
    $$
    """,
    # Under names of its own, so that it cannot move how far the sweeper has judged.
    """
    CREATE FUNCTION move_judged(its_reader text, to_number bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT move_cursor('reconciler ' || left(its_reader, 50), to_number)
    $$
    """,
)

_CALLED = "record_uses, note_source, move_judged"
_READ = (
    "run, attempt, attempt_end, step, credential, call, denial, vault_event, clock, heartbeat, tool_use, use_position, log_source,"
    " log_position, event_cursor"
)

GRANTS = (
    f"REVOKE ALL ON FUNCTION {_CALLED} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {_CALLED}, alarm_once, beat, tables_version TO triage_reconciler",
    "GRANT USAGE ON SCHEMA public TO triage_reconciler",
    f"GRANT SELECT ON {_READ} TO triage_reconciler",
    "GRANT SELECT ON tool_use, log_source TO triage_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *GRANTS):
        op.execute(statement)
