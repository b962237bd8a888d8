"""A relay between a module and a server, so that the bytes of a real module can be captured.

Called by cli_ladder.py and tcp.py, and by server.py for a program that listens elsewhere. It
stands on an address of this machine, passes everything on in both directions, ends and resets too,
and is a Source [tap.py]. A real module tells nobody its secrets; where the server is one of ours
and writes a key log, they are taken from there.
"""

import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Self

from spwf import tap
from spwf.errors import HarnessError
from spwf.listening import listening
from spwf.tap import RANDOM, REFUSED, RESET, SECRET, Address, Event, Kind

CHUNK = 16384  # bytes passed on at a time
PATIENCE = 10.0  # s for the server to accept
SETTLE = 1.0  # s for connections to end where recording does
AT_ONCE = struct.pack("ii", 1, 0)  # of SO_LINGER: close() sends RST


class Relay:
    """Listens on a port of its own from `with` to its end; any number of connections at once."""

    def __init__(
        self,
        server: tuple[str, int],
        host: str = "127.0.0.1",
        keylog: str | os.PathLike[str] | None = None,
        port: int = 0,
    ) -> None:
        """Nothing listens yet.

        server: where everything goes. host: address of this machine to listen on. keylog: file
        into which the server writes its secrets, before it answers what they protect. port: 0 for
        any that is free.
        """
        self.server, self.host, self.port = server, host, port
        self._keylog = keylog
        self._told = 0  # bytes of the key log
        self._count = self._open_now = 0  # connections so far, and of them not at their end
        self._on = False
        self._ended = self._ending = False
        self._ends: list[socket.socket] = []  # of all connections, to be shut at the end
        self._records = bytearray()
        self._held: dict[int, list[Event]] = {}  # what the module sent since the server spoke
        self._news = threading.Condition()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Listens; ServerError where it cannot, HarnessError where the server has no address."""
        name, port = self.server
        try:
            self._peer = socket.gethostbyname(name), port
        except (OSError, UnicodeError):
            raise HarnessError(f"{name} has no address") from None
        with ExitStack() as stack:
            self._listener = stack.enter_context(listening(self.host, self.port))
            self.port = self._listener.getsockname()[1]
            thread = threading.Thread(target=self._accept, name="relay", daemon=True)
            thread.start()
            stack.callback(self._end, thread)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it and every connection through it."""
        self._open.close()

    def _end(self, thread: threading.Thread) -> None:
        with self._news:
            self._ending = True
            for end in self._ends:
                _shut(end)
        self._listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        with self._news:
            self._ended = True
            self._release_all()

    # ---- the source -----------------------------------------------------------------------------

    def tap(self, on: bool, /) -> bool:
        """Begins or ends recording; False: it is so already."""
        with self._news:
            if self._on and not on:  # a module that has closed is about to be heard
                self._news.wait_for(lambda: not self._open_now, SETTLE)
            changed, self._on = self._on != on, on
            if not on:
                self._release_all()
        return changed

    def tapped(self, timeout: float | None, /) -> bytes:
        """Waits for records and takes them; empty for ever after the end."""
        with self._news:
            self._news.wait_for(lambda: self._records or not self._on or self._ended, timeout)
            records = bytes(self._records)
            self._records.clear()
        return records

    def _tell(self, event: Event) -> None:
        with self._news:
            if not self._on:
                return
            held = self._held.setdefault(event.socket, [])
            held.append(event)
            # Secrets stand before what they protect, and the server has them when it answers.
            if self._keylog is None or event.kind is not Kind.SENT:
                self._release(event.socket)
                self._news.notify_all()

    def _release_all(self) -> None:
        for number in list(self._held):
            self._release(number)
        self._news.notify_all()

    def _release(self, number: int) -> None:
        for secrets in self._read_keylog():
            self._records += tap.write(Event(time.time_ns(), Kind.SECRETS, data=secrets))
        for event in self._held.pop(number, []):
            self._records += tap.write(event)

    def _read_keylog(self) -> list[bytes]:
        """The secrets that the server has written since the last time."""
        if self._keylog is None or not os.path.exists(self._keylog):
            return []
        with open(self._keylog, "rb") as file:
            file.seek(self._told)
            new, _, _ = file.read().rpartition(b"\n")
        self._told += len(new) + 1 if new else 0
        lines = [line.split() for line in new.split(b"\n") if line.startswith(b"CLIENT_RANDOM ")]
        found = [bytes.fromhex(b"".join(words[1:]).decode()) for words in lines]
        return [secrets for secrets in found if len(secrets) == RANDOM + SECRET]

    # ---- the connections ------------------------------------------------------------------------

    def _accept(self) -> None:
        with ExitStack() as ends:
            while True:
                try:
                    module, local = self._listener.accept()
                except OSError:
                    return  # the end of all of them
                carry = threading.Thread(
                    target=self._carry, args=(module, local, self._count % 256), daemon=True
                )
                self._count += 1
                carry.start()
                ends.callback(carry.join)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._news:
            self._open_now += 1
        try:
            yield
        finally:
            with self._news:
                self._open_now -= 1
                self._news.notify_all()

    def _carry(self, module: socket.socket, local: Address, number: int) -> None:
        def tell(kind: Kind, data: bytes = b"", error: int = 0) -> None:
            if not self._on:
                return
            self._tell(Event(time.time_ns(), kind, number, local, self._peer, error, data))

        with self._counted(), module:
            tell(Kind.OPENED)
            try:
                server = socket.create_connection(self._peer, PATIENCE)
            except OSError as error:
                reset = isinstance(error, ConnectionResetError)  # it agreed, and changed its mind
                if reset:
                    tell(Kind.CONNECTED)
                tell(Kind.FAILED, error=RESET if reset else REFUSED)
                module.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                return
            with server:
                server.settimeout(None)
                tell(Kind.CONNECTED)
                with self._news:
                    self._ends += (module, server)
                    if self._ending:
                        return
                _pass_on(module, server, tell)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


def _pass_on(module: socket.socket, server: socket.socket, tell: Callable[..., None]) -> None:
    """Until both have ended, or one resets."""
    ways = {module: (server, Kind.SENT, Kind.CLOSED), server: (module, Kind.RECEIVED, Kind.ENDED)}
    while ways:
        ready, _, _ = select.select(list(ways), [], [])
        for end in ready:
            other, moved, over = ways[end]
            try:
                data = end.recv(CHUNK)
            except OSError:
                tell(*((Kind.ABORTED,) if end is module else (Kind.FAILED, b"", RESET)))
                other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                return
            tell(moved if data else over, data)
            with suppress(OSError):  # it has gone: that is heard from itself
                if data:
                    other.sendall(data)
                else:
                    other.shutdown(socket.SHUT_WR)
            if not data:
                del ways[end]
