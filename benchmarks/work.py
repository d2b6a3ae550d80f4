"""Work for a stack that was started without any: its actions, in the database as the application uses it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app import usecases
from app.connections.database import Sessions, connect, sessions
from app.settings import Settings
from infra.local.stack import LocalStack


@contextmanager
def submitted(stack: LocalStack) -> Iterator[tuple[Sessions, Sequence[str]]]:
    """Sessions with the stack's database, and the ids of the actions that were submitted to it."""
    told = stack.environment("web")
    application = Settings(
        database_url=told["DATABASE_URL"], database_password_file=Path(told["DATABASE_PASSWORD_FILE"])
    )
    engine = connect(application, pool_size=2)
    try:
        factory = sessions(engine)
        inbox = (stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
        actions, _ = usecases.submit(factory, inbox)
        yield factory, actions
    finally:
        engine.dispose()
