"""Takes in the newer tables of the pattern"""

revision = "1.0027"
down_revision = ("1.0025", "1.0026")


def upgrade() -> None:
    """Nothing of its own."""
