"""Takes in the newer tables of the pattern, and its rule for the plans of functions"""

from alembic import op

revision = "1.0008"
down_revision = ("1.0005", "1.0007")


def upgrade() -> None:
    """Plans that were made while the tables were empty must suit full ones, as in 1.0006."""
    op.execute(
        "ALTER FUNCTION store_triage SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off"
        " SET enable_mergejoin = off"
    )
