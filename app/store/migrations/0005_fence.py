"""The fence of this domain: the action and the result of a run, and rows that stay as they are"""

from alembic import op

revision = "1.0005"
down_revision = ("1.0002", "1.0004")

TABLES = (
    "ALTER TABLE action ALTER COLUMN submitted_at SET DEFAULT now()",
    "ALTER TABLE submission ALTER COLUMN at SET DEFAULT now()",
)

FUNCTIONS = (
    """
    CREATE FUNCTION load_action(its_run uuid, its_number integer, its_proof bytea) RETURNS SETOF action
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        PERFORM hold_attempt(its_run, its_number, its_proof);
        RETURN QUERY SELECT a.* FROM action AS a JOIN run AS r ON r.job_id = a.action_id WHERE r.run_id = its_run;
    END $$
    """,
    # Result and end of the attempt are one statement. What is evidence, was said in a call of this attempt.
    """
    CREATE FUNCTION store_triage(its_run uuid, its_number integer, its_proof bytea, pieces jsonb, flags jsonb,
        compared_values jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its_action text := finish_attempt(its_run, its_number, its_proof);
        stored bigint;
        compared bigint;
    BEGIN
        INSERT INTO evidence (evidence_id, run_id, call_id, source, record_key, kind, fact, pulled_at)
        SELECT evidence_id, its_run, call_id, source, record_key, kind, fact, least(pulled_at, now())
        FROM jsonb_to_recordset(pieces) AS stated (evidence_id uuid, call_id uuid, source text, record_key text,
            kind text, fact jsonb, pulled_at timestamptz)
        JOIN call USING (call_id) WHERE run_id = its_run AND attempt = its_number;
        GET DIAGNOSTICS stored = ROW_COUNT;
        INSERT INTO flag (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject, because,
            authority_codified, authority_rfo, match_score, match_compared, recommended, raised_at, fact_key, systems)
        SELECT flag_id, its_run, its_number, its_action, rule, rule_version, title, severity, subject, because,
            authority_codified, authority_rfo, match_score, match_compared, recommended, now(), fact_key, systems
        FROM jsonb_to_recordset(flags) AS stated (flag_id uuid, rule text, rule_version integer, title text,
            severity text, subject text, because text, authority_codified text, authority_rfo text,
            match_score double precision, match_compared text, recommended text, fact_key text, systems text[]);
        INSERT INTO compared_value (flag_id, position, source, label, value, record_key, evidence_id)
        SELECT flag_id, position, stated.source, label, value, stated.record_key, evidence_id
        FROM jsonb_to_recordset(compared_values) AS stated (flag_id uuid, position integer, source text, label text,
            value text, record_key text, evidence_id uuid)
        JOIN flag USING (flag_id) LEFT JOIN evidence USING (evidence_id)
        WHERE flag.run_id = its_run AND (evidence_id IS NULL OR evidence.run_id = its_run);
        GET DIAGNOSTICS compared = ROW_COUNT;
        IF stored <> jsonb_array_length(pieces) OR compared <> jsonb_array_length(compared_values) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
                'run %s attempt %s: evidence or a value is of another run', its_run, its_number);
        END IF;
    END $$
    """,
)

TRIGGERS = (
    *(
        f"CREATE TRIGGER rows_stay BEFORE {events} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('its rows are kept as they are')"
        for events, tables in (
            (
                "UPDATE OR DELETE OR TRUNCATE",
                ("action", "evidence", "compared_value", "review_event", "export_record"),
            ),
            ("DELETE OR TRUNCATE", ("flag",)),
        )
        for table in tables
    ),
    # An officer's decision changes a flag; a later run makes it one of the past.
    """
    CREATE TRIGGER columns_stay BEFORE UPDATE OF flag_id, run_id, attempt, action_id, rule, rule_version, title,
        severity, subject, because, authority_codified, authority_rfo, match_score, match_compared, recommended,
        raised_at, fact_key, systems, action_type, vendors, search, answered_by, arrived ON flag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')
    """,
    """
    CREATE TRIGGER only_forward BEFORE UPDATE ON flag FOR EACH ROW WHEN (NEW.current AND NOT OLD.current)
    EXECUTE FUNCTION refuse_change('a finding of the past stays one')
    """,
    """
    CREATE FUNCTION demand_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF NEW.version <> OLD.version + 1 OR NOT EXISTS (
            SELECT FROM review_event WHERE flag_id = NEW.flag_id AND number = NEW.version
        ) THEN
            RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
                MESSAGE = 'UPDATE of flag is refused: no event of its history says so';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER changed_by_an_event BEFORE UPDATE ON flag FOR EACH ROW WHEN (
        (OLD.status, OLD.decision, OLD.decided_at, OLD.assignee, OLD.version)
        IS DISTINCT FROM (NEW.status, NEW.decision, NEW.decided_at, NEW.assignee, NEW.version))
    EXECUTE FUNCTION demand_event()
    """,
    """
    CREATE TRIGGER kept_for_a_week BEFORE UPDATE OR DELETE ON submission FOR EACH ROW
    WHEN (OLD.at > now() - interval '7 days')
    EXECUTE FUNCTION refuse_change('a program may still send this again')
    """,
)

GRANTS = (
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM triage_worker",
    "REVOKE ALL ON FUNCTION load_action, store_triage, demand_event FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION load_action, store_triage TO triage_worker",
    "REVOKE INSERT ON action, submission, web_session FROM triage_app",
    "GRANT INSERT (by, key, digest, outcome) ON submission TO triage_app",
    "GRANT INSERT (id_hash, subject, name, roles, data) ON web_session TO triage_app",
    """
    GRANT INSERT (action_id, action_type, piid, modification, amount, effective_date, description, vendors, terms)
        ON action TO triage_app
    """,
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS, *GRANTS):
        op.execute(statement)
