"""The broker's users, each limited to Celery's keys."""

import hashlib
from typing import Any

import redis

from infra.provision.broker_server import administrator
from infra.provision.logins import BROKER_USERS
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError, Say

# The commands Celery's transport (kombu) sends in each role, found by refusing all others and reading ACL LOG.
# The dispatcher may only put: `%W` lets it not read back the wrapped identities it has published.
# The worker's scripting is kombu's lock release; a script runs with the rights of its user.
_RULES = {
    "dispatcher": "%W~triage:* +ping +client|setinfo +multi +exec +llen +lpush +sadd",
    "worker": "~triage:* +ping +client|setinfo +multi +exec +watch +unwatch +llen +brpop +lpush +rpush"
    " +sadd +hset +hget +hdel +zadd +zrem +zrange +set +get +del +evalsha +script|load",
}
_EVERYBODY = "default"
_NO_FILE = "not configured to use an ACL file"


def provision_broker(settings: ProvisioningSettings, say: Say) -> None:
    """Give the server at REDIS_ADMIN_URL its users, saying which differed. Raises ProvisionError and SettingsError."""
    passwords = {user: settings.secret(owners[0], "broker-password") for user, owners in BROKER_USERS.items()}
    with administrator(settings) as connection:
        _close_to_everybody_else(connection, say)
        for user, password in passwords.items():
            had = _described(connection, user)
            set_user(connection, user, password)
            if _described(connection, user) != had:
                say(f"user {user}: {'created' if had is None else 'set as it should be'}")
        save(connection, say)


def set_user(connection: redis.Redis, user: str, *passwords: str) -> None:
    """Give a user exactly these passwords and its rights; open connections go on."""
    hashes = [f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in passwords]
    rights = ["resetkeys", "resetchannels", "-@all", *_RULES[user].split()]
    _acl(connection, "SETUSER", user, "reset", "on", *hashes, *rights)


def save(connection: redis.Redis, say: Say) -> None:
    """Write the users into the server's own file, so that a restart keeps them."""
    try:
        _acl(connection, "SAVE")
    except redis.ResponseError as error:
        if _NO_FILE not in str(error):
            raise ProvisionError(f"REDIS_ADMIN_URL: the server could not keep its users: {error}") from None
        say("the server keeps users in memory only (no aclfile): run this again whenever it has restarted")


def _close_to_everybody_else(connection: redis.Redis, say: Say) -> None:
    """Nobody gets in without a name and a password. Raises ProvisionError when that is how the administrator does."""
    found = _described(connection, _EVERYBODY)
    if found is None or not {"nopass", "on"} <= set(found["flags"]):
        return
    if _acl(connection, "WHOAMI") == _EVERYBODY:
        raise ProvisionError(
            "REDIS_ADMIN_URL: anybody may administer this broker, whose user default needs no password"
        )
    _acl(connection, "SETUSER", _EVERYBODY, "off")
    say(f"user {_EVERYBODY}: switched off")


def _described(connection: redis.Redis, user: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = connection.acl_getuser(user)
    return found


def _acl(connection: redis.Redis, *words: str) -> Any:
    return connection.execute_command("ACL", *words)  # type: ignore[no-untyped-call]  # redis has no type for it
