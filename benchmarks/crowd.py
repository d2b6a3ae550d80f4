"""Fills the tables with any number of invented runs and flags, so that pages have data to search."""

import json

import psycopg
from psycopg import sql

from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.settings import VAULT_LOG

#: Settings for bulk loading: no triggers, no foreign key checks, no flush per commit, memory to sort.
_SETTINGS = (
    "SELECT setseed(0.2026)",
    "SET session_replication_role = replica",
    "SET synchronous_commit = off",
    "SET maintenance_work_mem = '256MB'",
    "SET work_mem = '128MB'",
)
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)
        AND tablename IN ('run', 'attempt', 'step', 'credential', 'call', 'evidence', 'flag', 'review_event',
            'vault_event', 'tool_use')
"""

#: %(runs)s runs of as many actions, on 25 days in the same eight hours of each; %(each)s flags to each run.
_STATEMENTS = (
    """
    INSERT INTO action (action_id, action_type, piid, modification, amount, effective_date, description, vendors,
        terms, submitted_at)
    SELECT format('ACT-2026-%%s', lpad(n::text, 6, '0')), (ARRAY['new_award', 'modification', 'option'])[1 + n %% 3],
        format('70ZZ0126C%%s', lpad((n / 3)::text, 4, '0')), CASE n %% 3 WHEN 0 THEN NULL ELSE 'P00001' END,
        1000 + n, date '2026-09-01' + n %% 28, 'Invented services of kind ' || n %% 97,
        jsonb_build_array(
            jsonb_build_object('uei', 'ZZ9BENCH' || lpad((n %% 3000)::text, 4, '0'), 'role', 'prime', 'cage', NULL,
                'name', 'EXAMPLE VENDOR ' || n %% 3000 || ' LLC'),
            jsonb_build_object('uei', 'ZZ9SUBCN' || lpad((n %% 500)::text, 4, '0'), 'role', 'subcontractor',
                'cage', NULL, 'name', 'EXAMPLE SUB ' || n %% 500 || ' INC')),
        '{}', now() - interval '1 day' * (1 + n %% 25) + interval '8 hours' * random()
    FROM generate_series(1, %(runs)s) AS n
    """,
    """
    INSERT INTO run (run_id, job_id, state, attempt, goal, requested_by, requested_at, started_at, finished_at)
    SELECT gen_random_uuid(), action_id, 'completed', 1, 'Triage of an invented action.', 'bench', submitted_at,
        submitted_at, submitted_at + interval '2 seconds'
    FROM action
    """,
    """
    INSERT INTO attempt (run_id, number, state, dispatched_at, lease_until, worker, claimed_at, secret_id_accessor,
        wrapping_accessor, entity_id, policy, login_request_id, token_accessor, token_issued_at, token_expires_at,
        revoked_at, revoked_by, ended_at)
    SELECT run_id, 1, 'finished', requested_at, requested_at, 'bench', requested_at, gen_random_uuid(),
        gen_random_uuid(), 'entity', 'triage-run', gen_random_uuid(), gen_random_uuid(), requested_at,
        requested_at + interval '15 minutes', finished_at, 'run end', finished_at
    FROM run
    """,
    """
    INSERT INTO step (step_id, run_id, attempt, number, tool, question, reason, outcome, rules, helps, after)
    SELECT gen_random_uuid(), run_id, 1, n, (ARRAY['sam-gov', 'debarment', 'contracts', 'documents', 'ledger'])[n],
        'What does it say?', 'The checks compare it.', 'answered', '["R01", "C02"]', '["D02"]', '[]'
    FROM run, generate_series(1, 5) AS n
    """,
    """
    INSERT INTO credential (credential_id, run_id, attempt, tool, kind, vault_path, policy, scope, request_id,
        accessor, fingerprint, issued_at, expires_at, revoked_at, ended_by)
    SELECT gen_random_uuid(), run_id, 1, tool, 'api-key', %(paths)s::jsonb ->> tool, 'triage-run', 'read',
        gen_random_uuid(), gen_random_uuid(), md5(random()::text) || md5(random()::text), requested_at,
        requested_at + interval '15 minutes', finished_at, 'run end'
    FROM step JOIN run USING (run_id)
    """,
    """
    INSERT INTO call (call_id, credential_id, run_id, attempt, operation, status, started_at, latency_ms,
        answer_digest, answer_bytes)
    SELECT gen_random_uuid(), credential_id, run_id, 1, 'GET /records', 200, issued_at, 12.5,
        md5(random()::text) || md5(random()::text), 500
    FROM credential
    """,
    # What the vault logged and the tools saw of them, all of it read.
    """
    INSERT INTO vault_event (request_id, kind, at, path, run_id, attempt, accessor, remote_address, ended_at)
    SELECT login_request_id, 'logged-in', token_issued_at, 'auth/approle/login', run_id, 1, token_accessor,
        '127.0.0.1', NULL FROM attempt
    UNION ALL SELECT request_id, 'issued', issued_at, vault_path, run_id, 1, accessor, '127.0.0.1', revoked_at
    FROM credential
    """,
    """
    INSERT INTO tool_use (request_id, system, at, operation, status, fingerprint, remote_address)
    SELECT call_id, tool, issued_at, operation, call.status, fingerprint, '127.0.0.1'
    FROM call JOIN credential USING (credential_id)
    """,
    """
    INSERT INTO log_source
    SELECT source, min(requested_at), max(finished_at), 1, 0, true, NULL, now()
    FROM run, unnest(%(logs)s::text[]) AS source GROUP BY source ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO answer (call_id, body)
    SELECT call_id, convert_to(rpad(format('{"call": "%%s", "status": "Active"}', call_id), 500), 'utf8') FROM call
    """,
    """
    INSERT INTO evidence (evidence_id, run_id, call_id, source, record_key, kind, fact, pulled_at)
    SELECT gen_random_uuid(), call.run_id, call_id, tool, 'record ' || n, 'Registration', '{"status": "Active"}',
        started_at
    FROM call JOIN credential USING (credential_id), generate_series(1, 2) AS n
    """,
    # Four in ten are decided. A check that was not performed names the system that did not answer.
    """
    INSERT INTO flag (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject,
        because, authority_codified, authority_rfo, recommended, raised_at, fact_key, systems, action_type, vendors,
        search, version, status, decision, decided_at, assignee, open_since, office, due_on)
    SELECT gen_random_uuid(), run_id, 1, action_id, rule, 1, 'An invented difference',
        CASE (i + n) %% 3 WHEN 0 THEN 'blocking' ELSE 'advisory' END,
        CASE rule WHEN 'S01' THEN 'debarment' ELSE 'subject ' || n END,
        'Two systems name different values for item ' || i || ' of the invented contract.', 'FAR 4.1102', 'RFO 4.203',
        'Look at both.', finished_at, md5((i * 31 + n)::text), ARRAY['sam-gov', 'contracts'], action_type, names,
        search, dealt::int,
        CASE WHEN dealt THEN (ARRAY['closed', 'confirmed', 'referred'])[1 + way] ELSE 'open' END,
        CASE WHEN dealt THEN (ARRAY['not_a_discrepancy', 'confirmed', 'referred'])[1 + way] END,
        CASE WHEN dealt THEN finished_at + interval '1 hour' END, CASE WHEN dealt THEN 'officer-a' END,
        finished_at, CASE WHEN dealt AND way = 2 THEN 'Legal Counsel' END,
        CASE WHEN dealt AND way = 2 THEN finished_at::date + 7 END
    FROM (SELECT row_number() OVER (ORDER BY run_id) AS i, run.*, action_id, action_type,
            ARRAY(SELECT jsonb_array_elements(vendors) ->> 'name') AS names,
            search_text(action, 'C02', 'An invented difference', 'subject 1', 'Two systems name different values for'
                ' an item of the invented contract.') AS search
            FROM run JOIN action ON action_id = job_id) AS numbered,
        generate_series(1, %(each)s) AS n,
        LATERAL (SELECT (ARRAY['R01', 'R04', 'E01', 'E02', 'C01', 'C02', 'C03', 'D01', 'D02', 'F01', 'F02', 'S01']
            )[1 + (i + n) %% 12] AS rule, (i * 7 + n) %% 10 < 4 AS dealt, ((i + n * 5) %% 3)::int AS way) AS drawn
    """,
    """
    INSERT INTO compared_value (flag_id, position, source, label, value, record_key, evidence_id)
    SELECT flag_id, n, 'sam-gov', 'registration', 'value ' || n, 'record ' || n, evidence_id
    FROM flag JOIN (SELECT DISTINCT ON (run_id) run_id, evidence_id FROM evidence) AS known USING (run_id),
        generate_series(0, 1) AS n
    """,
    """
    INSERT INTO review_event (event_id, flag_id, number, kind, by, by_name, at, decision, rationale, digest,
        office, due_on)
    SELECT gen_random_uuid(), flag_id, 1, 'decided', 'officer-a', 'Contracting officer A', decided_at, decision,
        'Looked at both.', md5(random()::text), office, due_on
    FROM flag WHERE version = 1
    """,
    """
    INSERT INTO flag_tally
    SELECT current, status, severity, rule, action_type, systems, assignee, count(*)
    FROM flag GROUP BY 1, 2, 3, 4, 5, 6, 7
    """,
)


def fill(connection: psycopg.Connection, *, runs: int, flags: int) -> None:
    """Insert `runs` runs and about `flags` flags into empty tables, as a superuser."""
    values = {
        "runs": runs,
        "each": max(1, flags // runs),
        "paths": json.dumps({name: path for path, name in ISSUING_PATHS.items()}),
        "logs": [VAULT_LOG, *ISSUING_PATHS.values()],
    }
    for statement in _SETTINGS:
        connection.execute(statement)
    with connection.transaction():
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        for statement in _STATEMENTS:
            connection.execute(statement, values)
        for _, definition in indexes:
            connection.execute(definition)
    # As autovacuum would within the hour: without it, there are no index-only scans and no statistics.
    connection.execute("VACUUM (ANALYZE)")
