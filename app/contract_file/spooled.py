"""Files that nobody finds: what is exported is gathered in one, and sent from it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

#: Bytes that are kept in memory; what is more goes to a file without a name.
_IN_MEMORY = 4_000_000


@contextmanager
def unnamed_file() -> Iterator[IO[bytes]]:
    """A file to be filled, then sent from its beginning and closed by whoever has it; closed here if filling it fails."""
    with ExitStack() as unless_filled:
        made = unless_filled.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        yield made
        unless_filled.pop_all()
