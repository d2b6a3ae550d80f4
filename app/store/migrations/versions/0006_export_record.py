"""A record of every export: who took what out, when, and its digest"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "export_record",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("action_id", sa.String(), nullable=True),
        sa.Column("query", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.action_id"]),
        sa.PrimaryKeyConstraint("export_id"),
    )
    op.create_index("ix_export_of_action", "export_record", ["action_id", "at"])
    # Append-only: the application may add to it and read it, and nobody else has anything to do with it.
    op.execute("GRANT SELECT, INSERT ON export_record TO triage_app")


def downgrade() -> None:
    raise NotImplementedError("0006: a record of exports is never dropped")
