"""Every command that the broker knows, sent by each of its users: all but those of a table are refused."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis

from infra.provision.logins import BROKER_USERS

USERS = tuple(BROKER_USERS)
#: By user and command, what for. All are limited to keys that begin with `triage:`; the dispatcher only writes.
ALLOWED = {
    "dispatcher": {
        "ping": "whether the broker answers",
        "client|setinfo": "names the library in the list of connections",
        "multi": "begins what must happen together",
        "exec": "carries it out",
        "llen": "how long the queue is",
        "lpush": "puts a message into the queue",
        "sadd": "binds the queue to its exchange",
    },
    "worker": {
        "ping": "whether the broker answers",
        "client|setinfo": "names the library in the list of connections",
        "multi": "begins what must happen together",
        "exec": "carries it out",
        "watch": "gives it up if a key changes meanwhile",
        "unwatch": "gives it up no more",
        "llen": "how long the queue is",
        "brpop": "waits for a message and takes it",
        "lpush": "puts a message back",
        "rpush": "puts a message back, to be the next",
        "sadd": "binds the queue to its exchange",
        "hset": "keeps a message until it is acknowledged",
        "hget": "puts back what was not acknowledged",
        "hdel": "acknowledges a message",
        "zadd": "keeps the time of an unacknowledged message",
        "zrem": "acknowledges a message",
        "zrange": "finds what was not acknowledged in time",
        "set": "locks, so that one worker puts messages back",
        "get": "looks at that lock",
        "del": "unlocks",
        "evalsha": "unlocks if the lock is its own; a script has the rights of its user",
        "script|load": "loads that script",
    },
}
#: What a connection may do before it has logged in, or to end it.
ANYBODY = {"auth", "hello", "quit", "reset"}
KEYED = {
    "dispatcher": ("llen", "lpush", "sadd"),
    "worker": (
        *("watch", "llen", "brpop", "lpush", "rpush", "sadd", "hset", "hget", "hdel"),
        *("zadd", "zrem", "zrange", "set", "get", "del"),
    ),
}


@pytest.fixture(scope="module")
def commands(system) -> dict[str, int]:
    """By name, with its subcommand after a bar: how many words a command takes at least."""
    with as_user(system, "administrator") as connection:
        listed = connection.execute_command("COMMAND")
    parts = listed.values() if isinstance(listed, dict) else listed
    found: dict[str, int] = {}
    for part in parts:
        subcommands = part["subcommands"] if isinstance(part, dict) else part[9]
        for each in subcommands or [part]:
            name, arity = (each["name"], each["arity"]) if isinstance(each, dict) else each[:2]
            found[name.decode() if isinstance(name, bytes) else name] = abs(arity)
    return found


def as_user(system, user: str) -> redis.Redis:
    address = urlsplit(system.stack.endpoints["valkey"])
    owner = BROKER_USERS[user][0] if user in BROKER_USERS else "operator"
    name = "broker-password" if user in BROKER_USERS else "broker-admin-password"
    return redis.Redis(
        host=address.hostname,
        port=address.port,
        username=user,
        password=system.stack.secrets.read(owner, name),
        socket_timeout=5,
        single_connection_client=True,
    )


def refusal(connection: redis.Redis, words: list[str]) -> str | None:
    """Why the right to a command is missing; None if there is one, whatever else is wrong."""
    try:
        connection.execute_command(*words)
    except redis.exceptions.NoPermissionError as refused:
        return str(refused)
    except redis.RedisError as error:
        # The server's configuration switches these off for every user.
        return str(error) if "command not allowed" in str(error) else None
    return None


def words_of(command: str, length: int, key: str) -> list[str]:
    words = command.split("|")
    return [*words, *[key] * (length - len(words))]


@pytest.fixture(params=USERS)
def user(request) -> Iterator[str]:
    return request.param


def test_every_other_command_of_the_broker_is_refused(system, commands, user):
    assert len(commands) > 200
    found = set()
    for command in sorted(commands.keys() - ANYBODY):
        # A new connection: some commands change what the next may do.
        with as_user(system, user) as connection:
            if refusal(connection, words_of(command, commands[command], "triage:powers")) is None:
                found.add(command)
    assert found == set(ALLOWED[user])
    assert all(ALLOWED[user].values())


@pytest.mark.parametrize("key", ["_kombu.binding.triage", "celery", "unacked", "other:triage:runs", ""])
def test_every_command_is_refused_on_other_keys(system, commands, user, key):
    assert set(KEYED[user]) < set(ALLOWED[user])
    for command in KEYED[user]:
        with as_user(system, user) as connection:
            assert refusal(connection, words_of(command, commands[command], key)), command


def test_the_dispatcher_reads_no_message(system, commands):
    for command in ("lrange", "lindex", "lpop", "rpop", "brpop", "get", "hget", "smembers", "dump", "copy"):
        with as_user(system, "dispatcher") as connection:
            assert refusal(connection, words_of(command, commands[command], "triage:runs")), command


def test_nobody_enters_without_a_name(system):
    address = urlsplit(system.stack.endpoints["valkey"])
    with (
        redis.Redis(host=address.hostname, port=address.port, socket_timeout=5) as anonymous,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        anonymous.ping()
