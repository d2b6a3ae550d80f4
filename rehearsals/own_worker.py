"""An agent worker in the hands of a thief: it carries out a run as every worker does, and he reads its memory."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from app.connections.tls import trust_of
from app.credentials.grants import DatabaseUser, SignedToken
from rehearsals.attack import UnprovenError
from rehearsals.installation import Installation
from rehearsals.thief import Message
from workers.runtime.agent import Agent
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault, VaultReply
from workers.runtime.worker import make_agent
from workers.tools import registry
from workers.triage import DOMAIN

TOOLS = registry()
_BY_PATH = {tool.grant.path: name for name, tool in TOOLS.items()}
_END = "auth/token/revoke-self"
#: The tools whose credentials attacks use; a plan may leave out others.
_STOLEN = {"sam-gov", "contracts", "ledger"}


@dataclass(kw_only=True, slots=True)
class Loot:
    """What a run holds: its token, and the secret of each tool; `user` is that of the ledger."""

    run_id: UUID
    number: int
    token: str = ""
    user: str = ""
    secrets: dict[str, str] = field(default_factory=dict)


class _Tapped(Vault):
    """Notes what the vault gives to a run, and lets the thief act before the run ends."""

    def tap(self, loot: Loot, act: Callable[[Loot], None]) -> None:
        self._loot, self._act = loot, act
        self.failure: Exception | None = None

    def read(self, path: str, token: Secret, **more: Any) -> VaultReply:
        return self._noted(path, super().read(path, token, **more))

    def write(self, path: str, *arguments: Any, **more: Any) -> VaultReply:
        if path == _END:
            try:
                self._act(self._loot)
            except Exception as failed:  # noqa: BLE001  # the run is to end first; `carry_out` raises it
                self.failure = failed
        return self._noted(path, super().write(path, *arguments, **more))

    def _noted(self, path: str, reply: VaultReply) -> VaultReply:
        if path == "auth/approle/login":
            self._loot.token = reply.text("auth", "client_token")
        elif tool := _BY_PATH.get(path):
            grant = TOOLS[tool].grant
            if isinstance(grant, DatabaseUser):
                self._loot.user = reply.text("data", "username")
            place = (
                ("data", "password")
                if isinstance(grant, DatabaseUser)
                else ("data", "token")
                if isinstance(grant, SignedToken)
                else ("auth", "client_token")
            )
            self._loot.secrets[tool] = reply.text(*place)
        return reply


class OwnWorker:
    """An agent in this process, with the files of an agent worker."""

    def __init__(self, stack: Installation) -> None:
        self._stack = stack

    def carry_out(self, message: Message, *, before_end: Callable[[Loot], None] = lambda _: None) -> Loot:
        """Carry out an attempt; `before_end` is called while the run still holds everything. Raises what that raises."""
        loot = Loot(run_id=message.run_id, number=message.number)
        self._vault.tap(loot, before_end)
        self._agent.attempt(message.run_id, message.number, Secret(message.wrapping_token))
        if self._vault.failure is not None:
            raise self._vault.failure
        if not loot.secrets.keys() >= _STOLEN:
            raise UnprovenError("the run did not obtain its credentials")
        return loot

    @cached_property
    def _agent(self) -> Agent[Any, Any]:
        before = dict(os.environ)
        os.environ.update(self._stack.environment("worker"))
        try:
            return replace(make_agent(DOMAIN), vault=self._vault)
        finally:
            os.environ.clear()
            os.environ.update(before)

    @cached_property
    def _vault(self) -> _Tapped:
        return _Tapped(self._stack.endpoints["vault"], trust_of(self._stack.settings))
