"""What each container may see, reach and do, and that it can do nothing else."""

import json
import socket

import pytest

from tests.compose import reach
from tests.compose.system import Container, System

ONCE = {"keys", "provision"}
HTTP_TOOLS = ("sam-gov", "debarment", "contracts", "documents")

#: Volumes that hold no secrets: by service, with where they are and whether they can be written.
DATA = {
    "postgres": {("postgres-data", "/data/postgres", True), ("log-ledger", "/logs/ledger", True)},
    "valkey": {("valkey-data", "/data/valkey", True)},
    "vault": {
        ("vault-data", "/vault/data", True),
        ("vault-audit", "/vault/audit", True),
        ("vault-audit-2", "/vault/audit-2", True),
    },
    "reconciler": {
        ("vault-audit", "/vault/audit", False),
        ("vault-audit-2", "/vault/audit-2", False),
        *((f"log-{tool}", f"/logs/{tool}", False) for tool in (*HTTP_TOOLS, "ledger")),
    },
    "sweeper": {("vault-audit", "/vault/audit", False)},
    "web": {("vault-audit", "/vault/audit", False), ("demo", "/data/demo", False)},
    **{tool: {("demo", "/data/demo", False), (f"log-{tool}", f"/logs/{tool}", True)} for tool in HTTP_TOOLS},
}
ROTATED = ("rotator", "backup", "dispatcher", "sweeper", "switch", "web")
LOG_IN_AT_THE_VAULT = {"dispatcher", "sweeper", "switch", "web"}


def test_no_process_is_root_or_could_become_more_than_it_is(up, until):
    none = {"0" * 16}
    for each in up.containers():
        own = {{"vault": "10002", "reconciler": "10004"}.get(each.service, "10001")}
        wanted = {"Uid": own, "CapEff": none, "CapBnd": none, "NoNewPrivs": {"1"}}
        # The engine begins a health check as root, and for a moment its process is in the container.
        until(
            lambda each=each, wanted=wanted: powers(up, each) == wanted,
            seconds=10,
            what=f"{each.name}: {wanted}",
        )
        assert each.told["HostConfig"]["ReadonlyRootfs"], each.name
        assert not each.told["HostConfig"]["Privileged"], each.name


def powers(up: System, container: Container) -> dict[str, set[str]]:
    """What the kernel says of the processes in a container."""
    found: dict[str, set[str]] = {name: set() for name in ("Uid", "CapEff", "CapBnd", "NoNewPrivs")}
    for line in up.docker("exec", container.id, "sh", "-c", "cat /proc/[0-9]*/status").splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name].update(value.split())
    return found


def test_each_container_sees_its_own_secrets_and_data_only(up):
    for each in up.containers():
        volumes = {
            (mount["Name"].removeprefix(f"{up.project}_"), mount["Destination"], mount["RW"])
            for mount in each.told["Mounts"]
            if mount["Type"] == "volume"
        }
        assert volumes == secrets_of(each.service) | DATA.get(each.service, set()), each.name
        files = [mount for mount in each.told["Mounts"] if mount["Type"] == "bind"]
        assert not any(mount["RW"] for mount in files), each.name
        assert all(mount["Destination"].startswith("/etc/triage/") for mount in files), each.name


def secrets_of(service: str) -> set[tuple[str, str, bool]]:
    where = "/vault/secrets" if service == "vault" else f"/secrets/{service}"
    own = {(f"secrets-{service}", where, False)}
    if service == "rotator":
        return own | {(f"identity-{owner}", f"/secrets/identities/{owner}", True) for owner in ROTATED}
    if service in LOG_IN_AT_THE_VAULT:
        own.add((f"identity-{service}", f"/secrets/identities/{service}", False))
    return own


@pytest.mark.parametrize(
    ("device", "groups", "readers"),
    [
        ("audit", ("10001",), ("sweeper", "reconciler", "web")),
        ("audit-2", ("10001", "10003"), ("reconciler",)),
    ],
)
def test_each_log_of_the_vault_is_read_by_its_group_alone(up, device, groups, readers):
    reads = f"head -c 1 /vault/{device}/{device}.log"
    for reader in readers:
        assert up.compose("exec", "--no-TTY", reader, "sh", "-c", reads) == "{"
    volume = f"{up.project}_vault-{device}:/vault/{device}:ro"
    refused = up.docker(
        *("run", "--rm", "--network=none", f"--volume={volume}"),
        *(f"--group-add={group}" for group in groups),
        *(up.image, "sh", "-c", f"{reads} 2>&1 || id -G"),
    )
    assert "Permission denied" in refused
    assert refused.splitlines()[-1].split() == list(groups)


def test_no_secret_is_in_an_environment_a_command_line_or_a_log(up):
    program = """
import json, pathlib
names = ("password", "web-key", "identity.json", "recovery-keys.json", "export-keys.json", ".key")
found = [path.read_text() for path in pathlib.Path("/secrets").rglob("*") if path.name.endswith(names)]
words = {word for text in found for word in text.replace('"', " ").split() if len(word) > 30}
print(json.dumps(sorted(words)))
"""
    words = {
        word
        for service in ONCE  # the two that see all secrets between them
        for word in json.loads(
            up.compose("run", "--rm", "--no-TTY", "--no-deps", service, "python", "-c", program)
        )
    }
    assert len(words) > 30
    told = {each.name: json.dumps(each.told) for each in up.containers(also_ended=True)}
    told["logs"] = up.compose("logs", "--no-log-prefix")
    for name, text in told.items():
        assert not [word[:4] for word in words if word in text], name


def test_nobody_reaches_more_than_the_table_allows(up):
    extra = [up.compose("run", "--detach", "--no-deps", each, "sleep", "600").split()[-1] for each in ONCE]
    others = [Container(told) for told in json.loads(up.docker("inspect", *extra))]
    sources = [*up.containers(), *others]
    with socket.create_server(("0.0.0.0", 0)) as here:  # noqa: S104  # on each address that a container may find
        port = here.getsockname()[1]
        machine = [(address, port) for address in addresses_of_this_machine(up)]
        found = reach.opened(up, sources, ports(up), machine)
    up.docker("rm", "--force", *extra)
    for source in sources:
        wanted = {each for each in reach.allowed() if each[0] == source.service}
        assert found[source.name] == wanted, source.name


def test_nothing_listens_but_what_the_table_lists(up):
    known = {(target, port) for _, target, port in reach.allowed()} | {("proxy", 8443), ("proxy", 8444)}
    for each in up.containers():
        listening = reach.listening(up, each)
        outward = {(each.service, port) for address, port in listening if address != "127.0.0.1"}
        assert outward <= known, each.name


def test_only_the_proxy_is_published_and_on_the_loopback_interface_only(up):
    for each in up.containers():
        published = [
            (binding["HostIp"], int(binding["HostPort"]))
            for bindings in each.told["NetworkSettings"]["Ports"].values()
            for binding in bindings or []
        ]
        ports = [int(up.environment[name]) for name in ("PAGES_PORT", "SIGN_IN_PORT")]
        assert published == ([("127.0.0.1", port) for port in ports] if each.service == "proxy" else [])


def ports(up: System) -> set[int]:
    """Those in the table, and all that anything listens on."""
    listening = {port for each in up.containers() for _, port in reach.listening(up, each)}
    return listening | {port for _, _, port in reach.allowed() if port}


def addresses_of_this_machine(up: System) -> set[str]:
    """The one it sends from, and those that it could have on each of the networks."""
    names = up.docker(
        *("network", "ls", "--quiet", f"--filter=label=com.docker.compose.project={up.project}")
    ).split()
    networks = json.loads(up.docker("network", "inspect", *names))
    found = {each["Gateway"] for network in networks for each in network["IPAM"]["Config"]}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
        outward.connect(("192.0.2.1", 9))  # sends nothing; says which address would be used
        found.add(outward.getsockname()[0])
    return found
