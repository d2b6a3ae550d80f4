"""Brings the application's tables to the newest version, as their owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

_MIGRATIONS = Path(__file__).parents[2] / "app" / "store" / "migrations"


def migrate(engine: Engine) -> None:
    """Run all outstanding migrations on the database of this engine."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")
