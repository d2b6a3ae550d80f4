"""Whether the database answers and can be worked with: for starts, probes and readiness."""

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.connections.compatibility import IncompatibleError
from app.connections.database import trouble


def silence(engine: Engine) -> str | None:
    """Why the database does not answer, None when it does. Raises `IncompatibleError` when it cannot be worked with."""
    try:
        with engine.connect():
            return None
    except OperationalError as error:
        return trouble(error)


def problem(engine: Engine) -> str | None:
    """What is wrong with the database, whatever it is; None when it answers and can be worked with."""
    try:
        return silence(engine)
    except IncompatibleError as error:
        return str(error)
