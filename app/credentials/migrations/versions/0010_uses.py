"""Uses of credentials, as the tools logged them"""

revision = "1.0010"
down_revision = "1.0009"


def upgrade() -> None:
    pass
