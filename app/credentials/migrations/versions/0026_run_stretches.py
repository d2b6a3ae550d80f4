"""Where in the vault's log the lines about each run stand, so that pages read no others"""

from alembic import op

revision = "1.0026"
down_revision = "1.0024"

TABLES = (
    # Lines about a run stand between these bytes, and lines about others among them. A row that outlives its file costs
    # a page some bytes read in vain: what it shows, it takes from the files.
    """
    CREATE TABLE run_stretch (
        run_id uuid, inode bigint, begins bigint, PRIMARY KEY (run_id, inode, begins), ends bigint NOT NULL)
    """,
    # What was read before has no such rows.
    "ALTER TABLE log_position ADD COLUMN noted_from bigint",
    "UPDATE log_position SET noted_from = place",
    "ALTER TABLE log_position ALTER COLUMN noted_from SET NOT NULL",
)

FUNCTIONS = (
    "DROP FUNCTION record_log",
    # As before, and: where lines about runs stand. Those of a wrapping token belong to the run that it was minted for,
    # and to any run while nothing says for which; `its_start` is where the first reading of a file began.
    """
    CREATE FUNCTION record_log(
        its_file text, its_inode bigint, its_start bigint, from_place bigint, to_place bigint, all_lines bigint,
        its_mark text, inodes bigint[], events jsonb, stretches jsonb) RETURNS SETOF vault_event
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        LOCK TABLE log_position IN SHARE ROW EXCLUSIVE MODE;
        IF from_place IS NULL THEN
            INSERT INTO log_position (file, inode, place, lines, mark, noted_from)
            VALUES (its_file, its_inode, to_place, all_lines, its_mark, its_start)
            ON CONFLICT DO NOTHING;
        ELSE
            UPDATE log_position SET place = to_place, lines = all_lines, mark = its_mark
            WHERE file = its_file AND inode = its_inode AND place = from_place;
        END IF;
        IF NOT FOUND THEN RAISE 'another reader has recorded this stretch of the log' USING ERRCODE = '40001'; END IF;
        DELETE FROM log_position WHERE file = its_file AND inode <> ALL (inodes);
        RETURN QUERY WITH line AS (
            SELECT * FROM ROWS FROM (jsonb_to_recordset(events) AS (
                request_id varchar, kind varchar, at timestamptz, path varchar, run_id uuid, attempt integer,
                job_id varchar, requested_by varchar, token_accessor varchar, accessor varchar,
                secret_id_accessor varchar, lease_id varchar, service_user varchar, remote_address varchar,
                claimed_run_id varchar, hidden varchar)) WITH ORDINALITY
        ), minted AS (
            SELECT accessor, run_id, attempt, job_id, requested_by FROM line WHERE kind = 'minted'
            UNION
            SELECT accessor, run_id, attempt, job_id, requested_by FROM vault_event
            WHERE kind = 'minted' AND accessor IN (SELECT token_accessor FROM line WHERE kind = 'unwrapped')
        ), added AS (
            INSERT INTO vault_event (request_id, kind, at, path, run_id, attempt, job_id, requested_by, token_accessor,
                accessor, secret_id_accessor, lease_id, service_user, remote_address, claimed_run_id, hidden)
            SELECT e.request_id, e.kind, e.at, e.path, coalesce(e.run_id, m.run_id), coalesce(e.attempt, m.attempt),
                coalesce(e.job_id, m.job_id), coalesce(e.requested_by, m.requested_by), e.token_accessor, e.accessor,
                e.secret_id_accessor, e.lease_id, e.service_user, e.remote_address, e.claimed_run_id, e.hidden
            FROM line AS e LEFT JOIN minted AS m ON e.kind = 'unwrapped' AND m.accessor = e.token_accessor
            WHERE e.kind <> 'unwrapped' OR m.accessor IS NOT NULL
            ORDER BY e.ordinality
            ON CONFLICT (request_id) DO NOTHING
            RETURNING *)
        SELECT * FROM added ORDER BY added.number;
        INSERT INTO run_stretch AS known (run_id, inode, begins, ends)
        SELECT about, its_inode, min(begins), max(ends) FROM (
            -- No join: its plan of a time when the table was empty would read all of it.
            SELECT coalesce(s.run_id,
                (SELECT m.run_id FROM vault_event AS m WHERE m.kind = 'minted' AND m.accessor = s.accessor LIMIT 1),
                '00000000-0000-0000-0000-000000000000') AS about, s.begins, s.ends
            FROM jsonb_to_recordset(stretches) AS s (run_id uuid, accessor varchar, begins bigint, ends bigint)) AS s
        GROUP BY about
        ON CONFLICT (run_id, inode, begins) DO UPDATE SET ends = greatest(known.ends, EXCLUDED.ends);
    END $$
    """,
)

# A connection keeps the plans of its statements. One that began with empty tables would read them whole ever after.
_PLANS = "SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
PLANS = (f"ALTER FUNCTION record_log {_PLANS}",)

GRANTS = (
    "REVOKE ALL ON FUNCTION record_log FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION record_log TO triage_sweeper",
    "GRANT SELECT ON log_position, run_stretch TO triage_app",
)


def upgrade() -> None:
    """Make them."""
    for statement in (*TABLES, *FUNCTIONS, *PLANS, *GRANTS):
        op.execute(statement)
