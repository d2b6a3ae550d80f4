"""The queue at 100,000 flags: an order for each sort, counts that need not be counted, when a flag became visible, people"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

FUNCTIONS = (
    # Differences are added, never changed in place, so that two runs that end at once do not wait for each other;
    # now and then whoever adds one folds what is there into one line for each combination.
    """
    CREATE FUNCTION tally_flags() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
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
    CREATE TRIGGER tally_new_flags AFTER INSERT ON discrepancy
    REFERENCING NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION tally_flags()
    """,
    """
    CREATE TRIGGER tally_changed_flags AFTER UPDATE ON discrepancy
    REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it FOR EACH STATEMENT EXECUTE FUNCTION tally_flags()
    """,
    """
    CREATE TRIGGER tally_removed_flags AFTER DELETE ON discrepancy
    REFERENCING OLD TABLE AS before_it FOR EACH STATEMENT EXECUTE FUNCTION tally_flags()
    """,
    """
    INSERT INTO flag_tally
    SELECT current, status, severity, rule, action_type, systems, assignee, count(*)
    FROM discrepancy GROUP BY 1, 2, 3, 4, 5, 6, 7
    """,
    # Sessions go, names of people whose decisions stand must not.
    """
    CREATE FUNCTION know_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
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
    "GRANT SELECT ON flag_tally, person TO triage_app",
)

#: Orders of the queue. What stands last is no part of the order: it lets a filter pass over rows without reading them.
ORDERS = {
    "newest": ["raised_at", "flag_id", "status"],
    "severity": ["severity", "raised_at", "flag_id", "status"],
    "assignee": ["assigned_to", "severity", "raised_at", "flag_id", "status"],
    "rule": ["rule", "severity", "raised_at", "flag_id", "status"],
    "status": ["status", "severity", "raised_at", "flag_id"],
}


def upgrade() -> None:
    current = sa.text("current")
    op.add_column(
        "discrepancy",
        sa.Column(
            "assigned_to", sa.String(), sa.Computed("coalesce(assignee, '')", persisted=True), nullable=False
        ),
    )
    op.add_column(
        "discrepancy",
        sa.Column(
            "arrived",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
    )
    op.drop_index("ix_flag_queue", table_name="discrepancy")
    op.drop_index("ix_flag_newest", table_name="discrepancy")
    op.drop_index("ix_flag_assignee", table_name="discrepancy")
    for name, columns in ORDERS.items():
        op.create_index(f"ix_flag_{name}", "discrepancy", columns, postgresql_where=current)
    for column in ("vendors", "systems"):
        op.create_index(f"ix_flag_{column}", "discrepancy", [column], postgresql_using="gin")
    op.create_index("ix_flag_arrived", "discrepancy", ["arrived"])
    op.create_table(
        "flag_tally",
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("action_type", sa.String(), nullable=False),
        sa.Column("systems", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("assignee", sa.String(), nullable=True),
        sa.Column("flags", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "person",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String()), nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    for statement in FUNCTIONS:
        op.execute(statement)


def downgrade() -> None:
    for name, table in (
        ("tally_new_flags", "discrepancy"),
        ("tally_changed_flags", "discrepancy"),
        ("tally_removed_flags", "discrepancy"),
        ("know_person", "web_session"),
    ):
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute("DROP FUNCTION tally_flags(), know_person()")
    op.drop_table("person")
    op.drop_table("flag_tally")
    for name in ("ix_flag_arrived", *(f"ix_flag_{name}" for name in (*ORDERS, "vendors", "systems"))):
        op.drop_index(name, table_name="discrepancy")
    op.drop_column("discrepancy", "arrived")
    op.drop_column("discrepancy", "assigned_to")
    op.create_index("ix_flag_assignee", "discrepancy", ["assignee"])
    for name, columns in (
        ("newest", ["raised_at", "flag_id"]),
        ("queue", ["severity", "status", "rule", "raised_at"]),
    ):
        op.create_index(f"ix_flag_{name}", "discrepancy", columns, postgresql_where=sa.text("current"))
