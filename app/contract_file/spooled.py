"""Anonymous temporary files for exports."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO

#: The most bytes in memory; larger files go to disk, without a name.
_IN_MEMORY = 4_000_000
_BLOCK = 1 << 20


@contextmanager
def unnamed_file() -> Iterator[IO[bytes]]:
    """A file to fill in this context. The caller sends and closes it; it is closed here if filling it fails."""
    with ExitStack() as unless_filled:
        made = unless_filled.enter_context(SpooledTemporaryFile(_IN_MEMORY))
        yield made
        unless_filled.pop_all()


def digest_of(made: IO[bytes]) -> tuple[str, int]:
    """SHA-256 (hex) and size of a file, which is rewound."""
    made.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := made.read(_BLOCK):
        digest.update(block)
        size += len(block)
    made.seek(0)
    return digest.hexdigest(), size
