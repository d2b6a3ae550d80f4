"""Takes in the newer tables of the pattern"""

revision = "1.0014"
down_revision = ("1.0012", "1.0013")


def upgrade() -> None:
    """Nothing of its own."""
