"""One emulated module on a wire of its own: `spwf emulate`.

For programs that do not import spwf. Bytes go from the host to the module and back; how each TLS
handshake went is printed on stderr, because the AT wire hides it, and at the end what a real flash
would have borne. [design 6]
"""

import os
import selectors
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from spwf._core import Core
from spwf.outcome import Cause, Outcome
from spwf.wires import Wire, hung_up

CHUNK = 65536  # bytes moved at a time
BACKLOG = 65536  # bytes that a host may leave unread before its module stands still


class Emulator:
    """Moves bytes between a module and a wire, and tells the outcomes."""

    def __init__(self, core: Core, wire: Wire) -> None:
        """Take a module that is still off; it is powered on when the first host comes."""
        self._core, self._wire = core, wire
        self._events = selectors.DefaultSelector()
        self._host: int | None = None
        self._powered = False
        self._unsent = bytearray()
        self._told = 0  # handshakes

    def run(self, stop: socket.socket) -> None:
        """Serve until `stop` becomes readable."""
        self._events.register(stop, selectors.EVENT_READ)
        self._events.register(self._wire.door, selectors.EVENT_READ)
        try:
            self._serve(stop)
        finally:
            writes, erases = self._core.flash
            print(f"flash: {writes} writes, {erases} pages erased", file=sys.stderr, flush=True)

    def _serve(self, stop: socket.socket) -> None:
        with self._events:
            while True:
                for key, happened in self._events.select():
                    if key.fileobj is stop:
                        return
                    if key.fd == self._wire.door:
                        self._welcome()
                    elif key.fd == self._host and happened & selectors.EVENT_READ:
                        self._take(key.fd)
                self._give()
                self._tell()

    def _welcome(self) -> None:
        if self._host is not None and hung_up(self._host):
            while self._host is not None:  # who left just before goes before who comes
                self._take(self._host)
        host = self._wire.come()
        if host is None:
            return
        self._host = host
        self._events.register(host, selectors.EVENT_READ)
        if not self._powered:
            self._powered = True
            self._core.power(True)
            self._events.register(self._core.fileno(), selectors.EVENT_READ)

    def _take(self, host: int) -> None:
        """Move what the host has sent to the module."""
        try:
            data = os.read(host, CHUNK)
        except BlockingIOError:
            return
        except OSError:  # a reset connection, or a terminal that nobody has open
            data = b""
        if data:
            self._core.write(data)
        else:
            self._part(host)

    def _give(self) -> None:
        """Move what the module has sent to the host; nobody there: drop it."""
        if not self._powered:
            return
        if len(self._unsent) < BACKLOG:
            self._core.run(0)
            self._unsent += self._core.read(CHUNK, 0)
        if self._host is None:
            self._unsent.clear()
            return
        try:
            if self._unsent:
                del self._unsent[: os.write(self._host, self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._part(self._host)
            return
        self._watch()

    def _watch(self) -> None:
        """Wait for the host to take more where it must; the module stands still meanwhile."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        if self._host is not None and self._events.get_key(self._host).events != wanted:
            self._events.modify(self._host, wanted)
        module = self._core.fileno()
        watched = module in self._events.get_map()
        if watched and len(self._unsent) >= BACKLOG:
            self._events.unregister(module)
        elif not watched and len(self._unsent) < BACKLOG:
            self._events.register(module, selectors.EVENT_READ)

    def _part(self, host: int) -> None:
        """The host has gone, and with it what it has not read."""
        self._events.unregister(host)
        self._host = None
        self._unsent.clear()
        self._core.reset_input()
        self._wire.leave()
        self._watch()

    def _tell(self) -> None:
        """Print how the last handshake went, once it has ended."""
        fields = self._core.outcome
        if fields is None or fields["count"] == self._told:
            return
        outcome = Outcome.from_fields(fields)
        if outcome.connected or outcome.cause is not Cause.NONE:
            self._told = fields["count"]
            print(f"outcome: {outcome}", file=sys.stderr, flush=True)


@contextmanager
def stop_signals() -> Iterator[socket.socket]:
    """Give a socket that becomes readable when SIGINT, SIGTERM or SIGHUP comes.

    Nothing is interrupted by an exception, so a module never stops in the middle of a step.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    woken, wake = socket.socketpair()
    with woken, wake:
        wake.setblocking(False)
        before_fd = signal.set_wakeup_fd(wake.fileno())
        before = {number: signal.signal(number, lambda *_: None) for number in numbers}
        try:
            yield woken
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before_fd)
