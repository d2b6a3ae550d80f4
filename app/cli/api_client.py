"""The JSON API as a client: one request with a person's token, and its answer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self

from app.cli.api_problems import RefusedError, Wording, refusal
from app.cli.context import Context
from app.cli.settings import ClientSettings
from app.connections import settings
from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireAnswer, WireError
from app.connections.secret_files import SettingsError, read_secret
from app.connections.tls import trust_of
from app.web.api_root import ROOT
from infra.local.state import read_record

#: Seconds for one request; and for one that first makes a file.
_TIMEOUT, _FILE_TIMEOUT = 30.0, 300.0
#: Bytes of an answer in JSON, and of a file.
_LIMIT, _FILE_LIMIT = 20_000_000, 500_000_000
#: What RFC 6750 allows. Anything else, such as a line break, must not get into a header.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """The API at an address, as the person whose token this is."""

    address: str
    token: str = field(repr=False)
    wire: Wire = field(repr=False)

    @classmethod
    def of(cls, context: Context) -> Self:
        """The client that the environment describes; at the stack running here, unless WEB_ADDRESS is set.

        Raises `SettingsError`.
        """
        known = settings.load(ClientSettings)
        address = known.web_address or _running(context)
        if address is None:
            raise SettingsError(
                "no stack is running here: start one with `triage stack up`, or set WEB_ADDRESS"
            )
        file = known.triage_token_file
        if file is None:
            raise SettingsError("TRIAGE_TOKEN_FILE is not set; it names the file with your access token")
        token = read_secret(file, setting="TRIAGE_TOKEN_FILE")
        if not _TOKEN.fullmatch(token):
            raise SettingsError(f"TRIAGE_TOKEN_FILE: {file} does not hold an access token")
        return cls(address=address, token=token, wire=Wire(trust_of(known), size=1))

    def get(self, path: str, wording: Wording) -> Any:
        """The JSON at a path below the root. Raises `RefusedError`."""
        return _json(self._request("GET", path, wording))

    def post(self, path: str, wording: Wording, body: Mapping[str, Any] | None = None) -> Any:
        """Send a body, if there is one, and return the JSON of the answer. Raises `RefusedError`."""
        return _json(self._request("POST", path, wording, body=body))

    def file(self, path: str, wording: Wording) -> WireAnswer:
        """A file that the API makes first. Raises `RefusedError`."""
        return self._request("GET", path, wording, seconds=_FILE_TIMEOUT, limit=_FILE_LIMIT)

    def me(self) -> str:
        """The subject of the person. Raises `RefusedError`."""
        return str(self.get("/me", Wording(unknown=f"{self.address} has no JSON API"))["subject"])

    def _request(
        self,
        method: str,
        path: str,
        wording: Wording,
        *,
        body: Mapping[str, Any] | None = None,
        seconds: float = _TIMEOUT,
        limit: int = _LIMIT,
    ) -> WireAnswer:
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self.wire.request(
                method,
                f"{self.address}{ROOT}{path}",
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                deadline=Deadline(seconds),
                limit=limit,
            )
        except WireError as silent:
            raise RefusedError(f"the JSON API at {self.address}: {silent}") from None
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise refusal(answer, wording)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise RefusedError(f"the JSON API at {self.address} answers HTTP {answer.status}")
        return answer


def _running(context: Context) -> str | None:
    record = read_record(context.layout)
    return record.endpoints.get("web") if record and record.ready else None


def _json(answer: WireAnswer) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise RefusedError("the JSON API answers, but not with JSON") from None
