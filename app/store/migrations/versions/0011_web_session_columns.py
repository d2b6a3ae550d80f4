"""Whose a session is and when it began cannot be changed by the application, only what it holds and when it was used"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("REVOKE UPDATE ON web_session FROM triage_app")
    op.execute("GRANT UPDATE (seen_at, data) ON web_session TO triage_app")


def downgrade() -> None:
    # Along with the right to the table, those to its columns go.
    op.execute("REVOKE UPDATE ON web_session FROM triage_app")
    op.execute("GRANT UPDATE ON web_session TO triage_app")
