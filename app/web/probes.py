"""Probes each part of the stack for the state page. No probe delays the page or another probe."""

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock, Thread
from typing import Any
from urllib.parse import SplitResult, urlsplit

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from app.connections import database
from app.connections.bounded_network import unconnected
from app.connections.database_trouble import trouble
from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireError
from app.connections.tls import trust_of
from app.credentials.grants import DatabaseUser
from app.procurement.systems import SYSTEMS
from app.review.queries import Pages
from app.settings import Settings
from app.web.stack_parts import Condition, PartState, StackState

#: Seconds that one connection may take, and that the page waits for all probes.
TIMEOUT = 1.0
PATIENCE = 2.0
_ANSWER_LIMIT = 64_000
_REDIS_PORT = 6379


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the stack: its name, the setting with its address, the address, and its probe."""

    name: str
    setting: str
    address: str | None
    probe: Callable[[str], tuple[Condition, str]]

    def look(self) -> tuple[Condition, str]:
        """Probe it, if its address is set."""
        if self.address is None:
            return Condition.UNKNOWN, f"{self.setting.upper()} is not set"
        return self.probe(self.address)


class Probes:
    """Runs each probe in its own thread. A part that hangs occupies one thread, however often the page is requested."""

    def __init__(self, settings: Settings, queries: Pages) -> None:
        self._settings = settings
        self._queries = queries
        self._trust = trust_of(settings)
        self._wire = Wire(self._trust, size=1)
        self._looking: dict[str, Future[Any]] = {}
        self._lock = Lock()

    def close(self) -> None:
        """Close the connections kept open between probes."""
        self._wire.close()

    def look(self) -> StackState:
        """Probe everything at once; takes at most `PATIENCE` seconds."""
        queue = self._start("database", self._queries.queue)
        quota = self._start("quota", lambda: self._queries.quota_day(self._settings.sam_daily_quota))
        parts = list(self._parts())
        looking = {part.name: self._start(part.name, part.look) for part in parts}
        wait([queue, quota, *looking.values()], timeout=PATIENCE)
        seen = [("database", self._settings.database_url, self._seen(queue, "answers queries"))]
        seen += [(part.name, part.address, self._seen(looking[part.name])) for part in parts]
        states = [
            PartState.at(address, name=name, condition=condition, note=note)
            for name, address, (condition, note) in seen
        ]
        return StackState(parts=tuple(states), queue=_answer(queue), quota=_answer(quota))

    def _parts(self) -> Iterator[_Part]:
        settings = self._settings
        yield _Part("vault", "vault_addr", settings.vault_addr, self._vault)
        yield _Part("broker", "redis_url", settings.redis_url, self._broker)
        for system in SYSTEMS:
            probe = self._ledger if isinstance(system.credential, DatabaseUser) else self._tool
            address = getattr(settings, system.address_setting)
            yield _Part(system.name, system.address_setting, address, probe)
        provider = settings.oidc_address or settings.oidc_issuer
        yield _Part("identity-provider", "oidc_issuer", provider, self._provider)

    def _start(self, name: str, look: Callable[[], object]) -> Future[Any]:
        with self._lock:
            looking = self._looking.get(name)
            if looking is None or looking.done():
                looking = self._looking[name] = Future()
                Thread(target=_fulfil, args=(looking, look), name=f"probe-{name}", daemon=True).start()
            return looking

    def _vault(self, address: str) -> tuple[Condition, str]:
        # With these parameters the vault answers 200 in every state, so only the body counts.
        codes = dict.fromkeys(
            ("standbycode", "sealedcode", "uninitcode", "perfstandbycode", "drsecondarycode"), "200"
        )
        status, body = self._get(f"{address}/v1/sys/health", codes)
        try:
            health = json.loads(body)
            initialized, sealed = health["initialized"], health["sealed"]
        except (ValueError, KeyError, TypeError):
            return Condition.DEGRADED, f"answers HTTP {status}, but not like a vault"
        if not initialized:
            return Condition.DEGRADED, "not initialized"
        if sealed:
            return Condition.DEGRADED, "sealed: it issues no credentials, runs wait"
        role = "standby" if health.get("standby") else "active"
        return Condition.UP, f"unsealed, {role}, version {str(health.get('version'))[:40]}"

    def _tool(self, address: str) -> tuple[Condition, str]:
        status, _ = self._get(f"{address}/healthz", {})
        # A system of another maker need not have this page.
        up = status < HTTPStatus.INTERNAL_SERVER_ERROR
        return Condition.UP if up else Condition.DEGRADED, f"HTTP {status}"

    def _provider(self, address: str) -> tuple[Condition, str]:
        status, _ = self._get(f"{address}/.well-known/openid-configuration", {})
        up = status == HTTPStatus.OK
        return Condition.UP if up else Condition.DEGRADED, f"HTTP {status}, discovery document"

    def _broker(self, address: str) -> tuple[Condition, str]:
        with self._connected(urlsplit(address)) as connection:
            connection.sendall(b"PING\r\n")
            answer = connection.recv(64)
        if answer.startswith((b"+PONG", b"-NOAUTH")):
            return Condition.UP, "answers PING" + (", requires a login" if answer.startswith(b"-") else "")
        if answer.startswith(b"-"):
            return Condition.DEGRADED, "answers PING with an error"
        return Condition.DEGRADED, "does not speak the Redis protocol"

    def _connected(self, address: SplitResult) -> socket.socket:
        host = address.hostname or "127.0.0.1"
        connection = socket.create_connection((host, address.port or _REDIS_PORT), TIMEOUT)
        if address.scheme != "rediss":
            return connection
        try:
            return self._trust.context.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def _ledger(self, address: str) -> tuple[Condition, str]:
        place = database.address(address, self._settings)
        try:
            # A login without a password: the server is up if it asks for one.
            psycopg.connect(
                **{**place.translate_connect_args(database="dbname"), **place.query, "user": "nobody"},
                password="",
                connect_timeout=2,
            ).close()
        except psycopg.OperationalError as error:
            if "no password supplied" not in str(error) and "FATAL" not in str(error):
                return Condition.DOWN, trouble(error, what="it")
        return Condition.UP, "accepts connections"

    def _seen(self, looking: Future[Any], up: str | None = None) -> tuple[Condition, str]:
        """The result of a probe; the note `up` if it has another result than a condition."""
        if not looking.done():
            return Condition.DOWN, f"no answer within {PATIENCE:g} s"
        if (error := looking.exception()) is not None:
            return Condition.DOWN, self._words(error)
        return (Condition.UP, up) if up else looking.result()

    def _words(self, error: BaseException) -> str:
        if isinstance(error, WireError):
            return str(error)
        if isinstance(error, SQLAlchemyError):
            return trouble(error, what="it")
        if isinstance(error, TimeoutError):
            return f"no answer within {TIMEOUT:g} s"
        # Texts of other errors may repeat an address with credentials in it.
        return self._trust.trouble(error, what="it") or f"no answer ({unconnected(error)})"

    def _get(self, url: str, parameters: dict[str, str]) -> tuple[int, bytes]:
        answer = self._wire.request(
            "GET", url, params=parameters, deadline=Deadline(TIMEOUT), limit=_ANSWER_LIMIT
        )
        return answer.status, answer.content


def _fulfil(looking: Future[Any], look: Callable[[], object]) -> None:
    try:
        looking.set_result(look())
    except Exception as error:  # noqa: BLE001  # the page reports every failure
        looking.set_exception(error)


def _answer(looking: Future[Any]) -> Any:
    return looking.result() if looking.done() and looking.exception() is None else None
