"""The process of a demo that carries out what a presenter orders. It exists in a local stack only."""

import json
import os
import socket
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from pydantic import ValidationError

from app.web.presenter_state import PresenterState, Refusal

#: Seconds until it must have answered.
_PATIENCE = 5.0


class PresenterError(Exception):
    """An order was not taken, or the process does not answer. The text is one sentence without its full stop."""


class _Connection(HTTPConnection):
    """HTTP at a socket of this machine."""

    def __init__(self, socket_file: Path) -> None:
        super().__init__("presenter", timeout=_PATIENCE)
        self._file = socket_file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        # By the open folder: the kernel takes 107 characters of a path, and a state folder may lie deep.
        folder = os.open(self._file.parent, os.O_PATH | os.O_CLOEXEC)
        try:
            self.sock.connect(f"/proc/self/fd/{folder}/{self._file.name}")
        finally:
            os.close(folder)


class Presenter:
    """The process, as it is reached at its socket."""

    def __init__(self, socket_file: Path) -> None:
        self._socket_file = socket_file

    def state(self) -> PresenterState:
        """What it shows. Raises `PresenterError`."""
        try:
            _, answer = self._asked("GET", "/")
            return PresenterState.model_validate_json(answer)
        except ValidationError as wrong:
            field = ".".join(map(str, wrong.errors()[0]["loc"]))
            raise PresenterError(f"the answer about the demo cannot be read: {field}") from None

    def order(self, act: str, *, by: str, **wanted: object) -> None:
        """Have something done; a long order goes on when this returns. Raises `PresenterError`."""
        status, answer = self._asked("POST", "/orders", json.dumps({"act": act, "by": by, **wanted}))
        if status != HTTPStatus.ACCEPTED:
            raise PresenterError(Refusal.model_validate_json(answer).problem)

    def _asked(self, method: str, path: str, document: str | None = None) -> tuple[int, bytes]:
        with closing(_Connection(self._socket_file)) as connection:
            try:
                connection.request(method, path, document)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, HTTPException) as error:
                raise PresenterError(f"the presenter’s process does not answer: {error}") from None
