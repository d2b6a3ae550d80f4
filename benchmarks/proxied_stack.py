"""A stack whose application reaches every server through a proxy that can misbehave."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.fault_proxy import FaultProxy, TcpFaults
from benchmarks.http_faults import HttpFaults
from infra.local.options import SERVICES, TOOL_VARIABLES, Part, StackOptions
from infra.local.process import Child, Command
from infra.local.stack import LocalStack

#: The variable with the address of each server that a proxy stands before, and the server's part of the stack.
_VARIABLES = {
    "vault": ("VAULT_ADDR", "vault"),
    "database": ("DATABASE_URL", "postgres"),
    "ledger": ("LEDGER_URL", "postgres"),
    "broker": ("REDIS_URL", "valkey"),
    **{tool: (variable, tool) for tool, variable in TOOL_VARIABLES.items()},
}
_TCP = ("database", "ledger", "broker")


@dataclass(frozen=True, slots=True)
class ProxiedStack:
    """The stack, and the proxy before each server: vault, database, broker, ledger, and the tools by name."""

    stack: LocalStack
    proxies: Mapping[str, FaultProxy]

    def http(self, name: str) -> HttpFaults:
        """The proxy before the vault or a tool."""
        proxy = self.proxies[name]
        assert isinstance(proxy, HttpFaults)
        return proxy

    def led(self, command: Command) -> Command:
        """The same command, led to the proxies."""
        environment = dict(command.environment)
        for name, (variable, _) in _VARIABLES.items():
            if variable in environment:
                proxy = self.proxies[name]
                environment[variable] = environment[variable].replace(f":{proxy.target}", f":{proxy.port}", 1)
        return replace(command, environment=environment)

    def start(self, *, workers: int) -> None:
        """Start dispatcher, sweeper and workers, by turns one with threads and one with a process for each run."""
        table = self.stack.process_table
        for part in ("dispatcher", "sweeper", "reconciler"):
            table.spawn(self.led(self.stack.services.background(part)))
        for number in range(1, workers + 1):
            command = self.led(self.stack.services.worker(number))
            if number % 2 == 0:
                argv = tuple("prefork" if part == "threads" else part for part in command.argv)
                command = replace(command, argv=argv)
            table.start(command, lambda child: "ready." in child.log_since_start())

    def serve_pages(self) -> None:
        """Start the web process, at `stack.endpoints["web"]`."""
        self.stack.process_table.serve(
            "web", build=lambda port: self.led(self.stack.services.web(port)), ready=_answers
        )

    def heal(self) -> None:
        """Let every proxy pass everything on."""
        for proxy in self.proxies.values():
            proxy.heal()


def _answers(_: Child, port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def proxied_stack(
    folder: Path,
    *,
    environment: Mapping[str, str],
    workers: int = 2,
    concurrency: int = 4,
    actions: int = 40,
    pages: bool = False,
    seed: int = 0,
) -> Iterator[ProxiedStack]:
    """Servers and tools in `folder`, and the application behind proxies; `seed` says which connections meet a fault."""
    options = StackOptions(
        parts=SERVICES | ({Part.IDENTITY} if pages else set()),
        usual_ports=False,
        actions=actions,
        concurrency=concurrency,
        environment=dict(environment),
    )
    with LocalStack(folder, options=options) as stack, ExitStack() as made:
        proxies: dict[str, FaultProxy] = {}
        for name, (_, part) in _VARIABLES.items():
            port = urlsplit(stack.endpoints[part]).port
            assert port is not None
            kind = TcpFaults if name in _TCP else HttpFaults
            proxies[name] = made.enter_context(kind(port, seed=seed))
        proxied = ProxiedStack(stack, proxies)
        proxied.start(workers=workers)
        if pages:
            proxied.serve_pages()
        yield proxied
