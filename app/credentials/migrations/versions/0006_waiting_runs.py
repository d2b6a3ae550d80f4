"""Waiting runs cost nothing: they are reserved while identities are minted, and share one reason"""

from alembic import op

revision = "1.0006"
down_revision = "1.0004"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
