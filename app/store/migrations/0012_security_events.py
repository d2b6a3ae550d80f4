"""Takes in the newer tables of the pattern; security events"""

revision = "1.0012"
down_revision = ("1.0008", "1.0011")


def upgrade() -> None:
    pass
