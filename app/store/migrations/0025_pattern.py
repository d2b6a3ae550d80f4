"""Takes in the newer tables of the pattern"""

revision = "1.0025"
down_revision = ("1.0023", "1.0024")


def upgrade() -> None:
    """Nothing of its own."""
