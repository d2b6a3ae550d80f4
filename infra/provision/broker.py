"""The broker's users and their rights, which are limited to Celery's keys."""

import hashlib
from typing import Any

import redis

from infra.provision.broker_server import administrator
from infra.provision.logins import BROKER_USERS
from infra.provision.settings import ProvisioningSettings
from infra.reporting import ProvisionError, Say

# The commands that Celery's transport (kombu) sends in each role, found by refusing all others and reading ACL LOG.
# `%W` lets the dispatcher write only: it cannot read back the wrapped identities that it has published.
# The worker's scripts are kombu's lock release; a script runs with the rights of its user.
_RULES = {
    "dispatcher": "%W~triage:* +ping +client|setinfo +multi +exec +llen +lpush +sadd",
    "worker": "~triage:* +ping +client|setinfo +multi +exec +watch +unwatch +llen +brpop +lpush +rpush"
    " +sadd +hset +hget +hdel +zadd +zrem +zrange +set +get +del +evalsha +script|load",
}
_EVERYBODY = "default"
_NO_FILE = "not configured to use an ACL file"


def provision_broker(settings: ProvisioningSettings, say: Say) -> None:
    """Bring the users at REDIS_ADMIN_URL to their rights, and report changes. Raises ProvisionError and SettingsError."""
    passwords = {user: settings.secret(owners[0], "broker-password") for user, owners in BROKER_USERS.items()}
    with administrator(settings) as connection:
        _close_to_anonymous(connection, say)
        for user, password in passwords.items():
            had = _described(connection, user)
            set_user(connection, user, password)
            if _described(connection, user) != had:
                say(f"user {user}: {'created' if had is None else 'rights set'}")
        save(connection, say)


def set_user(connection: redis.Redis, user: str, *passwords: str) -> None:
    """Give a user exactly these passwords and its rights; open connections stay open."""
    hashes = [f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in passwords]
    rights = ["resetkeys", "resetchannels", "-@all", *_RULES[user].split()]
    _acl(connection, "SETUSER", user, "reset", "on", *hashes, *rights)


def save(connection: redis.Redis, say: Say) -> None:
    """Let the server write its users into a file, so that they survive a restart."""
    try:
        _acl(connection, "SAVE")
    except redis.ResponseError as error:
        if _NO_FILE not in str(error):
            raise ProvisionError(f"REDIS_ADMIN_URL: the server could not save its users: {error}") from None
        say("the server keeps its users in memory only (no aclfile): run this again after each restart")


def _close_to_anonymous(connection: redis.Redis, say: Say) -> None:
    """Switch off anonymous access. Raises ProvisionError if the administrator depends on it."""
    found = _described(connection, _EVERYBODY)
    if found is None or not {"nopass", "on"} <= set(found["flags"]):
        return
    if _acl(connection, "WHOAMI") == _EVERYBODY:
        raise ProvisionError(
            "REDIS_ADMIN_URL: anyone may administer this broker: its user default needs no password"
        )
    _acl(connection, "SETUSER", _EVERYBODY, "off")
    say(f"user {_EVERYBODY}: switched off")


def _described(connection: redis.Redis, user: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = connection.acl_getuser(user)
    return found


def _acl(connection: redis.Redis, *words: str) -> Any:
    return connection.execute_command("ACL", *words)  # type: ignore[no-untyped-call]  # redis has no type for it
