"""Waiting runs cost nothing: they are reserved while identities are minted, and share one reason"""

from alembic import op

revision = "1.0006"
down_revision = "1.0004"

TABLES = (
    # Set by the dispatcher that is minting an identity for the run. One that dies loses it by this time.
    "ALTER TABLE run ADD COLUMN reserved_until timestamptz",
    # Rows that are written anew all the time: room for their next version in the same page, and a vacuum after as many
    # changes however large the table has become.
    *(
        f"ALTER TABLE {table} SET (fillfactor = {filled}, autovacuum_vacuum_scale_factor = 0,"
        f" autovacuum_vacuum_threshold = {changes})"
        for table, filled, changes in (
            ("run", 80, 2000),
            ("attempt", 70, 2000),
            ("step", 80, 10000),
            ("credential", 80, 10000),
            ("vault_event", 90, 20000),
            ("heartbeat", 50, 200),
            ("event_cursor", 50, 200),
            ("log_position", 50, 200),
            ("attempt_end", 50, 200),
        )
    ),
)

# Small, whatever the tables hold. Their order is random on purpose: new entries then take the places of dead ones, where an
# order of time would leave them all at one end until a vacuum.
INDEXES = (
    "DROP INDEX ix_attempt_open, ix_attempt_unrevoked",
    "CREATE INDEX ix_attempt_open ON attempt (run_id) WHERE state IN ('dispatched', 'running')",
    """
    CREATE INDEX ix_attempt_unconfirmed ON attempt (run_id)
    WHERE revoked_at IS NULL AND state NOT IN ('dispatched', 'running')
    """,
    "CREATE INDEX ix_run_dispatched ON run (run_id) WHERE state = 'dispatched'",
    "CREATE INDEX ix_alarm_detail ON alarm USING hash (detail)",
)

FUNCTIONS = (
    "DROP FUNCTION next_runs",
    "DROP FUNCTION note_waiting",
    """
    CREATE FUNCTION reserve_runs("window" integer, seconds double precision)
        RETURNS TABLE (run_id uuid, number integer, job_id text, requested_by text)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH next AS (
            SELECT r.run_id FROM run AS r
            WHERE r.state = 'requested' AND r.stop_requested_at IS NULL
                AND (r.not_before IS NULL OR r.not_before <= now())
                AND (r.reserved_until IS NULL OR r.reserved_until <= now())
            ORDER BY r.requested_at
            LIMIT greatest(0, $1 - (SELECT count(*) FROM attempt WHERE state IN ('dispatched', 'running')))
            FOR UPDATE SKIP LOCKED)
        UPDATE run AS r SET reserved_until = now() + least(greatest(seconds, 0), 60) * interval '1 s'
        FROM next WHERE r.run_id = next.run_id
        RETURNING r.run_id, r.attempt + 1, r.job_id, r.requested_by
    $$
    """,
    """
    CREATE FUNCTION release_runs(runs uuid[]) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        UPDATE run SET reserved_until = NULL WHERE run_id = ANY (runs) AND state = 'requested'
    $$
    """,
    # The reservation ends with the attempt: a run that comes back within seconds must not wait for the rest of it.
    """
    CREATE OR REPLACE FUNCTION dispatch_attempt(its_run uuid, its_number integer, its_secret_id_accessor text,
        its_wrapping_accessor text, its_digest bytea, lease double precision, most_attempts integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        UPDATE run SET state = 'dispatched', attempt = its_number, waiting_reason = NULL, not_before = NULL,
            reserved_until = NULL, max_attempts = most_attempts
        WHERE run_id = its_run AND state = 'requested' AND attempt = its_number - 1 AND stop_requested_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('run %s waits for no attempt %s', its_run, its_number);
        END IF;
        INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, secret_id_accessor, wrapping_accessor)
        VALUES (its_run, its_number, 'dispatched', now(), now() + lease * interval '1 s', its_secret_id_accessor,
            its_wrapping_accessor);
        INSERT INTO attempt_proof VALUES (its_run, its_number, its_digest);
    END
    $$
    """,
    # While the database was silent no worker could report: an attempt that began before it answered again does not
    # count against its run. `answers_since`: seconds, NULL if it was never silent.
    "DROP FUNCTION lose_attempts",
    """
    CREATE FUNCTION lose_attempts(answers_since double precision) RETURNS TABLE (its_run uuid, its_number integer)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH late AS (
            SELECT run_id, number,
                coalesce(coalesce(claimed_at, dispatched_at) < now() - answers_since * interval '1 s', false) AS blameless
            FROM attempt WHERE state IN ('dispatched', 'running') AND lease_until < now() FOR UPDATE SKIP LOCKED)
        UPDATE attempt AS a SET state = CASE WHEN blameless THEN 'postponed' ELSE 'lost' END, ended_at = now(),
            failure = CASE WHEN blameless THEN 'the database did not answer, so the worker could not report'
                ELSE 'the worker did not report in time' END
        FROM late WHERE a.run_id = late.run_id AND a.number = late.number
        RETURNING a.run_id, a.number
    $$
    """,
)

# A connection keeps the plans of its statements. One that began with empty tables would read them whole ever after.
_PLANS = "SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
PLANS = tuple(
    f"ALTER FUNCTION {function} {_PLANS}"
    for function in (
        "claim_attempt",
        "record_login",
        "record_credentials",
        "record_calls",
        "finish_attempt",
        "fail_attempt",
        "raise_alarm",
        "reserve_runs",
        "dispatch_attempt",
        "return_attempt",
        "record_log",
        "alarm_once",
        "end_stopped",
        "lose_attempts",
        "requeue_ended",
        "end_attempt",
        "due_ends",
        "confirm_end",
        "note_end_problem",
    )
)
# Its plan of a time when few runs waited goes through all that wait.
NO_KEPT_PLAN = "ALTER FUNCTION dispatch_attempt SET plan_cache_mode = force_custom_plan"

GRANTS = (
    "REVOKE ALL ON FUNCTION reserve_runs, release_runs, lose_attempts FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION reserve_runs, release_runs TO triage_dispatcher",
    "GRANT EXECUTE ON FUNCTION lose_attempts TO triage_sweeper",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES, *FUNCTIONS, *PLANS, NO_KEPT_PLAN, *GRANTS):
        op.execute(statement)
