"""Which container can connect to which: as tried, and as listed in infra/docker/allowed-connections."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.compose.system import ROOT, Container, System

#: Source, target, port; the target `machine` is the machine that the containers run on.
Connection = tuple[str, str, int]

# Opens all connections at once and prints the addresses that answered. Refusals and silence are the same to it.
_PROBE = """
import errno, json, select, socket, sys, time
waiting, open_ = {}, []
poll = select.poll()
for host, port in json.load(sys.stdin):
    one = socket.socket()
    one.setblocking(False)
    try:
        code = one.connect_ex((host, port))
    except OSError:
        continue
    if code in (0, errno.EINPROGRESS):
        waiting[one.fileno()] = (one, host, port)
        poll.register(one, select.POLLOUT)
deadline = time.monotonic() + 3
while waiting and (left := deadline - time.monotonic()) > 0:
    for number, _ in poll.poll(left * 1000):
        one, host, port = waiting.pop(number)
        poll.unregister(number)
        if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
            open_.append((host, port))
print(json.dumps(open_))
"""

# All that listens, as address and port, from the kernel's tables; the engine's own resolver aside.
_LISTENING = """
import json, socket, struct
found = []
for name in ("tcp", "tcp6"):
    try:
        lines = open(f"/proc/net/{name}").read().splitlines()[1:]
    except OSError:
        continue
    for line in lines:
        local, state = line.split()[1], line.split()[3]
        if state == "0A":
            address, port = local.split(":")
            raw = bytes.fromhex(address)
            words = b"".join(raw[at:at + 4][::-1] for at in range(0, len(raw), 4))
            host = socket.inet_ntop(socket.AF_INET if name == "tcp" else socket.AF_INET6, words)
            if host != "127.0.0.11":
                found.append((host, int(port, 16)))
print(json.dumps(found))
"""


def allowed() -> set[Connection]:
    """The table in infra/docker/allowed-connections; any port, written `*`, is 0."""
    found = set()
    for line in (ROOT / "infra/docker/allowed-connections").read_text(encoding="utf-8").splitlines():
        if words := line.partition("#")[0].split():
            source, target, port = words
            found.add((source, target, 0 if port == "*" else int(port)))
    return found


def opened(
    system: System, sources: Iterable[Container], ports: Iterable[int], machine: Iterable[tuple[str, int]]
) -> dict[str, set[Connection]]:
    """The connections that can be opened from each of these containers, by its name.

    Tried are all `ports` on all addresses of all containers that run, and these addresses and ports of the machine,
    which count as port 0.
    """
    targets = {address: each.service for each in system.containers() for address in each.addresses}
    wanted = [*((address, port) for address in targets for port in ports), *machine]

    def tried(source: Container) -> tuple[str, set[Connection]]:
        others = [(address, port) for address, port in wanted if address not in source.addresses]
        answered = json.loads(system.in_network_of(source, _PROBE, json.dumps(others)))
        return source.name, {
            (source.service, targets.get(address, "machine"), port if address in targets else 0)
            for address, port in answered
        }

    with ThreadPoolExecutor(4) as pool:
        return dict(pool.map(tried, sources))


def listening(system: System, container: Container) -> set[tuple[str, int]]:
    """Address and port of every socket that waits for connections in a container."""
    return {(address, port) for address, port in json.loads(system.in_network_of(container, _LISTENING, ""))}
