"""Addresses of a host, by a deadline."""

import os
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from threading import Thread
from typing import Any

#: As `socket.getaddrinfo` has them.
_Found = list[tuple[Any, ...]]
#: Names being looked up, by process, host and port: a fork takes over the questions, but not the threads that ask.
_asked: dict[tuple[int, str, int], "Future[_Found]"] = {}


def look_up(host: str, port: int, *, until: float) -> _Found:
    """The addresses of a host. The system's resolver knows no deadline, so a thread asks it, one for each name.

    Raises `TimeoutError`, and `OSError` when there is no such host.
    """
    with suppress(socket.gaierror, UnicodeError):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    key, mine = (os.getpid(), host, port), Future[_Found]()
    answer = _asked.setdefault(key, mine)
    if answer is mine:
        try:
            Thread(target=_ask, args=(key, mine), name="look-up", daemon=True).start()
        except RuntimeError as error:  # no more threads
            del _asked[key]
            raise OSError(str(error)) from None
    return answer.result(seconds_until(until))


def _ask(key: tuple[int, str, int], answer: "Future[_Found]") -> None:
    _, host, port = key
    try:
        answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as error:
        answer.set_exception(error)
    except UnicodeError:  # a label too long for a name
        answer.set_exception(socket.gaierror(socket.EAI_NONAME, "no such host"))
    finally:
        del _asked[key]


def seconds_until(moment: float) -> float:
    """Seconds until this moment of the monotonic clock. Raises `TimeoutError` when it has passed."""
    left = moment - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
