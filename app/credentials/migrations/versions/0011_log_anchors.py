"""Anchors of the vault's log"""

revision = "1.0011"
down_revision = "1.0010"


def upgrade() -> None:
    pass
