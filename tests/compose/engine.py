"""A Docker engine for the test: the one that is reachable, or a private one that leaves the machine as it was.

Run as a program it says why there can be no engine here, with exit status 77, or nothing. Given a folder, it is the keeper
of an engine: it goes on until its standard input ends, however the test ended, then stops the engine and puts back what
that changed. It prints one JSON object a line.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree, which

from tests.compose.machine import Machine, firewall_tables, forwarding_switches

#: Exit status where no engine is reachable and none can be started.
NO_ENGINE = 77
_PATIENCE = 60.0
#: Images and containers are not on the disk then: some take a minute to delete 50,000 files.
_IN_MEMORY = 'mkdir "$0" && mount -t tmpfs -o size=6g tmpfs "$0" &&'
_MUCH_MEMORY_KB = 12_000_000
_CGROUPS = Path("/sys/fs/cgroup")
_NEEDED = ("dockerd", "docker", "containerd", "setpriv", "unshare", "iptables-save", "iptables-restore", "ip")


class NoEngineError(Exception):
    """No engine is reachable and none can be started here; the text says why, in one line."""


@contextmanager
def engine(left: list[dict[str, list[str]]]) -> Iterator[dict[str, str]]:
    """The environment that leads `docker` to an engine; an own one ends with the block.

    What an own engine left on the machine is appended to `left`, in an object that is empty when that is nothing.
    Raises `NoEngineError`.
    """
    if _answers(os.environ):
        yield {}
        return
    reason = _obstacle()
    if reason is not None:
        raise NoEngineError(reason)
    before = Machine.now()
    with tempfile.TemporaryDirectory(prefix="triage-engine-", ignore_cleanup_errors=True) as folder:
        with subprocess.Popen(
            [sys.executable, "-m", "tests.compose.engine", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the test, which then lets go of the keeper
        ) as keeper:
            assert keeper.stdin is not None
            assert keeper.stdout is not None
            said = json.loads(keeper.stdout.readline() or '{"reason": "its keeper ended"}')
            if "reason" in said:
                raise NoEngineError(f"an engine does not start: {said['reason']}")
            try:
                yield {"DOCKER_HOST": said["address"]}
            finally:
                keeper.stdin.close()
                keeper.wait(_PATIENCE * 2)
        left.append(Machine.now().beyond(before))


def _answers(environment: Mapping[str, str]) -> bool:
    if which("docker") is None:
        return False
    asked = subprocess.run(
        ["docker", "version", "--format", "{{.Server.Version}}"],
        capture_output=True,
        check=False,
        timeout=20,
        env=environment,
    )
    return asked.returncode == 0


def _obstacle() -> str | None:
    if sys.platform != "linux":
        return "no engine is reachable, and one can be started on Linux only"
    if os.geteuid() != 0:
        return "no engine is reachable, and only root can start one"
    missing = [program for program in _NEEDED if which(program) is None]
    return (
        f"no engine is reachable, and to start one {', '.join(missing)} must be installed"
        if missing
        else None
    )


class _Keeper:
    """Starts the engine, and undoes that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = f"unix://{folder}/socket"
        self._cgroup = f"docker-{folder.name}"
        self._firewall = {family: firewall_tables(family) for family in ("iptables", "ip6tables")}
        self._links = Machine.now().links
        self._forwarding = {path: path.read_text() for path in forwarding_switches()}
        self._engine: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Until standard input ends."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(1))
        try:
            _say(**self._start())
            sys.stdin.read()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            self._stop()
            self._restore()

    def _start(self) -> dict[str, str]:
        folder = self._folder
        # In namespaces of their own: the kernel ends every process and every mount with the first process, and that with
        # this keeper. Without a bridge: the only networks are those of docker-compose.yml.
        line = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]
        line += [
            "--mount-proc",
            "sh",
            "-c",
            f'{_IN_MEMORY if _much_memory() else ""} "$@"; exit $?',
            f"{folder}/data",
        ]
        line += ["dockerd"]
        line += [f"--data-root={folder}/data", f"--exec-root={folder}/run", f"--pidfile={folder}/pid"]
        line += [f"--host={self._address}", "--bridge=none", "--log-level=warn", "--storage-driver=overlay2"]
        line += ["--exec-opt=native.cgroupdriver=cgroupfs", f"--cgroup-parent={self._cgroup}"]
        log = (folder / "log").open("wb")
        self._engine = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not _answers({**os.environ, "DOCKER_HOST": self._address}):
            if self._engine.poll() is not None or time.monotonic() > deadline:
                tail = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
                return {"reason": tail[0] if tail else "it does not answer"}
            time.sleep(0.1)
        return {"address": self._address}

    def _stop(self) -> None:
        if self._engine is None:
            return
        self._remove("container", "ls", "--all", "--quiet")
        self._remove("network", "ls", "--quiet", "--filter=type=custom")
        for shell in _children(
            self._engine.pid
        ):  # the first process of the namespace, which waits for all others
            for dockerd in _children(shell):
                with suppress(ProcessLookupError):
                    os.kill(dockerd, signal.SIGTERM)
        try:
            self._engine.wait(30)
        except subprocess.TimeoutExpired:
            self._engine.kill()
            self._engine.wait(10)

    def _remove(self, kind: str, *listing: str) -> None:
        names = self._docker(kind, *listing).split()
        if names:
            self._docker(kind, "rm", *(["--force", "--volumes"] if kind == "container" else []), *names)

    def _docker(self, *arguments: str) -> str:
        environment = {**os.environ, "DOCKER_HOST": self._address}
        try:
            return subprocess.run(
                ["docker", *arguments],
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                env=environment,
            ).stdout
        except subprocess.TimeoutExpired:
            return ""

    def _restore(self) -> None:
        for link in Machine.now().links - self._links:
            if link.startswith(("br-", "veth", "docker")):
                subprocess.run(["ip", "link", "delete", link], capture_output=True, check=False, timeout=20)
        for family, before in self._firewall.items():
            had = [line for line in before.splitlines() if line.startswith("*")]
            now = [line for line in firewall_tables(family).splitlines() if line.startswith("*")]
            # A table that was not there cannot be removed again; it is emptied and lets everything pass.
            text = before + "".join(f"{table}\nCOMMIT\n" for table in now if table not in had)
            subprocess.run([f"{family}-restore"], input=text, text=True, check=False, timeout=20)
            for table in set(now) - set(had):
                for chain in ("INPUT", "FORWARD", "OUTPUT", "PREROUTING", "POSTROUTING"):
                    subprocess.run(
                        [family, "-t", table[1:], "-P", chain, "ACCEPT"], capture_output=True, check=False
                    )
        # The first sets all others, which is why it is first.
        for path, text in self._forwarding.items():
            if path.exists() and path.read_text() != text:
                path.write_text(text)
        # An engine that died leaves the groups of its containers; the innermost must go first.
        for top in (*_CGROUPS.glob(f"*/{self._cgroup}"), _CGROUPS / self._cgroup):
            for path in sorted((path for path in (top, *top.rglob("*")) if path.is_dir()), reverse=True):
                path.rmdir()
        rmtree(self._folder, ignore_errors=True)


def _much_memory() -> bool:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return any(int(line.split()[1]) > _MUCH_MEMORY_KB for line in lines if line.startswith("MemAvailable:"))


def _children(parent: int) -> list[int]:
    text = (
        Path(f"/proc/{parent}/task/{parent}/children").read_text() if Path(f"/proc/{parent}").exists() else ""
    )
    return [int(each) for each in text.split()]


def _say(**told: str) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


def main() -> None:
    """Keep an engine in the folder named, or try whether there can be one."""
    if len(sys.argv) > 1:
        _Keeper(Path(sys.argv[1])).run()
        return
    try:
        with engine([]):
            pass
    except NoEngineError as reason:
        sys.stderr.write(f"{reason}\n")
        sys.exit(NO_ENGINE)


if __name__ == "__main__":
    main()
