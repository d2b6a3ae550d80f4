"""The one type a secret is held in."""

import hashlib
from typing import Any, NoReturn


class Secret:
    """A secret that only `reveal` shows.

    Printing, formatting, pickling and comparing give nothing away. The bytes themselves stay in memory until the
    interpreter frees them, which Python cannot promise to do; what protects a run is that they are refused by then.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not value:
            raise ValueError("a secret cannot be empty")
        self._value = value

    def reveal(self) -> str:
        """The secret itself; for the line that hands it to a client, nowhere else."""
        return self._value

    def fingerprint(self) -> str:
        """SHA-256 of the secret, 64 hex digits: enough to match uses with issues, useless to log in with."""
        return hashlib.sha256(self._value.encode()).hexdigest()

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not leave its process")

    def __eq__(self, other: object) -> Any:
        return self is other

    __hash__ = object.__hash__
