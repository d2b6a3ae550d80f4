"""Alarms with a life"""

revision = "1.0009"
down_revision = "1.0007"


def upgrade() -> None:
    pass
