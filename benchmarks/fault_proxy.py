"""Proxies in front of a server of this machine that misbehave on request, as networks and neighbours do.

`TcpFaults` passes bytes on, for PostgreSQL and the broker; `benchmarks.http_faults.HttpFaults` answers requests.

    with TcpFaults(port) as proxy:  # lead clients to proxy.port
        proxy.inflict("trickle", share=0.2)
        proxy.heal()
"""

import socket
from collections import Counter
from contextlib import suppress
from random import Random
from threading import Event, Lock, Thread
from typing import Self

from benchmarks.wrong_answers import HTML, message

#: Seconds between two bytes of a peer that trickles.
PAUSE = 0.1


class Fault:
    """One fault from `inflict` to `heal`."""

    def __init__(self, name: str, share: float, only: str) -> None:
        self.name, self.share, self.only = name, share, only
        self.over = Event()


class FaultProxy:
    """A listener that takes connections for the server at `target`, a port of this machine.

    `met` counts what a fault was inflicted on, by the fault's name.
    """

    names: tuple[str, ...] = ()

    def __init__(self, target: int, *, at: int = 0, seed: int = 0) -> None:
        self.target, self.port = target, at
        self.met: Counter[str] = Counter()
        self.ahead = 0.0
        self._random, self._lock = Random(seed), Lock()  # noqa: S311  # it chooses who meets a fault
        self._open: set[socket.socket] = set()
        self._fault: Fault | None = None
        self._listener: socket.socket | None = None
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def inflict(self, name: str, *, share: float = 1.0, only: str = "", ahead: float = 0.0) -> None:
        """Misbehave from now on, in place of an earlier fault.

        `share` of the connections (TCP) or requests (HTTP) meet it, of requests those with `only` in their path. The
        clock of the server is `ahead` seconds ahead with the fault "date".
        """
        if name not in self.names:
            raise ValueError(f"{name!r} is none of {', '.join(self.names)}")
        self.heal()
        self.ahead = ahead
        self._fault = Fault(name, share, only)
        if name == "refuse":
            self._stop_listening()
        if name in ("refuse", "reset"):
            self.cut()

    def heal(self) -> None:
        """Pass everything on again. Connections that hung or trickled go on where that is possible."""
        self.ahead = 0.0
        fault, self._fault = self._fault, None
        if fault:
            fault.over.set()
        if self._listener is None:
            self._listen()

    def cut(self) -> None:
        """Close every open connection, as a load balancer does with those that were idle."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections, and close the open ones."""
        self.heal()
        self._stop_listening()
        self.cut()

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = self._listener.getsockname()[1]
        Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Thread(target=self._take, args=(client,), daemon=True).start()

    def _take(self, *sockets: socket.socket) -> None:
        with self._lock:
            self._open.update(sockets)
        try:
            with suppress(OSError):
                self._serve(sockets[0])
        finally:
            with self._lock:
                self._open.difference_update(sockets)
            for each in sockets:
                each.close()

    def _serve(self, client: socket.socket) -> None:
        raise NotImplementedError

    def fault_for(self, chance: float, path: str = "") -> Fault | None:
        """The present fault, if it is for this chance of 0 to 1 and this path."""
        fault = self._fault
        if fault is None or chance >= fault.share or fault.only not in path:
            return None
        self.met[fault.name] += 1
        return fault

    def chance(self) -> float:
        with self._lock:
            return self._random.random()


class TcpFaults(FaultProxy):
    """Passes bytes on; what the server says meets the fault, and with "hang" what the client says too."""

    names = ("refuse", "reset", "hang", "trickle", "truncate", "garbage", "html")

    def _serve(self, client: socket.socket) -> None:
        chance = self.chance()
        server = socket.create_connection(("127.0.0.1", self.target))
        with self._lock:
            self._open.add(server)
        try:
            back = Thread(target=self._pass_on, args=(server, client, chance, True), daemon=True)
            back.start()
            self._pass_on(client, server, chance, False)
            back.join()
        finally:
            with self._lock:
                self._open.discard(server)
            server.close()

    def _pass_on(self, source: socket.socket, target: socket.socket, chance: float, is_answer: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(65_536):
                while chunk and (fault := self.fault_for(chance)):
                    chunk = self._disturbed(fault, chunk, target, is_answer)
                target.sendall(chunk)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _disturbed(self, fault: Fault, chunk: bytes, target: socket.socket, is_answer: bool) -> bytes:
        """What is left to pass on, once the fault is over; raises OSError where the connection ends."""
        if fault.name == "hang":
            fault.over.wait()
        elif not is_answer:
            target.sendall(chunk)
            return b""
        elif fault.name == "trickle":
            while chunk and not fault.over.wait(PAUSE):
                target.sendall(chunk[:1])
                chunk = chunk[1:]
        else:
            said = {
                "truncate": chunk[: len(chunk) // 2],
                "garbage": bytes(range(256)) * 4,
                "html": message(200, HTML),
            }
            target.sendall(said.get(fault.name, b""))
            raise ConnectionAbortedError
        return chunk
