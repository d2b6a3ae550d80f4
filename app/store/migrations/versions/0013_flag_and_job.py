"""A finding under review is a flag; the pattern knows jobs, not actions"""

from alembic import op

revision = "0013"
down_revision = "0012"

STATEMENTS = (
    "ALTER TABLE discrepancy RENAME TO flag",
    "ALTER TABLE run RENAME COLUMN action_id TO job_id",
    "ALTER INDEX ix_run_action_id RENAME TO ix_run_job_id",
    "ALTER TABLE run RENAME CONSTRAINT run_action_id_fkey TO run_job_id_fkey",
    """
    CREATE OR REPLACE FUNCTION describe_flag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
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
    """
    CREATE OR REPLACE FUNCTION supersede_flags() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
        -- Two runs of one action that end at the same moment come one after the other.
        PERFORM 1 FROM action WHERE action_id = NEW.job_id FOR UPDATE;
        UPDATE flag SET current = false
        WHERE action_id = NEW.job_id AND run_id <> NEW.run_id AND current;
        RETURN NULL;
    END $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("0013: this version and earlier ones cannot share a database")
