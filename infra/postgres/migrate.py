"""Brings the application's tables to the newest version, as their owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_MIGRATIONS = Path(__file__).parents[2] / "app" / "store" / "migrations"


def migrate(address: str) -> None:
    """Run all outstanding migrations on the database at this SQLAlchemy address."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = address
    command.upgrade(config, "head")
