"""Indexes of the search of the vault's log: each line by its time, and by whatever it names"""

from alembic import op

revision = "1.0020"
down_revision = "1.0018"

INDEXES = (
    # Takes the place of the one by time of the lines of kind "issued", which are more than half.
    "CREATE INDEX ix_vault_event_at ON vault_event (at, number)",
    "DROP INDEX ix_vault_event_issued",
    # Kinds that ordinary runs never leave: they pay nothing for it.
    """
    CREATE INDEX ix_vault_event_unusual ON vault_event (at, number)
    WHERE kind IN ('denied', 'login-refused', 'broken-off')
    """,
    # Few values, each in many lines: in the order of the list, so that the newest need no sorting.
    "CREATE INDEX ix_vault_event_path ON vault_event (path, at, number)",
    "CREATE INDEX ix_vault_event_address ON vault_event (remote_address, at, number)",
    # Many values, each in few lines that are close together. A tree would cost each run more than all others here.
    """
    CREATE INDEX ix_vault_event_asked ON vault_event USING brin (
        token_accessor text_bloom_ops (n_distinct_per_range = 400),
        secret_id_accessor text_bloom_ops (n_distinct_per_range = 200))
    WITH (pages_per_range = 32, autosummarize = on)
    """,
)


def upgrade() -> None:
    """Make them."""
    for statement in INDEXES:
        op.execute(statement)
