"""Brings the tables of the pattern and of its domain to the newest version, as their owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from infra.postgres.server import ServerError
from infra.reporting import Say

_PATTERN = Path(__file__).parents[2] / "app" / "credentials" / "migrations"


def configuration(domain: Path) -> Config:
    """What Alembic needs to find the pattern's migrations and those in the folder `domain`, which follow them."""
    config = Config()
    config.set_main_option("script_location", _escaped(_PATTERN))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", f"{_escaped(_PATTERN / 'versions')}\n{_escaped(domain)}")
    return config


class OldTablesError(ServerError):
    """The tables are from before the first migration there is now."""


def migrate(engine: Engine, domain: Path, say: Say) -> None:
    """Run all outstanding migrations, and report the versions before and after.

    Raises `OldTablesError`, `ServerError` for tables of a later version than this program's, and SQLAlchemy's errors.
    """
    config = configuration(domain)
    config.attributes["engine"] = engine
    versions = ScriptDirectory.from_config(config)
    first, newest = versions.get_base() or "", versions.get_current_head() or ""
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == newest:
        return
    if found is not None and found < first:
        raise OldTablesError(
            f"the tables are of version {found}, from before {first}, and cannot be brought up to {newest}:"
            " start with an empty database"
        )
    if found is not None and found not in {version.revision for version in versions.walk_revisions()}:
        raise ServerError(f"the tables are of version {found}, which is later than this program's {newest}")
    command.upgrade(config, "head")
    say(f"tables: {found or 'none'} to {newest}")


def _escaped(folder: Path) -> str:
    return str(folder).replace("%", "%%")
