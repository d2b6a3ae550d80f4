"""Those who hold credentials of runs and go on using them, for `benchmarks.containment`."""

import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
import psycopg

from infra.local.stack import LocalStack
from rehearsals.thief import QUESTIONS

_READ = "SELECT 1 FROM finance.commitments LIMIT 1"
_CONFIRMED = "SELECT bool_and(revoked_at IS NOT NULL) FROM attempt WHERE run_id = %s"


class Thieves:
    """Uses credentials at the tools themselves. Use as a context manager."""

    def __init__(self, stack: LocalStack) -> None:
        if stack.services.database is None:
            raise RuntimeError("this stack has no database")
        self._server = stack.services.database
        self._endpoints = stack.endpoints
        self._http = httpx.Client(timeout=10, trust_env=False)
        self._sessions: list[psycopg.Connection] = []
        self._records = self._server.connect("triage")
        self._auditor = stack.secrets.path("web", "vault-identity.json")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.let_go()
        self._records.close()
        self._http.close()

    def hold(self, tool: str, credential: Mapping[str, Any]) -> Callable[[], bool]:
        """A function that tries this credential and says whether it is accepted. Database users open a session now."""
        match credential["kind"]:
            case "run-token":
                asking = self._auditors_token()
                return lambda: self._is_known(credential["accessor"], asking)
            case "database-user":
                login = {"user": credential["user"], "password": credential["secret"]}
                session = self._server.connect("ledger", **login)
                self._sessions.append(session)
                return lambda: _reads(session) or self._logs_in(login)
            case "api-key":
                return lambda: self._answers(tool, "X-Api-Key", credential["secret"])
            case _:
                return lambda: self._answers(tool, "Authorization", f"Bearer {credential['secret']}")

    def is_taken(self, tool: str, credential: Mapping[str, Any]) -> bool:
        """Whether a tool accepts a credential now; a database user with a new login."""
        if credential["kind"] == "database-user":
            return self._logs_in({"user": credential["user"], "password": credential["secret"]})
        return self.hold(tool, credential)()

    def let_go(self) -> None:
        """Close the sessions with databases."""
        while self._sessions:
            self._sessions.pop().close()

    def is_confirmed(self, run_id: UUID) -> bool:
        """Whether the records say that everything of a run has ended."""
        (confirmed,) = self._records.execute(_CONFIRMED, [run_id]).fetchone() or (False,)
        return bool(confirmed)

    def _answers(self, tool: str, name: str, value: str) -> bool:
        answer = self._http.get(self._endpoints[tool] + QUESTIONS[tool], headers={name: value})
        if answer.status_code not in (200, 204, 401, 403):
            raise RuntimeError(f"{tool} answered HTTP {answer.status_code}")
        return answer.is_success

    def _auditors_token(self) -> str:
        login = json.loads(self._auditor.read_text(encoding="utf-8"))
        token: str = self._vault("auth/approle/login", login, token="").json()["auth"]["client_token"]
        return token

    def _is_known(self, accessor: str, asking: str) -> bool:
        answer = self._vault("auth/token/lookup-accessor", {"accessor": accessor}, token=asking)
        if answer.status_code not in (200, 400, 403):
            raise RuntimeError(f"the vault answered HTTP {answer.status_code}")
        # While a token is being revoked its accessor is refused, which does not say yet that it is dead.
        return answer.status_code != 400  # "invalid accessor"

    def _vault(self, path: str, data: Mapping[str, str], *, token: str) -> httpx.Response:
        headers = {"X-Vault-Token": token} if token else {}
        return self._http.post(f"{self._endpoints['vault']}/v1/{path}", json=data, headers=headers)

    def _logs_in(self, login: Mapping[str, str]) -> bool:
        try:
            psycopg.connect(**self._server.parameters("ledger", **login)).close()
        except psycopg.OperationalError:
            return False
        return True


def _reads(session: psycopg.Connection) -> bool:
    try:
        session.execute(_READ)
    except psycopg.Error:
        return False
    return True
