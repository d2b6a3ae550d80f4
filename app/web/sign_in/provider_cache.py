"""Caches the provider's metadata and keys; stale values are used while the provider is down."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")

#: Seconds a value is used without a new request, and at most while the provider does not answer.
FRESH = 300.0
LONGEST = 3600.0
#: Seconds between two attempts to fetch.
RETRY_AFTER = 5.0


class ProviderError(Exception):
    """The identity provider does not answer, or answers incorrectly. The text says why, for the log."""


class ProviderAnswerError(ProviderError):
    """Something answers in place of the identity provider, or the provider answers incorrectly."""


class StaleIfErrorCache(Generic[T]):
    """One value from the provider. `clock` counts seconds.

    One thread fetches at a time. Others wait only if they need the new value, and not if the last attempt failed:
    otherwise requests with made-up key ids could block every thread.
    """

    def __init__(self, fetch: Callable[[], T], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: tuple[T, float] | None = None
        self._tried = float("-inf")
        self._failure: ProviderError | None = None
        self._fetching = Lock()

    def get(self, suits: Callable[[T], bool] = lambda _: True) -> T:
        """The value, fetched again if it is stale or does not suit. The result may still not suit.

        Raises `ProviderError` if a fetch was needed and failed.
        """
        started = self._clock()
        kept = self._younger(started, FRESH)
        if kept is not None and suits(kept[0]):
            return kept[0]
        kept = self._younger(started, LONGEST)
        usable = kept is not None and suits(kept[0])
        self._try(started, wait=not usable and self._failure is None)
        kept = self._younger(self._clock(), LONGEST)
        if kept is None or (self._failure is not None and not suits(kept[0])):
            failure = self._failure or ProviderError("a request to it is under way")
            raise type(failure)(str(failure))  # one of its own: several threads may be here
        return kept[0]

    def _younger(self, now: float, age: float) -> tuple[T, float] | None:
        kept = self._value
        return kept if kept is not None and now - kept[1] < age else None

    def _try(self, started: float, *, wait: bool) -> None:
        if started - self._tried < RETRY_AFTER or not self._fetching.acquire(blocking=wait):
            return
        try:
            if started - self._tried < RETRY_AFTER:
                return  # another thread's attempt has just ended
            try:
                self._value = self._fetch(), self._clock()
                self._failure = None
            except ProviderError as error:
                self._failure = error.with_traceback(None)
            finally:
                self._tried = self._clock()
        finally:
            self._fetching.release()
