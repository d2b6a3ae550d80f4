"""What the identity provider told about itself, kept so that its silence stops neither those who work nor this process."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds a value is taken without asking, and those it is taken at most while the provider does not answer.
FRESH = 300.0
LONGEST = 3600.0
#: Seconds from the end of one try to the next.
RETRY_AFTER = 5.0


class ProviderError(Exception):
    """The identity provider does not answer, or not as one."""


class StaleIfErrorCache(Generic[T]):
    """One value of the provider's. `clock` counts seconds.

    One thread fetches at a time. Others wait for it only where they need what it brings, and not for a provider that
    did not answer the last time: whoever sends made-up key ids could have every thread wait otherwise.
    """

    def __init__(self, fetch: Callable[[], T], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: tuple[T, float] | None = None
        self._tried = float("-inf")
        self._failure: str | None = None
        self._fetching = Lock()

    def get(self, suits: Callable[[T], bool] = lambda _: True) -> T:
        """The value, fetched again where it is not fresh or does not suit; after a fetch it may still not suit.

        Raises `ProviderError` where a fetch was needed and none succeeded.
        """
        asked = self._clock()
        kept = self._younger(asked, FRESH)
        if kept is not None and suits(kept[0]):
            return kept[0]
        kept = self._younger(asked, LONGEST)
        usable = kept is not None and suits(kept[0])
        self._try(asked, wait=not usable and self._failure is None)
        kept = self._younger(self._clock(), LONGEST)
        if kept is None or (self._failure is not None and not suits(kept[0])):
            raise ProviderError(self._failure or "it is being asked")
        return kept[0]

    def _younger(self, now: float, age: float) -> tuple[T, float] | None:
        kept = self._value
        return kept if kept is not None and now - kept[1] < age else None

    def _try(self, asked: float, *, wait: bool) -> None:
        if asked - self._tried < RETRY_AFTER or not self._fetching.acquire(blocking=wait):
            return
        try:
            if asked - self._tried < RETRY_AFTER:
                return  # somebody else's try ended meanwhile
            try:
                self._value = self._fetch(), self._clock()
                self._failure = None
            except ProviderError as error:
                self._failure = str(error)
            finally:
                self._tried = self._clock()
        finally:
            self._fetching.release()
