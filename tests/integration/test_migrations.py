"""The migrations make the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from app.review import tables as review_tables  # noqa: F401  # fills SQLModel.metadata
from app.store import tables as store_tables  # noqa: F401  # fills SQLModel.metadata


def test_the_models_are_the_migrated_tables(system):
    with system.sessions() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, SQLModel.metadata) == []
