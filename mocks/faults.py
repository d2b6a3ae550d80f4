"""The faulty answers of a service, as scenarios state them."""

import time
from collections.abc import Iterable, Iterator, Mapping

from flask import Response

from known_answers.scenarios.scenario import FaultMode
from mocks.refusals import RefusalError

_CHUNK = b" " * 65_536
_OVERSIZE = 10_000_000
#: In seconds, as a cache in between reports it.
_KEPT_SINCE_YESTERDAY = "86400"


class Faults:
    """The faults of one service, by the PIID or UEI in the request."""

    def __init__(self, modes: Mapping[str, FaultMode], *, hang: float) -> None:
        self._modes = modes
        self._hang = hang

    def answer(self, keys: Iterable[str]) -> Response | None:
        """The faulty answer, or None. Raises `RefusalError` for a fault that is an error status."""
        mode = next((self._modes[key] for key in keys if key in self._modes), None)
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
