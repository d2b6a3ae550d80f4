"""Takes in the newer tables of the pattern"""

revision = "1.0008"
down_revision = ("1.0005", "1.0007")


def upgrade() -> None:
    """Nothing of this domain changes."""
