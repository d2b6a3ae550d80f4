"""Brings the application's tables to the newest version, as their owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from infra.postgres.server import ServerError
from infra.reporting import Say

_MIGRATIONS = Path(__file__).parents[2] / "app" / "store" / "migrations"


def migrate(engine: Engine, say: Say) -> None:
    """Run all outstanding migrations, and say from which version to which.

    Raises `ServerError` for tables of a later version than this program's, and SQLAlchemy's errors.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    versions = ScriptDirectory.from_config(config)
    newest = versions.get_current_head()
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == newest:
        return
    if found is not None and found not in {version.revision for version in versions.walk_revisions()}:
        raise ServerError(f"the tables are of version {found}, which is later than this program's {newest}")
    command.upgrade(config, "head")
    say(f"tables: {found or 'none'} to {newest}")
