"""The proof that a worker took the message of an attempt. The database demands it for whatever the attempt records.

It claims the attempt with the SHA-256 of the wrapping token in the message, so that no live token reaches the database.
From then on it proves itself with a random secret that it brought to the claim: until its run ends, the broker keeps
the message for every worker to read. The database keeps the SHA-256 of both, with which nothing can be proven.
"""

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HeldAttempt:
    """An attempt whose message this process has taken."""

    run_id: UUID
    number: int
    proof: bytes = field(repr=False)

    def with_own_proof(self) -> Self:
        """The same attempt with a new random secret of this process."""
        return replace(self, proof=secrets.token_bytes(32))

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
