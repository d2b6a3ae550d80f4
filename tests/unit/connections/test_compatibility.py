from alembic.config import Config
from alembic.script import ScriptDirectory

import app.store
from app.connections.compatibility import TABLES


def test_this_program_asks_for_the_tables_of_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", f"{app.store.__path__[0]}/migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == TABLES
