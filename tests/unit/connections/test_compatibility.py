from alembic.script import ScriptDirectory

from app.connections.compatibility import FIRST_TABLES, TABLES
from infra.postgres.migrate import configuration
from infra.provision.database import MIGRATIONS


def test_this_program_asks_for_the_tables_of_its_migrations():
    versions = ScriptDirectory.from_config(configuration(MIGRATIONS))
    assert (versions.get_base(), versions.get_current_head()) == (FIRST_TABLES, TABLES)


def test_later_versions_compare_as_later():
    """A version is distinguished from an older one by its text alone."""
    versions = list(ScriptDirectory.from_config(configuration(MIGRATIONS)).walk_revisions())
    assert len({version.revision for version in versions}) == len(versions)
    assert all(earlier < version.revision for version in versions for earlier in version._all_down_revisions)
