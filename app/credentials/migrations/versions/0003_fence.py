"""The fence: what is true of a run, whichever login says otherwise"""

from alembic import op

# Beside the domain's 1.0002: a domain's later migration joins both.
revision = "1.0003"
down_revision = "1.0001"


def function(signature: str, returns: str, body: str, *, language: str = "plpgsql") -> str:
    """A function with its owner's rights. Its search path ends with `pg_temp`, so that no temporary table hides a real one."""
    return (
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE {language}"
        f" SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$ {body} $$"
    )


TABLES = (
    # No login reads it. The digest is of the proof, so that a copy of this table proves nothing.
    """
    CREATE TABLE attempt_proof (
        run_id uuid, number integer, PRIMARY KEY (run_id, number), FOREIGN KEY (run_id, number) REFERENCES attempt,
        digest bytea NOT NULL)
    """,
    # The broker keeps a message until it is acknowledged, for every worker to read. So a worker that claims the attempt
    # brings a secret of its own, and the message proves nothing from then on.
    """
    CREATE TABLE attempt_hold (
        run_id uuid, number integer, PRIMARY KEY (run_id, number),
        FOREIGN KEY (run_id, number) REFERENCES attempt_proof,
        digest bytea NOT NULL CHECK (octet_length(digest) = 32))
    """,
    "ALTER TABLE run ADD COLUMN max_attempts integer NOT NULL DEFAULT 4",
    "ALTER TABLE run ALTER COLUMN state SET DEFAULT 'requested', ALTER COLUMN attempt SET DEFAULT 0",
    # Not now(): runs that are requested together are carried out in the order in which they were named.
    "ALTER TABLE run ALTER COLUMN requested_at SET DEFAULT clock_timestamp()",
    "ALTER TABLE alarm ALTER COLUMN alarm_id SET DEFAULT gen_random_uuid(), ALTER COLUMN raised_at SET DEFAULT now()",
    "ALTER TABLE step ADD UNIQUE (run_id, attempt, tool)",
    "DROP INDEX ix_step_run_id",
)

#: Called by other functions only.
INNER = (
    # 'insufficient_privilege' is what a login gets that may not do it; the caller stops its work, and nothing is redone.
    function(
        "hold_attempt(its_run uuid, its_number integer, its_proof bytea)",
        "attempt",
        """
    DECLARE
        held attempt;
    BEGIN
        SELECT a.* INTO held FROM attempt AS a JOIN attempt_proof AS p USING (run_id, number)
        LEFT JOIN attempt_hold AS h USING (run_id, number)
        WHERE a.run_id = its_run AND a.number = its_number AND coalesce(h.digest, p.digest) = sha256(its_proof)
        FOR UPDATE OF a;
        IF held.state IS DISTINCT FROM 'running' THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s may no longer write: %s', its_run, its_number,
                coalesce('it is ' || held.state, 'the proof is not that of this attempt'));
        END IF;
        RETURN held;
    END
    """,
    ),
    # The times a worker states, as far as the database's own clock allows them.
    """
    CREATE FUNCTION within(stated timestamptz, earliest timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE AS $$ SELECT least(greatest(stated, earliest), now()) $$
    """,
    """
    CREATE FUNCTION expiry(begins timestamptz, stated_begin timestamptz, stated_end timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE AS $$ SELECT begins + least(stated_end - stated_begin, interval '15 min') $$
    """,
    # Attempts that no worker took up (a broker that lost the message) and postponed ones do not count.
    function(
        "requeue_run(its_run uuid, reason text)",
        "void",
        """
    DECLARE
        used bigint := (
            SELECT count(*) FROM attempt
            WHERE run_id = its_run AND claimed_at IS NOT NULL AND state IN ('failed', 'lost'));
    BEGIN
        UPDATE run SET
            state = CASE WHEN used < max_attempts THEN 'requested' ELSE 'failed' END,
            waiting_reason = CASE WHEN used < max_attempts THEN reason ELSE waiting_reason END,
            not_before = CASE WHEN used < max_attempts THEN now() + interval '1 s' * 2 ^ least(used, 5) END,
            failure = CASE WHEN used >= max_attempts THEN format('%s attempts: %s', used, reason) END,
            finished_at = CASE WHEN used >= max_attempts THEN now() END
        WHERE run_id = its_run AND state = 'dispatched';
    END
    """,
    ),
    function(
        "finish_attempt(its_run uuid, its_number integer, its_proof bytea)",
        "text",
        """
    DECLARE
        its_job text;
    BEGIN
        PERFORM hold_attempt(its_run, its_number, its_proof);
        UPDATE attempt SET state = 'finished', ended_at = now() WHERE run_id = its_run AND number = its_number;
        UPDATE run SET state = 'completed', finished_at = now(), waiting_reason = NULL
        WHERE run_id = its_run RETURNING job_id INTO its_job;
        PERFORM pg_notify('triage_runs', '');
        RETURN its_job;
    END
    """,
    ),
)

WORKER = (
    # NULL: there is nothing to do, because the attempt was taken before, has ended, or is unknown.
    function(
        "claim_attempt(its_run uuid, its_number integer, its_proof bytea, its_hold bytea, its_worker text,"
        " lease double precision)",
        "text",
        """
    DECLARE
        its_digest bytea := (SELECT digest FROM attempt_proof WHERE run_id = its_run AND number = its_number);
        its_job text;
    BEGIN
        IF its_digest <> sha256(its_proof) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s: the proof is not that of this attempt', its_run, its_number);
        END IF;
        UPDATE attempt SET state = 'running', worker = left(its_worker, 200), claimed_at = now(),
            lease_until = now() + least(lease, 900) * interval '1 s'
        WHERE run_id = its_run AND number = its_number AND state = 'dispatched' AND its_digest IS NOT NULL
            AND its_proof IS NOT NULL;
        IF FOUND THEN
            INSERT INTO attempt_hold VALUES (its_run, its_number, its_hold);
            UPDATE run SET started_at = coalesce(started_at, now()) WHERE run_id = its_run
            RETURNING job_id INTO its_job;
        END IF;
        RETURN its_job;
    END
    """,
    ),
    function(
        "record_login(its_run uuid, its_number integer, its_proof bytea, login jsonb, plan jsonb)",
        "void",
        """
    DECLARE
        held attempt := hold_attempt(its_run, its_number, its_proof);
    BEGIN
        UPDATE attempt SET entity_id = stated.entity_id, policy = stated.policy,
            login_request_id = stated.login_request_id, token_accessor = stated.token_accessor,
            token_issued_at = within(issued_at, held.claimed_at),
            token_expires_at = expiry(within(issued_at, held.claimed_at), issued_at, expires_at)
        FROM jsonb_to_record(login) AS stated (entity_id text, policy text, login_request_id text, token_accessor text,
            issued_at timestamptz, expires_at timestamptz)
        WHERE run_id = its_run AND number = its_number;
        INSERT INTO step (step_id, run_id, attempt, number, tool, question, reason, rules, helps, after, needed,
            why_not, outcome)
        SELECT gen_random_uuid(), its_run, its_number, number, tool, question, reason, rules, helps, after,
            why_not IS NULL, why_not, CASE WHEN why_not IS NULL THEN 'planned' ELSE 'not needed' END
        FROM jsonb_to_recordset(plan) AS stated (number integer, tool text, question text, reason text, rules jsonb,
            helps jsonb, after jsonb, why_not text);
    END
    """,
    ),
    # A credential belongs to a step of the plan that is needed, and each step gets one at most.
    function(
        "record_credentials(its_run uuid, its_number integer, its_proof bytea, credentials jsonb, denials jsonb)",
        "void",
        """
    DECLARE
        held attempt := hold_attempt(its_run, its_number, its_proof);
        recorded bigint;
    BEGIN
        INSERT INTO credential (credential_id, run_id, attempt, tool, kind, vault_path, policy, scope, request_id,
            accessor, lease_id, service_user, fingerprint, issued_at, expires_at)
        SELECT credential_id, its_run, its_number, stated.tool, kind, vault_path, policy, scope, request_id,
            accessor, lease_id, service_user, fingerprint, within(issued_at, held.claimed_at),
            expiry(within(issued_at, held.claimed_at), issued_at, expires_at)
        FROM jsonb_to_recordset(credentials) AS stated (credential_id uuid, tool text, kind text, vault_path text,
            policy text, scope text, request_id text, accessor text, lease_id text, service_user text,
            fingerprint text, issued_at timestamptz, expires_at timestamptz)
        JOIN step ON step.run_id = its_run AND step.attempt = its_number AND step.tool = stated.tool AND step.needed
        WHERE NOT EXISTS (
            SELECT FROM credential AS earlier
            WHERE earlier.run_id = its_run AND earlier.attempt = its_number AND earlier.tool = stated.tool);
        GET DIAGNOSTICS recorded = ROW_COUNT;
        IF recorded <> jsonb_array_length(credentials) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s: a credential is for no needed step, or for one that has its own',
                its_run, its_number);
        END IF;
        INSERT INTO denial (denial_id, run_id, attempt, tool, vault_path, reason, refused_at)
        SELECT gen_random_uuid(), its_run, its_number, tool, vault_path, reason, within(refused_at, held.claimed_at)
        FROM jsonb_to_recordset(denials) AS stated (tool text, vault_path text, reason text, refused_at timestamptz);
    END
    """,
    ),
    # A call belongs to a credential of this attempt, an answer to one of these calls; a step ends once.
    function(
        "record_calls(its_run uuid, its_number integer, its_proof bytea, calls jsonb, answered uuid[],"
        " answers bytea[], outcomes jsonb)",
        "void",
        """
    DECLARE
        held attempt := hold_attempt(its_run, its_number, its_proof);
        recorded bigint;
        kept bigint;
    BEGIN
        INSERT INTO call (call_id, credential_id, run_id, attempt, operation, status, started_at, latency_ms,
            answer_digest, answer_bytes, error)
        SELECT call_id, credential_id, its_run, its_number, operation, status, within(started_at, held.claimed_at),
            latency_ms, answer_digest, answer_bytes, error
        FROM jsonb_to_recordset(calls) AS stated (call_id uuid, credential_id uuid, operation text, status integer,
            started_at timestamptz, latency_ms double precision, answer_digest text, answer_bytes integer,
            error text)
        JOIN credential USING (credential_id) WHERE run_id = its_run AND attempt = its_number;
        GET DIAGNOSTICS recorded = ROW_COUNT;
        INSERT INTO answer (call_id, body)
        SELECT call_id, body FROM unnest(answered, answers) AS stated (call_id, body)
        JOIN call USING (call_id) WHERE run_id = its_run AND attempt = its_number;
        GET DIAGNOSTICS kept = ROW_COUNT;
        IF recorded <> jsonb_array_length(calls) OR kept <> cardinality(answered) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s: a call or an answer is of another attempt', its_run, its_number);
        END IF;
        UPDATE step SET outcome = left(stated.outcome, 500)
        FROM jsonb_to_recordset(outcomes) AS stated (tool text, outcome text)
        WHERE run_id = its_run AND attempt = its_number AND step.tool = stated.tool;
    END
    """,
    ),
    function(
        "fail_attempt(its_run uuid, its_number integer, its_proof bytea, its_state text, reason text)",
        "void",
        """
    BEGIN
        IF its_state NOT IN ('failed', 'postponed') THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'an attempt ends failed or postponed';
        END IF;
        PERFORM hold_attempt(its_run, its_number, its_proof);
        UPDATE attempt SET state = its_state, ended_at = now(), failure = left(reason, 500)
        WHERE run_id = its_run AND number = its_number;
        PERFORM requeue_run(its_run, left(reason, 500));
        PERFORM pg_notify('triage_runs', '');
    END
    """,
    ),
    # With a run: by its worker, ten at most. Without one: about messages, thirty a minute at most. False: there are
    # enough.
    function(
        "raise_alarm(its_kind text, its_detail text, its_run uuid, its_number integer, its_proof bytea)",
        "boolean",
        """
    DECLARE
        raised bigint;
        most bigint := CASE WHEN its_run IS NULL THEN 30 ELSE 10 END;
    BEGIN
        IF its_run IS NOT NULL AND NOT EXISTS (
            SELECT FROM attempt_proof AS p LEFT JOIN attempt_hold AS h USING (run_id, number)
            WHERE run_id = its_run AND number = its_number AND coalesce(h.digest, p.digest) = sha256(its_proof)
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s: the proof is not that of this attempt', its_run, its_number);
        END IF;
        IF NOT coalesce(its_kind = 'unknown message' AND its_run IS NULL
            OR its_kind = 'introduction refused' AND its_run IS NOT NULL, false) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'a worker raises no such alarm';
        END IF;
        IF its_run IS NULL THEN
            raised := (SELECT count(*) FROM alarm WHERE run_id IS NULL AND kind = its_kind
                AND raised_at > now() - interval '1 min');
        ELSE
            raised := (SELECT count(*) FROM alarm WHERE run_id = its_run AND attempt = its_number
                AND raised_at > now() - interval '1 day');
        END IF;
        IF raised < most THEN
            INSERT INTO alarm (run_id, attempt, kind, detail)
            VALUES (its_run, CASE WHEN its_run IS NOT NULL THEN its_number END, its_kind, left(its_detail, 500));
        END IF;
        RETURN raised < most;
    END
    """,
    ),
)

DISPATCHER = (
    # What is returned is locked until the transaction ends.
    function(
        'next_runs("window" integer)',
        "TABLE (run_id uuid, number integer, job_id text, requested_by text)",
        """
        SELECT r.run_id, r.attempt + 1, r.job_id, r.requested_by FROM run AS r
        WHERE r.state = 'requested' AND r.stop_requested_at IS NULL AND (r.not_before IS NULL OR r.not_before <= now())
        ORDER BY r.requested_at
        LIMIT greatest(0, $1 - (SELECT count(*) FROM attempt WHERE state IN ('dispatched', 'running')))
        FOR UPDATE SKIP LOCKED
    """,
        language="sql",
    ),
    function(
        "dispatch_attempt(its_run uuid, its_number integer, its_secret_id_accessor text, its_wrapping_accessor text,"
        " its_digest bytea, lease double precision, most_attempts integer)",
        "void",
        """
    BEGIN
        UPDATE run SET state = 'dispatched', attempt = its_number, waiting_reason = NULL, not_before = NULL,
            max_attempts = most_attempts
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
    """,
    ),
    function(
        "return_attempt(its_run uuid, its_number integer, reason text)",
        "void",
        """
    BEGIN
        UPDATE attempt SET state = 'postponed', ended_at = now(), failure = left(reason, 500)
        WHERE run_id = its_run AND number = its_number AND state = 'dispatched';
        IF FOUND THEN PERFORM requeue_run(its_run, left(reason, 500)); END IF;
    END
    """,
    ),
    function(
        "note_waiting(reason text)",
        "void",
        """
        UPDATE run SET waiting_reason = left(reason, 500)
        WHERE state = 'requested' AND waiting_reason IS DISTINCT FROM left(reason, 500)
    """,
        language="sql",
    ),
)

PROCESSES = (
    function(
        "beat(its_problem text)",
        "void",
        """
        INSERT INTO heartbeat AS known (process, problem)
        VALUES (replace(session_user, 'triage_', ''), left(its_problem, 500))
        ON CONFLICT (process) DO UPDATE SET seen_at = now(), problem = EXCLUDED.problem
    """,
        language="sql",
    ),
    function("tables_version()", "text", "SELECT max(version_num) FROM alembic_version", language="sql"),
)

#: Triggers hold for every role. Only their owner can switch them off.
TRIGGERS = (
    function(
        "refuse_change()",
        "trigger",
        """
    BEGIN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%s of %s is refused: %s', TG_OP, TG_TABLE_NAME, TG_ARGV[0]);
    END
    """,
    ),
    *(
        f"CREATE TRIGGER rows_stay BEFORE {events} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')"
        for events, tables in (
            (
                "UPDATE OR DELETE OR TRUNCATE",
                ("attempt_proof", "attempt_hold", "denial", "call", "answer", "alarm"),
            ),
            ("DELETE OR TRUNCATE", ("run", "attempt", "step", "credential")),
        )
        for table in tables
    ),
    *(
        f"CREATE TRIGGER columns_stay BEFORE UPDATE OF {columns} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')"
        for table, columns in (
            ("run", "run_id, job_id, goal, requested_by, requested_at"),
            ("attempt", "run_id, number, dispatched_at, secret_id_accessor, wrapping_accessor"),
            (
                "step",
                "step_id, run_id, attempt, number, tool, question, reason, rules, helps, after, needed, why_not",
            ),
            (
                "credential",
                (
                    "credential_id, run_id, attempt, tool, kind, vault_path, policy, scope, request_id, accessor, lease_id,"
                    " service_user, fingerprint, issued_at, expires_at"
                ),
            ),
        )
    ),
    """
    CREATE TRIGGER only_forward BEFORE UPDATE ON run FOR EACH ROW WHEN (
        OLD.state IN ('completed', 'failed')
        OR (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
            ('requested', 'dispatched'), ('requested', 'failed'),
            ('dispatched', 'requested'), ('dispatched', 'completed'), ('dispatched', 'failed')))
        OR NEW.attempt <> OLD.attempt
            + CASE WHEN OLD.state = 'requested' AND NEW.state = 'dispatched' THEN 1 ELSE 0 END
        OR (OLD.started_at IS NOT NULL AND OLD.started_at IS DISTINCT FROM NEW.started_at)
        OR (OLD.stop_requested_at IS NOT NULL AND (OLD.stop_requested_at, OLD.stop_requested_by)
            IS DISTINCT FROM (NEW.stop_requested_at, NEW.stop_requested_by)))
    EXECUTE FUNCTION refuse_change('a run only goes forward')
    """,
    """
    CREATE TRIGGER only_forward BEFORE UPDATE ON attempt FOR EACH ROW WHEN (
        (OLD.state NOT IN ('dispatched', 'running') AND (OLD.lease_until, OLD.ended_at, OLD.failure)
            IS DISTINCT FROM (NEW.lease_until, NEW.ended_at, NEW.failure))
        OR (OLD.state <> NEW.state AND NOT (
            (OLD.state = 'dispatched' AND NEW.state IN ('running', 'failed', 'postponed', 'lost'))
            OR (OLD.state = 'running' AND NEW.state IN ('finished', 'failed', 'postponed', 'lost'))))
        OR ((OLD.worker, OLD.claimed_at) IS DISTINCT FROM (NEW.worker, NEW.claimed_at)
            AND NOT (OLD.state = 'dispatched' AND NEW.state = 'running'))
        OR ((OLD.entity_id, OLD.policy, OLD.login_request_id, OLD.token_accessor, OLD.token_issued_at,
                OLD.token_expires_at)
            IS DISTINCT FROM (NEW.entity_id, NEW.policy, NEW.login_request_id, NEW.token_accessor, NEW.token_issued_at,
                NEW.token_expires_at)
            AND (OLD.state <> 'running' OR NEW.state <> 'running' OR OLD.login_request_id IS NOT NULL))
        OR ((OLD.revoked_at, OLD.revoked_by) IS DISTINCT FROM (NEW.revoked_at, NEW.revoked_by)
            AND (OLD.revoked_at IS NOT NULL OR OLD.state IN ('dispatched', 'running'))))
    EXECUTE FUNCTION refuse_change('an attempt only goes forward, and has one identity')
    """,
    """
    CREATE TRIGGER only_once BEFORE UPDATE ON credential FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL OR OLD.ended_by IS NOT NULL)
    EXECUTE FUNCTION refuse_change('a credential ends once')
    """,
    """
    CREATE TRIGGER only_once BEFORE UPDATE ON step FOR EACH ROW WHEN (OLD.outcome <> 'planned')
    EXECUTE FUNCTION refuse_change('a step ends once')
    """,
    function(
        "demand_finished_attempt()",
        "trigger",
        """
    BEGIN
        IF NOT EXISTS (
            SELECT FROM attempt WHERE run_id = NEW.run_id AND number = NEW.attempt AND state = 'finished'
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = format('run %s is completed by no attempt', NEW.run_id);
        END IF;
        RETURN NEW;
    END
    """,
    ),
    """
    CREATE TRIGGER completed_by_an_attempt BEFORE UPDATE ON run
    FOR EACH ROW WHEN (NEW.state = 'completed' AND OLD.state <> 'completed') EXECUTE FUNCTION demand_finished_attempt()
    """,
    function(
        "demand_running_attempt()",
        "trigger",
        """
    BEGIN
        IF EXISTS (
            SELECT FROM ended JOIN attempt AS a ON a.run_id = ended.run_id AND a.number = ended.attempt
            WHERE a.state <> 'running'
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = 'UPDATE of step is refused: its attempt is not running';
        END IF;
        RETURN NULL;
    END
    """,
    ),
    """
    CREATE TRIGGER while_running AFTER UPDATE ON step
    REFERENCING NEW TABLE AS ended FOR EACH STATEMENT EXECUTE FUNCTION demand_running_attempt()
    """,
)

GRANTS = (
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM triage_worker, triage_dispatcher",
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "GRANT USAGE ON SCHEMA public TO triage_sweeper",
    "GRANT EXECUTE ON FUNCTION tables_version TO triage_app, triage_dispatcher, triage_sweeper, triage_worker",
    "GRANT EXECUTE ON FUNCTION beat TO triage_dispatcher, triage_sweeper",
    """
    GRANT EXECUTE ON FUNCTION claim_attempt, record_login, record_credentials, record_calls, fail_attempt, raise_alarm
        TO triage_worker
    """,
    "GRANT EXECUTE ON FUNCTION next_runs, dispatch_attempt, return_attempt, note_waiting TO triage_dispatcher",
    # A person requests a run and its stop. The rest of a run is not theirs to say.
    "REVOKE ALL ON alembic_version, run FROM triage_app",
    "GRANT SELECT, INSERT (run_id, job_id, goal, requested_by) ON run TO triage_app",
    "GRANT UPDATE (stop_requested_at, stop_requested_by) ON run TO triage_app",
)


def upgrade() -> None:
    for statement in (*TABLES, *INNER, *WORKER, *DISPATCHER, *PROCESSES, *TRIGGERS, *GRANTS):
        op.execute(statement)
