"""What officers did about a fact carries over to the flag of a later run"""

from alembic import op

revision = "1.0015"
down_revision = "1.0014"

TABLES = (
    "ALTER TABLE flag ADD COLUMN previous uuid REFERENCES flag, ADD COLUMN carried_version integer NOT NULL DEFAULT 0",
    # A flag has one successor at most.
    "CREATE UNIQUE INDEX ix_flag_previous ON flag (previous) WHERE previous IS NOT NULL",
    "CREATE INDEX ix_flag_of_action ON flag (action_id, rule, subject)",
    "CREATE INDEX ix_flag_first_raised ON flag (raised_at) WHERE previous IS NULL",
)

FUNCTIONS = (
    # By the time a run stores its flags, its end has locked those before them, so that no officer adds to these
    # meanwhile. The newest is the one without a successor: of runs that end at once, the later one may have begun first.
    """
    CREATE OR REPLACE FUNCTION describe_flag() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        its action%ROWTYPE;
        earlier flag%ROWTYPE;
    BEGIN
        SELECT * INTO STRICT its FROM action WHERE action_id = NEW.action_id;
        NEW.action_type := its.action_type;
        NEW.vendors := ARRAY(SELECT DISTINCT jsonb_array_elements(its.vendors) ->> 'name' ORDER BY 1);
        NEW.search := to_tsvector('simple', left(concat_ws(' ', NEW.rule, NEW.title, NEW.subject, NEW.action_id,
            its.piid, its.modification, its.description, its.vendors::text, NEW.because), 100000));
        SELECT * INTO earlier FROM flag
        WHERE action_id = NEW.action_id AND rule = NEW.rule AND subject = NEW.subject
            AND NOT EXISTS (SELECT FROM flag AS later WHERE later.previous = flag.flag_id)
        ORDER BY previous IS NULL, raised_at DESC LIMIT 1 FOR NO KEY UPDATE;
        NEW.previous := earlier.flag_id;
        NEW.carried_version := coalesce(earlier.version, 0);
        IF earlier.flag_id IS NOT NULL THEN
            NEW.assignee := earlier.assignee;
        END IF;
        NEW.answered_by := NULL;
        IF earlier.status IN ('confirmed', 'referred') THEN
            NEW.status := earlier.status;
            NEW.decision := earlier.decision;
            NEW.decided_at := earlier.decided_at;
        ELSIF earlier.status IN ('closed', 'awaiting_concurrence') THEN
            NEW.answered_by := earlier.flag_id;
        ELSIF NOT EXISTS (
            SELECT FROM review_event
            WHERE flag_id = earlier.flag_id AND kind IN ('decided', 'declined', 'undone')
        ) THEN
            -- Of other actions, only what holds for any action: a document or a determination is for one.
            NEW.answered_by := coalesce(
                (SELECT flag_id FROM flag WHERE flag_id = earlier.answered_by AND action_id = NEW.action_id),
                (SELECT flag_id FROM flag
                WHERE fact_key = NEW.fact_key AND decision = 'not_a_discrepancy' AND status = 'closed'
                ORDER BY decided_at DESC LIMIT 1));
        END IF;
        RETURN NEW;
    END $$
    """,
)

TRIGGERS = (
    "DROP TRIGGER columns_stay ON flag",
    """
    CREATE TRIGGER columns_stay BEFORE UPDATE OF flag_id, run_id, attempt, action_id, rule, rule_version, title,
        severity, subject, because, authority_codified, authority_rfo, match_score, match_compared, recommended,
        raised_at, fact_key, systems, action_type, vendors, search, answered_by, arrived, previous, carried_version
        ON flag
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('this column is written once')
    """,
)


def upgrade() -> None:
    for statement in (*TABLES, *FUNCTIONS, *TRIGGERS):
        op.execute(statement)
