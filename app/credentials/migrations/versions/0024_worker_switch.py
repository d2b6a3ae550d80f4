"""One worker can be switched off: it is given no run, and those that it holds are ended"""

from alembic import op

revision = "1.0024"
down_revision = "1.0022"

TABLES = (
    # A target that an order names is shown on pages and in commands, also one that a program made up.
    """
    ALTER TABLE switch_order DROP CONSTRAINT switch_order_kind_check, DROP CONSTRAINT switch_order_check,
        ADD CONSTRAINT switch_order_kind_check CHECK (kind IN ('agent', 'tool', 'worker', 'run', 'credential')),
        ADD CONSTRAINT switch_order_turn_check
            CHECK (turn = 'off' OR (turn = 'on' AND kind IN ('agent', 'tool', 'worker'))),
        ADD CONSTRAINT switch_order_target_check CHECK (
            target ~ '^[A-Za-z0-9._:-]{1,200}$' AND (kind <> 'worker' OR target ~ '^[A-Za-z0-9._-]{1,100}:[0-9]{1,10}$'))
    """,
    # The worker's own word: since when it has taken no message.
    "ALTER TABLE clock ADD COLUMN rests_since timestamptz",
)

FUNCTIONS = (
    # NULL while the worker is on. `rests`: it takes no messages.
    """
    CREATE FUNCTION worker_is_off(its_host text, its_pid integer, rests boolean) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        UPDATE clock SET rests_since = CASE WHEN rests THEN now() END
        WHERE process = 'worker' AND host = left(its_host, 100) AND reporter = its_pid::text
            AND (rests_since IS NOT NULL) <> rests;
        RETURN (
            SELECT CASE turn WHEN 'off' THEN format('this worker was switched off by %s at %s UTC', ordered_by_name,
                to_char(ordered_at, 'YYYY-MM-DD HH24:MI:SS')) END
            FROM switch_order WHERE kind = 'worker' AND target = left(its_host, 100) || ':' || its_pid
            ORDER BY number DESC LIMIT 1);
    END $$
    """,
    # As before, and: a worker that is off gets nothing. The attempt ends unclaimed, and its run waits for another one, a
    # second at first and longer after each such refusal, so that a worker that goes on taking messages keeps nobody busy.
    """
    CREATE OR REPLACE FUNCTION claim_attempt(its_run uuid, its_number integer, its_proof bytea, its_hold bytea,
        its_worker text, lease double precision) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its_digest bytea := (SELECT digest FROM attempt_proof WHERE run_id = its_run AND number = its_number);
        its_name text := left(its_worker, 200);
        its_job text;
    BEGIN
        IF its_digest <> sha256(its_proof) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s: the proof is not that of this attempt', its_run, its_number);
        END IF;
        IF its_digest IS NULL OR its_proof IS NULL THEN
            RETURN NULL;
        END IF;
        IF 'off' = (SELECT turn FROM switch_order WHERE kind = 'worker' AND target = its_name
            ORDER BY number DESC LIMIT 1)
        THEN
            PERFORM return_attempt(its_run, its_number, format('worker %s is switched off', its_name));
            UPDATE run SET not_before = now() + interval '1 s' * 2 ^ least(5, (
                SELECT count(*) - 1 FROM attempt WHERE run_id = its_run AND state = 'postponed' AND claimed_at IS NULL))
            WHERE run_id = its_run AND state = 'requested' AND attempt = its_number;
            RETURN NULL;
        END IF;
        UPDATE attempt SET state = 'running', worker = its_name, claimed_at = now(),
            lease_until = now() + least(lease, 900) * interval '1 s'
        WHERE run_id = its_run AND number = its_number AND state = 'dispatched';
        IF FOUND THEN
            INSERT INTO attempt_hold VALUES (its_run, its_number, its_hold);
            UPDATE run SET started_at = coalesce(started_at, now()) WHERE run_id = its_run
            RETURNING job_id INTO its_job;
        END IF;
        RETURN its_job;
    END $$
    """,
    # Ends a run, or the runs that a worker holds, as a person's request does; false until all that their attempts held
    # is confirmed to be dead. What a worker took after it was let on again is not meant.
    """
    CREATE OR REPLACE FUNCTION stop_switched(its_order uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its switch_order;
        runs uuid[];
        let_on timestamptz;
    BEGIN
        SELECT * INTO its FROM switch_order WHERE order_id = its_order AND kind IN ('run', 'worker') AND turn = 'off';
        IF its.kind = 'worker' THEN
            SELECT coalesce(min(ordered_at), 'infinity') INTO let_on FROM switch_order
            WHERE kind = its.kind AND target = its.target AND number > its.number;
            SELECT array_agg(run_id) INTO runs FROM attempt
            WHERE state IN ('dispatched', 'running') AND worker = its.target AND claimed_at < let_on;
        ELSE
            runs := ARRAY[its.target::uuid];
        END IF;
        UPDATE run SET stop_requested_at = now(), stop_requested_by = its.ordered_by
        WHERE run_id = ANY (runs) AND state IN ('requested', 'dispatched') AND stop_requested_at IS NULL;
        PERFORM pg_notify('triage_runs', '');
        IF its.kind = 'worker' THEN
            RETURN runs IS NULL AND NOT EXISTS (
                SELECT FROM attempt WHERE revoked_at IS NULL AND state NOT IN ('dispatched', 'running')
                    AND worker = its.target AND claimed_at < let_on);
        END IF;
        RETURN NOT EXISTS (SELECT FROM run WHERE run_id = ANY (runs) AND state IN ('requested', 'dispatched'))
            AND NOT EXISTS (SELECT FROM attempt WHERE run_id = ANY (runs) AND revoked_at IS NULL);
    END $$
    """,
    # As before, and of a worker: the signed tokens of its runs, which nobody can end.
    """
    CREATE OR REPLACE FUNCTION held_by_switch(its_order uuid, its_path text) RETURNS TABLE (
        request_id varchar, accessor varchar, lease_id varchar, issued_at timestamptz, ended_at timestamptz)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        SELECT v.request_id, v.accessor, v.lease_id, v.at, v.ended_at
        FROM switch_order AS o JOIN vault_event AS v ON v.ended_at IS NULL AND CASE o.kind
            WHEN 'agent' THEN v.kind = 'logged-in'
            WHEN 'tool' THEN v.kind = 'issued' AND v.path = its_path
            ELSE false END
        WHERE o.order_id = its_order AND o.turn = 'off' AND v.kind IN ('logged-in', 'issued')
        UNION ALL
        SELECT v.request_id, v.accessor, v.lease_id, v.at, v.ended_at
        FROM switch_order AS o JOIN credential AS c ON c.credential_id::text = o.target
        JOIN vault_event AS v ON v.request_id = c.request_id::text
        WHERE o.order_id = its_order AND o.kind = 'credential' AND v.kind = 'issued'
            AND v.run_id = c.run_id AND v.attempt = c.attempt
        UNION ALL
        SELECT v.request_id, v.accessor, v.lease_id, v.at, v.ended_at
        FROM switch_order AS o JOIN vault_event AS v ON v.at > now() - interval '2 min'
        JOIN attempt AS a ON a.run_id = v.run_id AND a.number = v.attempt AND a.worker = o.target
        WHERE o.order_id = its_order AND o.kind = 'worker' AND v.kind = 'issued'
            AND v.accessor IS NULL AND v.lease_id IS NULL
    $$
    """,
)

# A connection keeps the plans of its statements. One that began with empty tables would read them whole ever after.
_PLANS = "SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off"
PLANS = tuple(
    f"ALTER FUNCTION {function} {_PLANS}" for function in ("claim_attempt", "stop_switched", "worker_is_off")
)

GRANTS = (
    "REVOKE ALL ON FUNCTION worker_is_off FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION worker_is_off TO triage_worker",
)


def upgrade() -> None:
    """Make them."""
    for statement in (*TABLES, *FUNCTIONS, *PLANS, *GRANTS):
        op.execute(statement)
