"""The proof that a worker took the message of an attempt. The database demands it for whatever the attempt records.

The proof is the SHA-256 of the wrapping token in the message, so that no live token reaches the database. The database
keeps only the proof's own SHA-256, with which nothing can be proven.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HeldAttempt:
    """An attempt whose message this process has taken."""

    run_id: UUID
    number: int
    proof: bytes = field(repr=False)

    def parameters(self) -> dict[str, Any]:
        """The first three arguments of the functions of the database, by the names `ARGUMENTS`."""
        return {"run": self.run_id, "number": self.number, "proof": self.proof}


#: What a function of the database is called with to act for an attempt.
ARGUMENTS = ":run, :number, :proof"


def proof_of(wrapping_token: str) -> bytes:
    """The proof that a message holds."""
    return hashlib.sha256(wrapping_token.encode()).digest()


def digest_of(proof: bytes) -> bytes:
    """What the dispatcher records of a proof."""
    return hashlib.sha256(proof).digest()
