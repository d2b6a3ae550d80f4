"""The vault's own record of what it issued, and the ends of attempts that rest on it"""

from alembic import op

revision = "1.0004"
down_revision = "1.0003"

VAULT_RECORD: tuple[str, ...] = (
    """
    CREATE TABLE vault_event (
        request_id varchar NOT NULL, kind varchar NOT NULL, at timestamptz NOT NULL, path varchar NOT NULL,
        run_id uuid, attempt integer, job_id varchar, requested_by varchar, token_accessor varchar, accessor varchar,
        secret_id_accessor varchar, lease_id varchar, service_user varchar, remote_address varchar,
        claimed_run_id uuid, ended_at timestamptz)
    """,
    "CREATE INDEX ix_vault_event_run ON vault_event (run_id, attempt)",
)

# An identity can name a run or an attempt that does not exist, so no row here refers to one. What names no run at all
# is under the nil run and attempt 0.
ATTEMPT_END = (
    """
    CREATE TABLE attempt_end (
        run_id uuid, number integer, PRIMARY KEY (run_id, number),
        tries integer NOT NULL, next_try_at timestamptz NOT NULL,
        problem varchar NOT NULL, since timestamptz NOT NULL)
    """,
)

ENDS = (
    # One alarm for one thing, however often it is seen.
    """
    CREATE FUNCTION alarm_once(its_kind text, its_detail text, its_run uuid, its_attempt integer) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH raised AS (
            INSERT INTO alarm (alarm_id, run_id, attempt, kind, detail, raised_at)
            SELECT gen_random_uuid(), its_run, its_attempt, left(its_kind, 100), left(its_detail, 500), now()
            WHERE NOT EXISTS (
                SELECT FROM alarm WHERE kind = left(its_kind, 100) AND detail = left(its_detail, 500)
                AND run_id IS NOT DISTINCT FROM its_run AND attempt IS NOT DISTINCT FROM its_attempt)
            RETURNING 1)
        SELECT EXISTS (SELECT FROM raised)
    $$
    """,
    # The attempt is locked before its run, in the order workers do it. One that is storing its result at this very
    # moment is left to do so.
    """
    CREATE FUNCTION end_stopped() RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        working record;
        stopping record;
        why text;
    BEGIN
        SELECT a.run_id, a.number INTO working FROM attempt AS a JOIN run AS r ON r.run_id = a.run_id
        WHERE r.stop_requested_at IS NOT NULL AND r.state IN ('requested', 'dispatched')
            AND a.state IN ('dispatched', 'running')
        LIMIT 1 FOR UPDATE OF a SKIP LOCKED;
        IF FOUND THEN
            SELECT r.run_id, r.stop_requested_by INTO stopping FROM run AS r
            WHERE r.run_id = working.run_id AND r.stop_requested_at IS NOT NULL
                AND r.state IN ('requested', 'dispatched') FOR UPDATE;
        ELSE
            SELECT r.run_id, r.stop_requested_by INTO stopping FROM run AS r
            WHERE r.stop_requested_at IS NOT NULL AND r.state IN ('requested', 'dispatched')
                AND NOT EXISTS (
                    SELECT FROM attempt AS a WHERE a.run_id = r.run_id AND a.state IN ('dispatched', 'running'))
            LIMIT 1 FOR UPDATE SKIP LOCKED;
        END IF;
        IF stopping.run_id IS NULL THEN RETURN NULL; END IF;
        why := 'stopped by ' || stopping.stop_requested_by;
        UPDATE attempt SET state = 'failed', ended_at = now(), failure = why
        WHERE run_id = stopping.run_id AND state IN ('dispatched', 'running');
        UPDATE run SET state = 'failed', finished_at = now(), failure = why, waiting_reason = NULL
        WHERE run_id = stopping.run_id;
        PERFORM pg_notify('triage_runs', '');
        RETURN stopping.run_id;
    END $$
    """,
    """
    CREATE FUNCTION lose_attempts() RETURNS TABLE (its_run uuid, its_number integer) LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH late AS (
            SELECT run_id, number FROM attempt
            WHERE state IN ('dispatched', 'running') AND lease_until < now() FOR UPDATE SKIP LOCKED)
        UPDATE attempt AS a SET state = 'lost', ended_at = now(), failure = 'the worker did not report in time'
        FROM late WHERE a.run_id = late.run_id AND a.number = late.number
        RETURNING a.run_id, a.number
    $$
    """,
    # What a worker did not end itself goes on once its end is confirmed, or after ten seconds: the next attempt has
    # an identity of its own, and a vault that does not answer would not give it one.
    """
    CREATE FUNCTION requeue_ended() RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        ended record;
    BEGIN
        FOR ended IN
            SELECT r.run_id, a.failure FROM run AS r JOIN attempt AS a ON a.run_id = r.run_id AND a.number = r.attempt
            WHERE r.state = 'dispatched' AND a.state IN ('failed', 'lost', 'postponed')
                AND (a.revoked_at IS NOT NULL OR a.ended_at < now() - interval '10 s')
            FOR UPDATE OF a SKIP LOCKED
        LOOP
            PERFORM requeue_run(ended.run_id, ended.failure);
            RETURN NEXT ended.run_id;
        END LOOP;
        IF FOUND THEN PERFORM pg_notify('triage_runs', ''); END IF;
    END $$
    """,
    """
    CREATE FUNCTION end_attempt(its_run uuid, its_number integer, why text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        WITH ended AS (
            UPDATE attempt SET state = 'failed', ended_at = now(), failure = left(why, 500)
            WHERE run_id = its_run AND number = its_number AND state IN ('dispatched', 'running')
            RETURNING pg_notify('triage_runs', ''))
        SELECT EXISTS (SELECT FROM ended)
    $$
    """,
    # Ended attempts, and whatever the vault issued to an identity whose attempt is not open. First what no worker
    # has ended: it may still be alive.
    """
    CREATE FUNCTION due_ends(tried_before boolean, most integer) RETURNS TABLE (its_run uuid, its_number integer)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT due.run_id, due.number FROM (
            SELECT run_id, number, ended_at AS since, state = 'finished' AS alone FROM attempt
            WHERE revoked_at IS NULL AND state NOT IN ('dispatched', 'running')
            UNION
            SELECT coalesce(v.run_id, '00000000-0000-0000-0000-000000000000'), coalesce(v.attempt, 0), min(v.at), false
            FROM vault_event AS v
            WHERE v.ended_at IS NULL AND v.kind IN ('logged-in', 'issued') AND NOT EXISTS (
                SELECT FROM attempt AS a WHERE a.run_id = v.run_id AND a.number = v.attempt AND a.revoked_at IS NULL)
            GROUP BY 1, 2
        ) AS due LEFT JOIN attempt_end AS e ON e.run_id = due.run_id AND e.number = due.number
        WHERE (e.tries IS NOT NULL) = tried_before AND coalesce(e.next_try_at <= now(), true)
        ORDER BY due.alone, due.since LIMIT most
    $$
    """,
    # `events`: the request ids of what was asked about; what the vault issued meanwhile stays due. A signed token ends
    # by its expiry.
    """
    CREATE FUNCTION confirm_end(its_run uuid, its_number integer, by_whom text, events text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        UPDATE attempt SET revoked_at = now(), revoked_by = by_whom
        WHERE run_id = its_run AND number = its_number AND revoked_at IS NULL
            AND state NOT IN ('dispatched', 'running');
        IF FOUND THEN
            UPDATE credential SET revoked_at = now(), ended_by = by_whom
            WHERE run_id = its_run AND attempt = its_number AND kind <> 'signed-token' AND revoked_at IS NULL;
        END IF;
        UPDATE vault_event SET ended_at = CASE
            WHEN kind = 'issued' AND accessor IS NULL AND lease_id IS NULL THEN at + interval '2 min' ELSE now() END
        WHERE request_id = ANY (events) AND ended_at IS NULL;
        DELETE FROM attempt_end WHERE run_id = its_run AND number = its_number;
    END $$
    """,
    """
    CREATE FUNCTION note_end_problem(its_run uuid, its_number integer, why text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        open_since timestamptz;
    BEGIN
        INSERT INTO attempt_end AS e (run_id, number, tries, next_try_at, problem, since) VALUES (
            its_run, its_number, 1, now() + interval '0.25 s', left(why, 500),
            coalesce((SELECT ended_at FROM attempt WHERE run_id = its_run AND number = its_number), now()))
        ON CONFLICT (run_id, number) DO UPDATE SET tries = e.tries + 1, problem = EXCLUDED.problem,
            next_try_at = now() + least(0.25 * 2 ^ least(e.tries, 10), 5) * interval '1 s'
        RETURNING since INTO open_since;
        IF open_since < now() - interval '60 s' THEN
            PERFORM alarm_once('end not confirmed', 'a minute after the end of this attempt it is not confirmed'
                ' that its credentials are dead', its_run, its_number);
        END IF;
    END $$
    """,
)

_FUNCTIONS = "alarm_once, end_stopped, lose_attempts, requeue_ended, end_attempt, due_ends, confirm_end, note_end_problem"
GRANTS = (
    # Nobody else calls a function of this file.
    f"REVOKE ALL ON FUNCTION {_FUNCTIONS} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {_FUNCTIONS} TO triage_sweeper",
    "GRANT SELECT ON attempt_end TO triage_app",
    "GRANT SELECT ON run, attempt, step, credential, attempt_end, vault_event TO triage_sweeper",
)


def upgrade() -> None:
    for statement in (*VAULT_RECORD, *ATTEMPT_END, *ENDS, *GRANTS):
        op.execute(statement)
