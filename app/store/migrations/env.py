"""Runs the migrations as the owner of the tables, whose connections come from `config.attributes["engine"]`."""

from alembic import context
from sqlmodel import SQLModel

from app.review import tables as review  # noqa: F401  # fills SQLModel.metadata
from app.store import tables as store  # noqa: F401  # fills SQLModel.metadata

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()
