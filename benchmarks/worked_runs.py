"""Runs that wait, and runs carried out by the database's own functions, as many as wanted and without any other server."""

import psycopg

_ACTION = """
INSERT INTO action (action_id, action_type, piid, amount, effective_date, description, vendors, terms, submitted_at)
VALUES ('ACT-2026-000000', 'new_award', '70ZZ0126C0000', 1, '2026-09-01', 'Invented services', '[]', '{}', now())
ON CONFLICT DO NOTHING
"""
_WAITING = """
INSERT INTO run (run_id, job_id, goal, requested_by, requested_at)
SELECT gen_random_uuid(), 'ACT-2026-000000', 'Measured.', 'bench', now() + %s * interval '1 day'
FROM generate_series(1, %s)
"""

#: What workers say of one attempt. A proof is made of the run's id, so that every statement finds it again.
_HELPERS = (
    """
    CREATE FUNCTION pg_temp.proof(its_run uuid) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
        SELECT convert_to(its_run::text, 'utf8') $$
    """,
    """
    CREATE FUNCTION pg_temp.login(its_run uuid) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_build_object('entity_id', 'bench', 'policy', 'triage-run', 'login_request_id', its_run,
            'token_accessor', its_run, 'issued_at', now(), 'expires_at', now() + interval '15 min') $$
    """,
    """
    CREATE FUNCTION pg_temp.plan() RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_agg(jsonb_build_object('number', n, 'tool', 'tool-' || n, 'question', 'What does it say?',
            'reason', 'The checks compare it.', 'rules', '[]'::jsonb, 'helps', '[]'::jsonb, 'after', '[]'::jsonb))
        FROM generate_series(1, 5) AS n $$
    """,
    """
    CREATE FUNCTION pg_temp.issued(its_run uuid) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_agg(jsonb_build_object('credential_id', md5(its_run::text || n)::uuid, 'tool', 'tool-' || n,
            'kind', 'api-key', 'vault_path', 'auth/token/create/tool-' || n, 'policy', 'triage-run', 'scope', 'read',
            'request_id', its_run::text || n, 'accessor', its_run::text || n, 'fingerprint', its_run::text || n,
            'issued_at', now(), 'expires_at', now() + interval '15 min'))
        FROM generate_series(1, 5) AS n $$
    """,
    """
    CREATE FUNCTION pg_temp.called(its_run uuid) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_agg(jsonb_build_object('call_id', md5(its_run::text || n || 'call')::uuid,
            'credential_id', md5(its_run::text || n)::uuid, 'operation', 'GET /records', 'status', 200,
            'started_at', now(), 'latency_ms', 12.5, 'answer_digest', md5(its_run::text), 'answer_bytes', 500))
        FROM generate_series(1, 5) AS n $$
    """,
    """
    CREATE FUNCTION pg_temp.found(its_run uuid) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_agg(jsonb_build_object('evidence_id', gen_random_uuid(),
            'call_id', md5(its_run::text || n || 'call')::uuid, 'source', 'tool-' || n, 'record_key', 'record',
            'kind', 'Registration', 'fact', '{}'::jsonb, 'pulled_at', now()))
        FROM generate_series(1, 5) AS n $$
    """,
    """
    CREATE FUNCTION pg_temp.outcomes() RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_agg(jsonb_build_object('tool', 'tool-' || n, 'outcome', 'answered'))
        FROM generate_series(1, 5) AS n $$
    """,
    """
    CREATE FUNCTION pg_temp.logged(its_run uuid, its_number integer) RETURNS jsonb LANGUAGE sql AS $$
        SELECT jsonb_agg(jsonb_build_object('request_id', its_run::text || n || 'event',
            'kind', CASE n WHEN 0 THEN 'logged-in' ELSE 'issued' END, 'at', now(), 'path', 'path-' || n,
            'run_id', its_run, 'attempt', its_number, 'accessor', its_run::text || n))
        FROM generate_series(0, 5) AS n $$
    """,
)

#: Each step is a transaction of its own for a batch of runs, as it is in the processes; the sweeper looks at each batch.
_WORK = """
DO $do$
DECLARE
    batch record;
    runs uuid[];
    numbers integer[];
    place bigint := coalesce((SELECT place FROM log_position WHERE file = 'bench'), 0);
BEGIN
    FOR batch IN SELECT generate_series(1, {batches}) LOOP
        SELECT array_agg(run_id), array_agg(number) INTO runs, numbers FROM reserve_runs({size}, 30);
        COMMIT;
        PERFORM dispatch_attempt(r, n, 'secret-id', 'wrapping', sha256(pg_temp.proof(r)), 90, 4)
        FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
        PERFORM claim_attempt(r, n, pg_temp.proof(r), sha256(pg_temp.proof(r)), 'bench', 90)
        FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
        PERFORM record_login(r, n, pg_temp.proof(r), pg_temp.login(r), pg_temp.plan())
        FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
        PERFORM record_credentials(r, n, pg_temp.proof(r), pg_temp.issued(r), '[]')
        FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
        PERFORM record_calls(r, n, pg_temp.proof(r), pg_temp.called(r), '{{}}', '{{}}', pg_temp.outcomes())
        FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
        PERFORM FROM record_log('bench', 1, place, nullif(place, 0), place + 1, place + 1, '', '{{1}}', (
            SELECT jsonb_agg(each) FROM unnest(runs, numbers) AS u (r, n),
                jsonb_array_elements(pg_temp.logged(r, n)) AS each), (
            SELECT jsonb_agg(jsonb_build_object('run_id', r, 'begins', place, 'ends', place + 1)) FROM unnest(runs) AS r));
        place := place + 1;
        COMMIT;
        PERFORM move_cursor('sweeper', (SELECT max(number) FROM vault_event));
        PERFORM beat(NULL, 'bench', 1, NULL, NULL);
        COMMIT;
        PERFORM store_triage(r, n, pg_temp.proof(r), pg_temp.found(r), '[]', '[]') FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
        PERFORM due_ends(false, 32), due_ends(true, 32), lose_attempts(NULL);
        PERFORM requeue_ended();
        COMMIT;
        PERFORM note_end_problem(r, n, 'bench') FROM unnest(runs, numbers) AS u (r, n) LIMIT 1;
        COMMIT;
        PERFORM confirm_end(r, n, 'run end', (SELECT array_agg(each ->> 'request_id')
            FROM jsonb_array_elements(pg_temp.logged(r, n)) AS each))
        FROM unnest(runs, numbers) AS u (r, n);
        COMMIT;
    END LOOP;
END $do$
"""
_BATCH = 50


def stop_vacuum(database: psycopg.Connection) -> None:
    """Let nothing clear up old versions of rows from now on."""
    database.execute("ALTER SYSTEM SET autovacuum = off")
    database.execute("SELECT pg_reload_conf()")


def prepare(database: psycopg.Connection) -> None:
    """An action to run, and for this connection what its runs need."""
    for statement in (_ACTION, *_HELPERS, "SET synchronous_commit = off"):
        database.execute(statement)


def add_waiting(database: psycopg.Connection, number: int, *, day: int = 0) -> None:
    """So many runs that wait. Those of a later `day` are carried out after those of an earlier one."""
    database.execute(_WAITING, [day, number])


def carry_out(database: psycopg.Connection, number: int) -> None:
    """Carry out so many waiting runs, a multiple of 50, the oldest first, until their ends are confirmed."""
    database.execute(_WORK.format(batches=number // _BATCH, size=_BATCH))  # type: ignore[arg-type]  # numbers only
