"""The vault's own record of what it issued, and the ends of attempts that rest on it"""

from alembic import op

revision = "1.0004"
down_revision = "1.0003"

VAULT_RECORD: tuple[str, ...] = (
    # Numbers are given in the order of commits. A request is recorded once, even if its line is read again.
    """
    CREATE TABLE vault_event (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, request_id varchar NOT NULL UNIQUE,
        kind varchar NOT NULL, at timestamptz NOT NULL, path varchar NOT NULL,
        run_id uuid, attempt integer, job_id varchar, requested_by varchar, token_accessor varchar, accessor varchar,
        secret_id_accessor varchar, lease_id varchar, service_user varchar, remote_address varchar,
        claimed_run_id varchar, hidden varchar, ended_at timestamptz)
    """,
    "CREATE INDEX ix_vault_event_run ON vault_event (run_id, attempt)",
    "CREATE INDEX ix_vault_event_accessor ON vault_event (accessor) WHERE accessor IS NOT NULL",
    "CREATE INDEX ix_vault_event_lease ON vault_event (lease_id) WHERE lease_id IS NOT NULL",
    "CREATE INDEX ix_vault_event_user ON vault_event (service_user) WHERE service_user IS NOT NULL",
    """
    CREATE INDEX ix_vault_event_open ON vault_event (run_id, attempt)
    WHERE ended_at IS NULL AND kind IN ('logged-in', 'issued')
    """,
    """
    CREATE TABLE log_position (
        file varchar, inode bigint, PRIMARY KEY (file, inode),
        place bigint NOT NULL, lines bigint NOT NULL, mark varchar NOT NULL)
    """,
    # The number of the last event that was judged.
    "CREATE TABLE event_cursor (reader varchar PRIMARY KEY, number bigint NOT NULL)",
    # Events and position in one transaction; returns the events that are new. An opened wrapping token belongs to the run that it was minted for; others are left
    # out. Positions of files that are no longer there are forgotten, because their inodes are given to new files.
    """
    CREATE FUNCTION record_log(
        its_file text, its_inode bigint, from_place bigint, to_place bigint, all_lines bigint, its_mark text,
        inodes bigint[], events jsonb) RETURNS SETOF vault_event
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        LOCK TABLE log_position IN SHARE ROW EXCLUSIVE MODE;
        IF from_place IS NULL THEN
            INSERT INTO log_position VALUES (its_file, its_inode, to_place, all_lines, its_mark)
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
    END $$
    """,
    """
    CREATE FUNCTION move_cursor(its_reader text, to_number bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        INSERT INTO event_cursor AS c VALUES (its_reader, to_number)
        ON CONFLICT (reader) DO UPDATE SET number = greatest(c.number, EXCLUDED.number)
    $$
    """,
    "REVOKE ALL ON FUNCTION record_log, move_cursor FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION record_log, move_cursor TO triage_sweeper",
    "GRANT SELECT ON log_position, event_cursor TO triage_sweeper",
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
    "GRANT SELECT ON attempt_end, vault_event TO triage_app",
    "GRANT SELECT ON run, attempt, step, credential, attempt_end, vault_event TO triage_sweeper",
)


def upgrade() -> None:
    for statement in (*VAULT_RECORD, *ATTEMPT_END, *ENDS, *GRANTS):
        op.execute(statement)
