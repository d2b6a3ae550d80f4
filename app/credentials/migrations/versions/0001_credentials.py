"""Runs, attempts, and what each credential did"""

from alembic import op

# Not 0001 to 0013: databases made before the first release have tables of those versions, which are not these.
revision = "1.0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE run (
        run_id uuid PRIMARY KEY,
        job_id varchar NOT NULL,
        state varchar NOT NULL, attempt integer NOT NULL,
        goal varchar,
        requested_by varchar NOT NULL, requested_at timestamptz NOT NULL,
        not_before timestamptz, started_at timestamptz, finished_at timestamptz,
        waiting_reason varchar,
        failure varchar,
        stop_requested_at timestamptz, stop_requested_by varchar)
    """,
    "CREATE INDEX ix_run_job_id ON run (job_id)",
    "CREATE INDEX ix_run_queue ON run (state, requested_at)",
    "CREATE INDEX ix_run_requested ON run (requested_at, run_id)",
    "CREATE INDEX ix_run_started ON run (started_at, run_id)",
    "CREATE INDEX ix_run_requested_by ON run (requested_by, requested_at, run_id)",
    """
    CREATE INDEX ix_run_stopping ON run (run_id)
    WHERE stop_requested_at IS NOT NULL AND state IN ('requested', 'dispatched')
    """,
    """
    CREATE TABLE attempt (
        run_id uuid REFERENCES run, number integer, PRIMARY KEY (run_id, number),
        state varchar NOT NULL,
        dispatched_at timestamptz NOT NULL, lease_until timestamptz NOT NULL,
        worker varchar, claimed_at timestamptz,
        secret_id_accessor varchar NOT NULL, wrapping_accessor varchar NOT NULL,
        entity_id varchar, policy varchar, login_request_id varchar,
        token_accessor varchar, token_issued_at timestamptz, token_expires_at timestamptz,
        revoked_at timestamptz, revoked_by varchar,
        ended_at timestamptz, failure varchar)
    """,
    "CREATE INDEX ix_attempt_open ON attempt (state, lease_until)",
    "CREATE INDEX ix_attempt_unrevoked ON attempt (lease_until) WHERE revoked_at IS NULL",
    """
    CREATE TABLE step (
        step_id uuid PRIMARY KEY,
        run_id uuid NOT NULL, attempt integer NOT NULL, FOREIGN KEY (run_id, attempt) REFERENCES attempt,
        number integer NOT NULL, tool varchar NOT NULL,
        question varchar NOT NULL, reason varchar NOT NULL,
        rules jsonb, helps jsonb, after jsonb,
        needed boolean NOT NULL DEFAULT true, why_not varchar,
        outcome varchar NOT NULL)
    """,
    "CREATE INDEX ix_step_run_id ON step (run_id)",
    """
    CREATE TABLE credential (
        credential_id uuid PRIMARY KEY,
        run_id uuid NOT NULL, attempt integer NOT NULL, FOREIGN KEY (run_id, attempt) REFERENCES attempt,
        tool varchar NOT NULL, kind varchar NOT NULL,
        vault_path varchar NOT NULL, policy varchar NOT NULL, scope varchar NOT NULL,
        request_id varchar NOT NULL UNIQUE,
        accessor varchar, lease_id varchar, service_user varchar,
        fingerprint varchar NOT NULL UNIQUE,
        issued_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
        revoked_at timestamptz, ended_by varchar)
    """,
    "CREATE INDEX ix_credential_run_id ON credential (run_id)",
    "CREATE INDEX ix_credential_issued_at ON credential (issued_at)",
    """
    CREATE TABLE denial (
        denial_id uuid PRIMARY KEY,
        run_id uuid NOT NULL, attempt integer NOT NULL, FOREIGN KEY (run_id, attempt) REFERENCES attempt,
        tool varchar NOT NULL, vault_path varchar NOT NULL,
        reason varchar NOT NULL, refused_at timestamptz NOT NULL)
    """,
    "CREATE INDEX ix_denial_run_id ON denial (run_id)",
    """
    CREATE TABLE call (
        call_id uuid PRIMARY KEY,
        credential_id uuid NOT NULL REFERENCES credential,
        run_id uuid NOT NULL, attempt integer NOT NULL,
        operation varchar NOT NULL, status integer NOT NULL,
        started_at timestamptz NOT NULL, latency_ms double precision NOT NULL,
        answer_digest varchar, answer_bytes integer NOT NULL,
        error varchar)
    """,
    "CREATE INDEX ix_call_credential_id ON call (credential_id)",
    "CREATE INDEX ix_call_run_id ON call (run_id)",
    "CREATE INDEX ix_call_started_at ON call (started_at)",
    "CREATE TABLE answer (call_id uuid PRIMARY KEY REFERENCES call, body bytea NOT NULL)",
    """
    CREATE TABLE alarm (
        alarm_id uuid PRIMARY KEY,
        run_id uuid, attempt integer,
        kind varchar NOT NULL, detail varchar NOT NULL, raised_at timestamptz NOT NULL)
    """,
    "CREATE INDEX ix_alarm_raised ON alarm (raised_at, alarm_id)",
    """
    CREATE TABLE heartbeat (
        process varchar PRIMARY KEY,
        seen_at timestamptz NOT NULL DEFAULT now(),
        problem varchar)
    """,
)

# Least privilege, by process. The worker writes attempts and what became of them, and reads no answer back.
# The dispatcher and the sweeper see no answer at all. Nobody but the owner deletes.
# Each process reads the version of the tables, so that it can refuse to start on another one.
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO triage_app, triage_dispatcher, triage_worker",
    "GRANT SELECT ON alembic_version TO triage_app, triage_dispatcher, triage_worker",
    "GRANT SELECT ON run, attempt, step, credential, denial, call, answer, alarm, heartbeat TO triage_app",
    "GRANT INSERT, UPDATE (stop_requested_at, stop_requested_by) ON run TO triage_app",
    "GRANT SELECT ON run, attempt, credential, heartbeat TO triage_dispatcher",
    "GRANT UPDATE (state, attempt, not_before, finished_at, waiting_reason, failure) ON run TO triage_dispatcher",
    "GRANT INSERT ON attempt, alarm, heartbeat TO triage_dispatcher",
    "GRANT UPDATE (state, revoked_at, revoked_by, ended_at, failure) ON attempt TO triage_dispatcher",
    "GRANT UPDATE (revoked_at, ended_by) ON credential TO triage_dispatcher",
    "GRANT UPDATE (seen_at, problem) ON heartbeat TO triage_dispatcher",
    "GRANT SELECT ON run, attempt TO triage_worker",
    "GRANT UPDATE (state, started_at, finished_at, not_before, waiting_reason, failure) ON run TO triage_worker",
    """
    GRANT UPDATE (state, lease_until, worker, claimed_at, entity_id, policy, login_request_id, token_accessor,
        token_issued_at, token_expires_at, revoked_at, revoked_by, ended_at, failure) ON attempt TO triage_worker
    """,
    "GRANT INSERT ON step, credential, denial, call, answer, alarm TO triage_worker",
    "GRANT SELECT (run_id, attempt, number, tool), UPDATE (outcome) ON step TO triage_worker",
    "GRANT SELECT (run_id, attempt, kind, revoked_at), UPDATE (revoked_at, ended_by) ON credential TO triage_worker",
)


def upgrade() -> None:
    for statement in (*TABLES, *GRANTS):
        op.execute(statement)
