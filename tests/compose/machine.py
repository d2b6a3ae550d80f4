"""What a container engine may leave behind on a machine."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_ENGINE = re.compile(r"^(dockerd|containerd|containerd-shim.*|docker-proxy|runc)$")
_COUNTERS = re.compile(r"\s*\[\d+:\d+\]")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One look at it; each field holds what could be left, one thing an entry."""

    firewall: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    forwarding: set[str] = field(default_factory=set)
    mounts: set[str] = field(default_factory=set)
    processes: set[str] = field(default_factory=set)
    cgroups: set[str] = field(default_factory=set)

    @classmethod
    def now(cls) -> "Machine":
        """Look."""
        return cls(
            firewall=_firewall(),
            links={path.name for path in Path("/sys/class/net").iterdir()},
            forwarding={f"{path} {path.read_text().strip()}" for path in forwarding_switches()},
            mounts={line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()},
            processes=_processes(),
            cgroups={str(path) for path in (*_CGROUPS.glob("*docker*"), *_CGROUPS.glob("*/*docker*"))},
        )

    def beyond(self, earlier: "Machine") -> dict[str, list[str]]:
        """What is there and was not earlier, by kind; and firewall rules that went missing."""
        found = {
            kind: sorted(getattr(self, kind) - getattr(earlier, kind)) for kind in self.__dataclass_fields__
        }
        found["firewall rules lost"] = sorted(earlier.firewall - self.firewall)
        return {kind: things for kind, things in found.items() if things}


def forwarding_switches() -> list[Path]:
    """The kernel's settings that an engine changes."""
    folder = Path("/proc/sys/net/ipv4")
    return [folder / "ip_forward", *sorted(folder.glob("conf/*/forwarding"))]


def firewall_tables(family: str) -> str:
    """The rules of `iptables` or `ip6tables` in the form their -restore reads; empty where there are none."""
    try:
        return subprocess.run(
            [f"{family}-save"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _firewall() -> set[str]:
    """Rules, chains and policies; a table without rules that lets everything pass is as good as none."""
    found: set[str] = set()
    for family in ("iptables", "ip6tables"):
        table = ""
        for line in firewall_tables(family).splitlines():
            if line.startswith("*"):
                table = line
            elif line.startswith((":", "-")) and not re.match(r":\w+ ACCEPT", line):
                found.add(f"{family} {table} {_COUNTERS.sub('', line)}")
    return found


def _processes() -> set[str]:
    """Engines and what belongs to them: by name, or because they live in a separate process namespace."""
    own = Path("/proc/self/ns/pid").readlink()
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            name = (folder / "comm").read_text().strip()
            apart = (folder / "ns/pid").readlink() != own
        except OSError:  # it has ended meanwhile
            continue
        if apart or _ENGINE.match(name):
            found.add(f"{folder.name} {name}")
    return found
