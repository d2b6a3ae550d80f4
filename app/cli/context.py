"""The settings and database of a command, and the errors it reports."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Self

import typer
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from app import settings
from app.cli.output import FAILED, USAGE, CommandError, err
from app.connections.database import Sessions, connect, sessions
from app.connections.database_trouble import trouble
from app.connections.secret_files import SettingsError
from app.credentials.auditor import AuditorError
from app.intake import IntakeError
from app.settings import Settings
from app.store.actions import ConflictError, UnknownActionError
from infra.local.state import Layout, read_record, state_folder


class Context:
    """Settings and database of a command, from the environment or else from the stack running here.

    As a context manager, it closes its connections at the end.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "engine" in self.__dict__:
            self.engine.dispose()

    @cached_property
    def layout(self) -> Layout:
        """The state folder in use."""
        return Layout(state_folder())

    @cached_property
    def settings(self) -> Settings:
        """Raises `SettingsError` if neither the environment nor a running stack names the database."""
        self.join_stack("cli")
        return settings.load()

    def join_stack(self, process: str) -> None:
        """Take the environment of `process` (cli or worker) from the stack running here, unless DATABASE_URL is set."""
        if "DATABASE_URL" in os.environ:
            return
        record = read_record(self.layout)
        if record is None or not record.ready:
            raise SettingsError(
                "no stack is running here: start one with `triage stack up`, or set DATABASE_URL"
            )
        os.environ.update(record.environments[process])

    @cached_property
    def engine(self) -> Engine:
        """The database, as the application's role."""
        return connect(self.settings, pool_size=2)

    @cached_property
    def sessions(self) -> Sessions:
        """Database sessions of the application's role."""
        return sessions(self.engine)

    def database_time(self) -> datetime:
        """What the database's clock shows."""
        with self.sessions() as db:
            return db.execute(select(func.now())).scalar_one()


@contextmanager
def reported() -> Iterator[None]:
    """Report expected errors on standard error. Exit status 2 for bad input, 1 otherwise."""
    try:
        yield
    except CommandError as error:
        for line in error.lines:
            err.print(line, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(error.exit_status) from None
    except IntakeError as error:
        for problem in error.problems:
            err.print(problem, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE) from None
    except (ConflictError, UnknownActionError) as error:
        err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE) from None
    except SettingsError as error:
        err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(USAGE) from None
    except AuditorError as error:
        err.print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    except SQLAlchemyError as error:
        err.print(trouble(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    except OSError as error:
        err.print(f"{error.filename}: {error.strerror}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
