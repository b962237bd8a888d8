"""The places where an emulated module's UART comes out: a TCP port, or a pseudo-terminal.

Called by emulate.py, which moves the bytes. A wire carries one host at a time, as a UART does. It
has a door that becomes readable when somebody may have come, and hands out a descriptor to read and
write. Both wires know how to say "gone": a read gives b"" or an OSError.
"""

import ctypes
import os
import select
import socket
import sys
import termios
import tty
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from spwf.listening import listening


class Wire(Protocol):
    """Where the UART comes out. All descriptors are non-blocking and belong to the wire."""

    where: str  # what "listening on" says
    door: int  # readable when somebody may have come

    def come(self) -> int | None:
        """Return the descriptor of the host that has come; None: nobody, or one is here already."""

    def leave(self) -> None:
        """Forget the host: it has gone."""

    def close(self) -> None:
        """Take the wire away."""


class TcpWire:
    """A TCP port. Who comes while another host is connected is turned away, and stderr says so."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on host:port; port 0 lets the kernel choose. ServerError: it cannot."""
        self._listener = listening(host, port)
        self._listener.setblocking(False)
        self._host: socket.socket | None = None
        self.door = self._listener.fileno()
        self.where = "{}:{}".format(*self._listener.getsockname())

    def come(self) -> int | None:
        """Accept one connection; a second one is closed at once."""
        try:
            connection, (host, port) = self._listener.accept()
        except OSError:  # it went away before it was accepted
            return None
        if self._host is not None:
            print(
                f"turned away {host}:{port}: another host is connected", file=sys.stderr, flush=True
            )
            connection.close()
            return None
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = connection
        return connection.fileno()

    def leave(self) -> None:
        """Close the connection."""
        if self._host is not None:
            self._host.close()
            self._host = None

    def close(self) -> None:
        """Close the connection and the port."""
        self.leave()
        self._listener.close()


TERMINALS = Path("/dev/pts")


class PtyWire:
    """A pseudo-terminal with a symbolic link to it. Programs open the link like /dev/ttyUSB0."""

    def __init__(self, link: Path) -> None:
        """Make the terminal, raw as a UART.

        FileExistsError: `link` is something else than the link of an emulator that was killed.
        """
        if link.is_symlink():
            there = link.readlink()
            if there.parent != TERMINALS:
                raise FileExistsError(f"{link} is a link to {there}: choose another path")
            if there.exists():
                raise FileExistsError(
                    f"{link} is a terminal in use: end that, or choose another path"
                )
        elif link.exists():
            raise FileExistsError(f"{link} exists and is not a symbolic link: choose another path")
        self._master, terminal = os.openpty()
        self._name = os.ttyname(terminal)
        tty.setraw(terminal)
        os.close(terminal)  # from here on a host has it open, or nobody
        os.set_blocking(self._master, False)
        self.door = watch_opening(self._name)
        link.unlink(missing_ok=True)
        link.symlink_to(self._name)
        self._link, self._here = link, False
        self.where = str(link)

    def come(self) -> int | None:
        """Say whether the terminal has been opened."""
        with suppress(BlockingIOError):
            os.read(self.door, 4096)
        if self._here or hung_up(self._master):
            return None
        self._here = True
        return self._master

    def leave(self) -> None:
        """Throw away what the host has not read, so that the next one does not."""
        self._here = False
        terminal = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        termios.tcflush(terminal, termios.TCIFLUSH)
        os.close(terminal)

    def close(self) -> None:
        """Remove the link, unless it is somebody else's by now, and the terminal."""
        if self._link.is_symlink() and os.readlink(self._link) == self._name:
            self._link.unlink()
        os.close(self.door)
        os.close(self._master)


def hung_up(descriptor: int) -> bool:
    """Say whether the other side has closed; what it wrote before may still be unread."""
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    return bool(poll.poll(0))


def watch_opening(path: str) -> int:
    """Return a descriptor that becomes readable when `path` is opened (Linux inotify)."""
    libc = ctypes.CDLL(None, use_errno=True)
    in_open = 0x20  # <sys/inotify.h>; there the flags of inotify_init1 are those of open
    watch: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if watch < 0 or libc.inotify_add_watch(watch, os.fsencode(path), in_open) < 0:
        raise OSError(ctypes.get_errno(), "cannot watch the terminal with inotify", path)
    return watch
