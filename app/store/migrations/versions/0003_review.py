"""Review of flags: an append-only history, the state it adds up to, raw answers, saved views"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

# What the application knows of a flag's action and of earlier decisions is filled in here, by the owner of the
# tables, so that the worker that writes a finding needs to read neither decisions nor other findings.
FUNCTIONS = (
    """
    CREATE FUNCTION describe_flag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    DECLARE
        its action%ROWTYPE;
    BEGIN
        SELECT * INTO STRICT its FROM action WHERE action_id = NEW.action_id;
        NEW.action_type := its.action_type;
        NEW.vendors := ARRAY(SELECT DISTINCT jsonb_array_elements(its.vendors) ->> 'name' ORDER BY 1);
        NEW.search := to_tsvector('simple', left(concat_ws(' ', NEW.rule, NEW.title, NEW.subject, NEW.action_id,
            its.piid, its.modification, its.description, its.vendors::text, NEW.because), 100000));
        NEW.answered_by := (
            SELECT flag_id FROM discrepancy
            WHERE fact_key = NEW.fact_key AND decision = 'not_a_discrepancy' AND status = 'closed'
            ORDER BY decided_at DESC LIMIT 1);
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER describe_flag BEFORE INSERT ON discrepancy
    FOR EACH ROW EXECUTE FUNCTION describe_flag()
    """,
    """
    CREATE FUNCTION supersede_flags() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
    BEGIN
        -- Two runs of one action that end at the same moment come one after the other.
        PERFORM 1 FROM action WHERE action_id = NEW.action_id FOR UPDATE;
        UPDATE discrepancy SET current = false
        WHERE action_id = NEW.action_id AND run_id <> NEW.run_id AND current;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER supersede_flags AFTER UPDATE OF state ON run
    FOR EACH ROW WHEN (NEW.state = 'completed' AND OLD.state <> 'completed') EXECUTE FUNCTION supersede_flags()
    """,
)

GRANTS = (
    "GRANT SELECT ON answer, review_event, saved_view TO triage_app",
    "GRANT INSERT ON review_event, saved_view TO triage_app",
    "GRANT UPDATE (query), DELETE ON saved_view TO triage_app",
    "GRANT UPDATE (status, decision, decided_at, assignee, version) ON discrepancy TO triage_app",
    "GRANT UPDATE (stop_requested_at, stop_requested_by) ON run TO triage_app",
    "GRANT INSERT ON answer TO triage_worker",
    # Whoever finds a discrepancy cannot also say that it is settled.
    "REVOKE INSERT ON discrepancy FROM triage_worker",
    (
        "GRANT INSERT (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject,"
        " because, authority_codified, authority_rfo, match_score, match_compared, recommended, raised_at, fact_key,"
        " systems) ON discrepancy TO triage_worker"
    ),
)

FOUND_BEFORE = """
    UPDATE discrepancy SET
        action_type = action.action_type,
        vendors = ARRAY(SELECT DISTINCT jsonb_array_elements(action.vendors) ->> 'name' ORDER BY 1),
        systems = ARRAY(SELECT DISTINCT source FROM compared_value
            WHERE compared_value.flag_id = discrepancy.flag_id AND source <> 'action' ORDER BY 1),
        search = to_tsvector('simple', left(concat_ws(' ', rule, title, subject, action.action_id, action.piid,
            action.modification, action.description, action.vendors::text, because), 100000)),
        current = run_id = (SELECT run.run_id FROM run
            WHERE run.action_id = discrepancy.action_id AND run.state = 'completed'
            ORDER BY run.finished_at DESC, run.run_id LIMIT 1)
    FROM action WHERE action.action_id = discrepancy.action_id
"""


def upgrade() -> None:
    op.drop_table("disposition")
    op.add_column("run", sa.Column("stop_requested_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("run", sa.Column("stop_requested_by", sa.String(), nullable=True))
    op.create_table(
        "answer",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.call_id"]),
        sa.PrimaryKeyConstraint("call_id"),
    )
    for column in (
        sa.Column("fact_key", sa.String(), nullable=True),
        sa.Column("systems", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("action_type", sa.String(), server_default="", nullable=False),
        sa.Column("vendors", postgresql.ARRAY(sa.String()), server_default="{}", nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), nullable=True),
        sa.Column("current", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("answered_by", sa.Uuid(), sa.ForeignKey("discrepancy.flag_id"), nullable=True),
        sa.Column("status", sa.String(), server_default="open", nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column("discrepancy", column)
    op.execute(FOUND_BEFORE)
    op.drop_index("ix_flag_queue", table_name="discrepancy")
    current = sa.text("current")
    op.create_index("ix_flag_newest", "discrepancy", ["raised_at", "flag_id"], postgresql_where=current)
    op.create_index(
        "ix_flag_queue", "discrepancy", ["severity", "status", "rule", "raised_at"], postgresql_where=current
    )
    op.create_index("ix_flag_search", "discrepancy", ["search"], postgresql_using="gin")
    op.create_index(
        "ix_flag_fact",
        "discrepancy",
        ["fact_key"],
        postgresql_where=sa.text("decision IS NOT NULL"),
    )
    op.create_index(op.f("ix_flag_assignee"), "discrepancy", ["assignee"])
    op.create_table(
        "review_event",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("rationale", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["discrepancy.flag_id"]),
        sa.PrimaryKeyConstraint("event_id"),
        sa.UniqueConstraint("flag_id", "number"),
    )
    op.create_table(
        "saved_view",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name"),
    )
    for statement in (*FUNCTIONS, *GRANTS):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("0003: a history of decisions is never dropped")
