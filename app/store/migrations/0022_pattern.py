"""Takes in the newer tables of the pattern"""

revision = "1.0022"
down_revision = ("1.0019", "1.0021")


def upgrade() -> None:
    """Nothing of its own."""
