"""How far the clocks of our processes and of the vault are from the database's"""

from alembic import op

revision = "1.0007"
down_revision = "1.0006"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
