"""Takes in the newer tables of the pattern"""

revision = "1.0023"
down_revision = ("1.0021", "1.0022")


def upgrade() -> None:
    """Nothing of its own."""
