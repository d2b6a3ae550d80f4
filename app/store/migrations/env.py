"""Runs the migrations as the owner of the tables; the address comes in `config.attributes["url"]`."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

from app.store import tables, web_sessions  # noqa: F401  # they fill SQLModel.metadata

engine = create_engine(context.config.attributes["url"], poolclass=NullPool, hide_parameters=True)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()
