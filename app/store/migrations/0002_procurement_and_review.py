"""Actions, evidence, flags, and their review"""

from alembic import op

revision = "1.0002"
down_revision = "1.0001"

TABLES = (
    """
    CREATE TABLE action (
        action_id varchar PRIMARY KEY,
        action_type varchar NOT NULL,
        piid varchar NOT NULL,
        modification varchar,
        amount numeric(18, 2) NOT NULL,
        effective_date date NOT NULL,
        description varchar NOT NULL,
        vendors jsonb NOT NULL,
        terms jsonb NOT NULL,
        submitted_at timestamptz NOT NULL)
    """,
    "CREATE INDEX ix_action_piid ON action (piid)",
    "CREATE INDEX ix_action_submitted ON action (submitted_at, action_id)",
    "CREATE INDEX ix_action_vendors ON action USING gin (vendors jsonb_path_ops)",
    """
    CREATE INDEX ix_action_search ON action USING gin (to_tsvector('simple', action_id || ' ' || piid || ' '
        || coalesce(modification, '') || ' ' || description || ' ' || vendors::text))
    """,
    "CREATE INDEX ix_action_id_begins ON action (action_id text_pattern_ops)",
    "CREATE INDEX ix_action_piid_begins ON action (piid text_pattern_ops)",
    "ALTER TABLE run ADD FOREIGN KEY (job_id) REFERENCES action",
    """
    CREATE TABLE evidence (
        evidence_id uuid PRIMARY KEY,
        run_id uuid NOT NULL,
        call_id uuid NOT NULL REFERENCES call,
        source varchar NOT NULL,
        record_key varchar NOT NULL,
        kind varchar NOT NULL,
        fact jsonb NOT NULL,
        pulled_at timestamptz NOT NULL)
    """,
    "CREATE INDEX ix_evidence_run_id ON evidence (run_id)",
    "CREATE INDEX ix_evidence_call_id ON evidence (call_id)",
    """
    CREATE INDEX ix_evidence_registration ON evidence ((fact ->> 'uei'), pulled_at)
    WHERE kind = 'Registration'
    """,
    """
    CREATE TABLE flag (
        flag_id uuid PRIMARY KEY,
        run_id uuid NOT NULL REFERENCES run,
        attempt integer NOT NULL,
        action_id varchar NOT NULL REFERENCES action,
        rule varchar NOT NULL,
        rule_version integer NOT NULL,
        title varchar NOT NULL,
        severity varchar NOT NULL,
        subject varchar NOT NULL,
        because varchar NOT NULL,
        authority_codified varchar NOT NULL,
        authority_rfo varchar NOT NULL,
        match_score double precision,
        match_compared varchar,
        recommended varchar NOT NULL,
        raised_at timestamptz NOT NULL,
        fact_key varchar,
        systems varchar[] NOT NULL DEFAULT '{}',
        action_type varchar NOT NULL DEFAULT '',
        vendors varchar[] NOT NULL DEFAULT '{}',
        search tsvector,
        current boolean NOT NULL DEFAULT true,
        answered_by uuid REFERENCES flag,
        status varchar NOT NULL DEFAULT 'open',
        decision varchar,
        decided_at timestamptz,
        assignee varchar,
        assigned_to varchar NOT NULL GENERATED ALWAYS AS (coalesce(assignee, '')) STORED,
        version integer NOT NULL DEFAULT 0,
        arrived bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
        UNIQUE (run_id, rule, subject))
    """,
    "CREATE INDEX ix_flag_run_id ON flag (run_id)",
    "CREATE INDEX ix_flag_action_id ON flag (action_id)",
    # Orders of the queue. What stands last is no part of the order: it lets a filter pass over rows without reading
    # them.
    "CREATE INDEX ix_flag_newest ON flag (raised_at, flag_id, status) WHERE current",
    "CREATE INDEX ix_flag_severity ON flag (severity, raised_at, flag_id, status) WHERE current",
    "CREATE INDEX ix_flag_assignee ON flag (assigned_to, severity, raised_at, flag_id, status) WHERE current",
    "CREATE INDEX ix_flag_rule ON flag (rule, severity, raised_at, flag_id, status) WHERE current",
    "CREATE INDEX ix_flag_status ON flag (status, severity, raised_at, flag_id) WHERE current",
    "CREATE INDEX ix_flag_raised_at ON flag (raised_at)",
    "CREATE INDEX ix_flag_closed ON flag (decided_at) WHERE status = 'closed'",
    "CREATE INDEX ix_flag_vendors ON flag USING gin (vendors)",
    "CREATE INDEX ix_flag_systems ON flag USING gin (systems)",
    "CREATE INDEX ix_flag_search ON flag USING gin (search)",
    "CREATE INDEX ix_flag_fact ON flag (fact_key) WHERE decision IS NOT NULL",
    "CREATE INDEX ix_flag_arrived ON flag (arrived)",
    """
    CREATE TABLE compared_value (
        flag_id uuid REFERENCES flag,
        position integer,
        source varchar NOT NULL,
        label varchar NOT NULL,
        value varchar NOT NULL,
        record_key varchar,
        evidence_id uuid REFERENCES evidence,
        PRIMARY KEY (flag_id, position))
    """,
    """
    CREATE TABLE flag_tally (
        current boolean NOT NULL,
        status varchar NOT NULL,
        severity varchar NOT NULL,
        rule varchar NOT NULL,
        action_type varchar NOT NULL,
        systems varchar[] NOT NULL,
        assignee varchar,
        flags bigint NOT NULL)
    """,
    """
    CREATE TABLE submission (
        by varchar,
        key varchar,
        digest varchar NOT NULL,
        at timestamptz NOT NULL,
        outcome jsonb NOT NULL,
        PRIMARY KEY (by, key))
    """,
    """
    CREATE TABLE review_event (
        event_id uuid PRIMARY KEY,
        flag_id uuid NOT NULL REFERENCES flag,
        number integer NOT NULL,
        kind varchar NOT NULL,
        by varchar NOT NULL,
        by_name varchar NOT NULL,
        at timestamptz NOT NULL,
        decision varchar,
        rationale varchar NOT NULL,
        reference varchar,
        assignee varchar,
        digest varchar NOT NULL,
        UNIQUE (flag_id, number))
    """,
    "CREATE INDEX ix_review_event_at ON review_event (at)",
    """
    CREATE TABLE saved_view (
        owner varchar,
        name varchar,
        query varchar NOT NULL,
        PRIMARY KEY (owner, name))
    """,
    """
    CREATE TABLE export_record (
        export_id uuid PRIMARY KEY,
        kind varchar NOT NULL,
        action_id varchar REFERENCES action,
        query varchar,
        by varchar NOT NULL,
        by_name varchar NOT NULL,
        at timestamptz NOT NULL,
        digest varchar NOT NULL,
        bytes bigint NOT NULL)
    """,
    "CREATE INDEX ix_export_of_action ON export_record (action_id, at)",
    "CREATE TABLE person (subject varchar PRIMARY KEY, name varchar NOT NULL, roles varchar[] NOT NULL)",
    """
    CREATE TABLE web_session (
        id_hash varchar PRIMARY KEY,
        subject varchar,
        name varchar,
        roles varchar[] NOT NULL,
        data jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        seen_at timestamptz NOT NULL DEFAULT now())
    """,
    "CREATE INDEX ix_web_session_subject ON web_session (subject)",
    "CREATE INDEX ix_web_session_seen_at ON web_session (seen_at)",
)

# Their search path ends with pg_temp: where it is not named, a caller's temporary tables come before the real ones.
FUNCTIONS = (
    # The owner of the tables fills in what the application knows of a flag's action and of earlier decisions, so that
    # the worker that writes a finding needs to read neither decisions nor other findings.
    """
    CREATE FUNCTION describe_flag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its action%ROWTYPE;
    BEGIN
        SELECT * INTO STRICT its FROM action WHERE action_id = NEW.action_id;
        NEW.action_type := its.action_type;
        NEW.vendors := ARRAY(SELECT DISTINCT jsonb_array_elements(its.vendors) ->> 'name' ORDER BY 1);
        NEW.search := to_tsvector('simple', left(concat_ws(' ', NEW.rule, NEW.title, NEW.subject, NEW.action_id,
            its.piid, its.modification, its.description, its.vendors::text, NEW.because), 100000));
        NEW.answered_by := (
            SELECT flag_id FROM flag
            WHERE fact_key = NEW.fact_key AND decision = 'not_a_discrepancy' AND status = 'closed'
            ORDER BY decided_at DESC LIMIT 1);
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER describe_flag BEFORE INSERT ON flag FOR EACH ROW EXECUTE FUNCTION describe_flag()",
    """
    CREATE FUNCTION supersede_flags() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        -- Two runs of one action that end at the same moment come one after the other.
        PERFORM 1 FROM action WHERE action_id = NEW.job_id FOR UPDATE;
        UPDATE flag SET current = false
        WHERE action_id = NEW.job_id AND run_id <> NEW.run_id AND current;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER supersede_flags AFTER UPDATE OF state ON run
    FOR EACH ROW WHEN (NEW.state = 'completed' AND OLD.state <> 'completed') EXECUTE FUNCTION supersede_flags()
    """,
    # Differences are added, never changed in place, so that two runs that end at once do not wait for each other;
    # now and then a transaction that adds one folds the rows that are there into one for each combination.
    """
    CREATE FUNCTION tally_flags() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO flag_tally
            SELECT current, status, severity, rule, action_type, systems, assignee, count(*)
            FROM after_it GROUP BY 1, 2, 3, 4, 5, 6, 7;
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO flag_tally
            SELECT current, status, severity, rule, action_type, systems, assignee, -count(*)
            FROM before_it GROUP BY 1, 2, 3, 4, 5, 6, 7;
        ELSE
            INSERT INTO flag_tally
            SELECT current, status, severity, rule, action_type, systems, assignee, sum(flags)
            FROM (SELECT *, 1 AS flags FROM after_it UNION ALL SELECT *, -1 FROM before_it) AS both_sides
            GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(flags) <> 0;
        END IF;
        IF random() < 0.02 THEN
            WITH folded AS (
                DELETE FROM flag_tally
                WHERE ctid = ANY (ARRAY(SELECT ctid FROM flag_tally LIMIT 100000 FOR UPDATE SKIP LOCKED))
                RETURNING *)
            INSERT INTO flag_tally
            SELECT current, status, severity, rule, action_type, systems, assignee, sum(flags)
            FROM folded GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(flags) <> 0;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER tally_new_flags AFTER INSERT ON flag
    REFERENCING NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION tally_flags()
    """,
    """
    CREATE TRIGGER tally_changed_flags AFTER UPDATE ON flag
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION tally_flags()
    """,
    """
    CREATE TRIGGER tally_removed_flags AFTER DELETE ON flag
    REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION tally_flags()
    """,
    # Sessions go, names of people whose decisions stand must not.
    """
    CREATE FUNCTION know_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        INSERT INTO person AS known (subject, name, roles) VALUES (NEW.subject, coalesce(NEW.name, NEW.subject), NEW.roles)
        ON CONFLICT (subject) DO UPDATE SET name = excluded.name, roles = excluded.roles
        WHERE (known.name, known.roles) IS DISTINCT FROM (excluded.name, excluded.roles);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER know_person AFTER INSERT ON web_session
    FOR EACH ROW WHEN (NEW.subject IS NOT NULL) EXECUTE FUNCTION know_person()
    """,
)

GRANTS = (
    # Triggers need no right to their function, and nothing else calls one.
    "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC",
    """
    GRANT SELECT ON action, evidence, flag, compared_value, flag_tally, submission, review_event, saved_view,
        export_record, person, web_session TO triage_app
    """,
    "GRANT INSERT ON action, submission, review_event, saved_view, export_record, web_session TO triage_app",
    "GRANT UPDATE (status, decision, decided_at, assignee, version) ON flag TO triage_app",
    "GRANT UPDATE (query), DELETE ON saved_view TO triage_app",
    # The application may change what a session holds and when it was used, not whose it is or when it began.
    "GRANT UPDATE (seen_at, data), DELETE ON web_session TO triage_app",
    # Answers to submissions never change; keys that no program can be waiting for are deleted.
    "GRANT DELETE ON submission TO triage_app",
    "GRANT SELECT ON action TO triage_worker",
    "GRANT INSERT ON evidence, compared_value TO triage_worker",
    # The process that finds something cannot also say that it is settled.
    """
    GRANT INSERT (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject, because,
        authority_codified, authority_rfo, match_score, match_compared, recommended, raised_at, fact_key, systems)
        ON flag TO triage_worker
    """,
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *GRANTS):
        op.execute(statement)
