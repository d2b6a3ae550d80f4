"""Answers a service gives when a scenario says that it misbehaves."""

import time
from collections.abc import Iterable, Iterator, Mapping

from flask import Response

from known_answers.scenarios.scenario import FaultMode
from mocks.refusal import RefusalError

_CHUNK = b" " * 65_536
_OVERSIZE = 10_000_000
#: In seconds, as a cache on the way says it.
_KEPT_SINCE_YESTERDAY = "86400"


class Faults:
    """The faults of one service, by the PIID or UEI asked about."""

    def __init__(self, modes: Mapping[str, FaultMode], *, hang: float) -> None:
        self._modes = modes
        self._hang = hang

    def answer(self, asked_about: Iterable[str]) -> Response | None:
        """The faulty answer, or None where the service works. Raises `RefusalError` for those in error shape."""
        mode = next((self._modes[key] for key in asked_about if key in self._modes), None)
        return None if mode is None else self._misbehave(mode)

    def _misbehave(self, mode: FaultMode) -> Response:
        match mode:
            case "500":
                raise RefusalError(500, "internal error")
            case "401":
                raise RefusalError(401, "the credential was refused")
            case "429":
                raise RefusalError(429, "over the daily quota")
            case "garbage":
                return Response('<html><body>{"totalRecords": 1, "entit', mimetype="application/json")
            case "empty":
                return Response(b"", mimetype="application/json")
            case "kept":
                return Response(b"{}", mimetype="application/json", headers={"Age": _KEPT_SINCE_YESTERDAY})
            case "oversize":
                return Response(_oversize(), mimetype="application/json")
            case "redirect":
                return Response(status=302, headers={"Location": "/healthz"})
            case "hang":
                time.sleep(self._hang)
                return Response(b"", mimetype="application/json")


def _oversize() -> Iterator[bytes]:
    yield b'{"totalRecords":0,"padding":"'
    for _ in range(_OVERSIZE // len(_CHUNK)):
        yield _CHUNK
    yield b'"}'
