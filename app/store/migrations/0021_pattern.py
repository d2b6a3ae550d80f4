"""Takes in the newer indexes of the pattern"""

revision = "1.0021"
down_revision = ("1.0019", "1.0020")


def upgrade() -> None:
    """Nothing of its own."""
