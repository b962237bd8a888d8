"""A server that misbehaves below TLS, and the choice between it and openssl's.

Called by demo.py, serve.py and plugin.py. What it does is a scenario's table [tcp]; to whoever uses
it, it is a Server like the other: address, log, received, wait_for().
"""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from spwf.capture import Capture
from spwf.errors import HarnessError, ServerError
from spwf.listening import bound
from spwf.pki import Pki
from spwf.relay import Relay
from spwf.scenario import End, Port, Scenario, TcpOptions
from spwf.server import Server

BACKLOG = 16
GREETING = {
    Port.OPEN: "TCP without TLS on {}\n",
    Port.CLOSED: "nothing listens on {}\n",
    Port.MUTE: "nobody answers on {}\n",
}
"""What the log begins with."""
BEYOND = 60.0  # s: longer than any limit of the module [design 10]
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: close() sends RST


def server_for(scenario: Scenario, pki: Pki, **options: Any) -> Server:
    """The server that the scenario wants, not started; `options` are those of Server."""
    return (TcpServer if scenario.tcp else Server)(scenario, pki, **options)


@contextmanager
def serving(
    scenario: Scenario, pki: Pki, capture: Capture | None, *, host: str, **options: Any
) -> Iterator[Server]:
    """The scenario's server, started; where there is a capture, behind a relay that it hears.

    `host` and `options` are those of Server. A server that misbehaves below TLS has no relay, for
    the relay would behave.
    """
    with ExitStack() as stack:
        if capture is None or scenario.tcp is not None:
            yield stack.enter_context(server_for(scenario, pki, host=host, **options))
            return
        folder = stack.enter_context(TemporaryDirectory(prefix="spwf-"))
        keylog = Path(folder, "keys.log")
        server = stack.enter_context(server_for(scenario, pki, host=host, keylog=keylog, **options))
        relay = stack.enter_context(Relay((server.host, server.port), host, keylog))
        capture.attach(relay)
        server.port = relay.port
        yield server


class TcpServer(Server):
    """A plain TCP server, one connection after the other."""

    def __enter__(self) -> "TcpServer":
        """Binds its port, and listens there unless the scenario has it closed or mute.

        ServerError where it cannot.
        """
        self._tcp = self.scenario.tcp or TcpOptions()
        self._hurry: Callable[[float], None] | None = None
        with ExitStack() as stack:
            listener = stack.enter_context(bound(self.host, self.port))
            self.port = listener.getsockname()[1]
            if self._tcp.port is not Port.CLOSED:
                mute = self._tcp.port is Port.MUTE
                listener.listen(0 if mute else BACKLOG)
                if mute:  # with one in the queue, the kernel drops whoever comes next
                    stack.enter_context(socket.create_connection(listener.getsockname()))
                self._stop, self._stopped = map(stack.enter_context, socket.socketpair())
                work = self._hurry_on if mute else self._serve
                self._thread = threading.Thread(target=work, args=(listener,), daemon=True)
                self._thread.start()
                stack.callback(self._end)
            self._tell(GREETING[self._tcp.port].format(f"{self.host}:{self.port}").encode())
            self._open = stack.pop_all()
        return self

    def hurry(self, skip: Callable[[float], None]) -> None:
        """Let `skip` move the module's clock past its limits whenever it is not answered.

        Where it cannot (HarnessError), the module's own limit ends the wait.
        """
        self._hurry = skip

    def send(self, data: bytes, timeout: float = 10.0) -> None:
        """ServerError: it has said all with its answer."""
        raise ServerError("a server without TLS sends its answer and nothing else")

    def _end(self) -> None:
        self._stop.close()
        self._thread.join()

    def _hurry_on(self, _listener: socket.socket) -> None:
        """The thread of a mute port, who cannot know when somebody knocks: time flies."""
        with suppress(HarnessError):
            while not select.select([self._stopped], [], [], 0.01)[0]:
                if self._hurry:
                    self._hurry(1.0)

    def _serve(self, listener: socket.socket) -> None:
        """The thread of an open port."""
        while self._ready(listener):
            peer, _ = listener.accept()
            with peer, suppress(ConnectionError):  # the module may leave at any time
                self._meet(peer)
            with self._news:
                self._hearing.connected = False
            self._tell(b"end of the connection\n")
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _meet(self, peer: socket.socket) -> None:
        """One connection, from the module's hello to its end."""
        hello = peer.recv(4096) if self._ready(peer) else b""
        with self._news:
            self._hearing.received = hello
            self._hearing.connections += 1
            self._hearing.connected = True
        self._tell(f"{len(hello)} bytes came\n".encode())
        if self._tcp.then is End.RESET:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return
        peer.sendall(self._tcp.answer)
        if self._tcp.then is End.CLOSE:
            peer.shutdown(socket.SHUT_WR)
        elif not self._tcp.answer and self._hurry:
            with suppress(HarnessError):
                self._hurry(BEYOND)
        while self._ready(peer) and peer.recv(4096):
            pass  # until the module leaves: a FIN, unlike close() with bytes unread, is no reset

    def _ready(self, sock: socket.socket) -> bool:
        """Waits until something comes: False where that is the end of this server."""
        ready, _, _ = select.select([sock, self._stopped], [], [])
        return self._stopped not in ready

    def _tell(self, text: bytes) -> None:
        with self._news:
            self._log += text
            self._news.notify_all()
