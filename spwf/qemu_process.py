"""A process of QEMU and the wires to the firmware in it.

Called by qemu.py. The firmware's UART is one wire; on a second one, the side channel, it answers
questions about itself, a line each; the third is QEMU's own monitor. All are sockets that QEMU
inherits, so there is no name to choose and none to leave behind.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from spwf.errors import QemuError
from spwf.processes import start
from spwf.qemu_tap import FILTER, WORD, BoardTap

ASK, AGAIN = 4, 5.0  # how often the firmware is asked, and after how many s of silence again
WORDS = 4096  # bytes of QEMU's own words that are kept for error messages

T = TypeVar("T")


class Uart:
    """What the firmware has said, and done on its network, and nobody has read.

    It outlives its power.
    """

    def __init__(self) -> None:
        self.news = threading.Condition()
        self.said = bytearray()
        self.tap = BoardTap()
        self.ended = False  # QEMU, by itself


class Process:
    """One QEMU from its start to its end. A thread always drains its wires.

    A guest that finds its UART full stops, all of it, until somebody reads.
    """

    def __init__(self, argv: list[str], nv: int, uart: Uart) -> None:
        self._uart, self._news = uart, uart.news
        self._unsent = bytearray()
        self._told: list[bytes] = []  # lines on the side channel, since the last question
        self._half = b""  # of the next one
        self._replied = b""  # by the monitor, likewise
        self._words = b""  # of QEMU itself
        self._asking = threading.Lock()
        argv = [*argv, "-serial", "chardev:at", "-serial", "chardev:side"]
        argv += ["-mon", "chardev=qmp,mode=control"]
        with ExitStack() as ours, ExitStack() as theirs:
            wires, fds = [], [nv]
            for name in ("at", "side", "qmp"):
                wire, end = socket.socketpair()
                wire.setblocking(False)
                wires.append(ours.enter_context(wire))
                fds.append(theirs.enter_context(end).fileno())
                argv += ["-chardev", f"socket,id={name},fd={fds[-1]}"]
            self._at, self._side, self._qmp = wires
            self._frames, frames = os.pipe()  # of its network, where it is asked to write them
            ours.callback(os.close, self._frames)
            theirs.callback(os.close, frames)
            fds.append(frames)
            self._frames_name = f"/dev/fd/{frames}"
            os.set_blocking(self._frames, False)
            self._selector = ours.enter_context(selectors.DefaultSelector())
            self._process = start(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=fds,
            )
            self._open = ours.pop_all()
        uart.ended = False
        self._thread = threading.Thread(target=self._drain, name="qemu", daemon=True)
        self._thread.start()

    # ---- the end --------------------------------------------------------------------------------

    def kill(self) -> None:
        """Ends QEMU at once; the thread ends after it."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Ends QEMU; all that it has said is in the UART then."""
        self.kill()
        self._thread.join()
        self._uart.ended = False

    def ended(self) -> QemuError:
        """What to raise where it has ended by itself."""
        words = self._words.decode(errors="replace").strip() or "it said nothing"
        return QemuError(f"QEMU has ended by itself, status {self._process.wait()}: {words}")

    # ---- the thread -----------------------------------------------------------------------------

    def _drain(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        with self._open, stdout:
            for wire in (self._at, self._side, self._qmp, stdout, self._frames):
                self._selector.register(wire, selectors.EVENT_READ)
            while self._selector.get_map():
                for key, happened in self._selector.select():
                    if happened & selectors.EVENT_WRITE:
                        self._send_rest()
                    if happened & selectors.EVENT_READ:
                        self._hear(key.fileobj, key.fd)
        with self._news:
            self._uart.ended = True
            self._news.notify_all()

    def _hear(self, wire: Any, fd: int) -> None:
        with self._news:
            if (data := self._take(fd)) is None:
                return
            if not data:
                self._selector.unregister(wire)
            elif wire is self._at:
                self._uart.said += data
            elif wire is self._side:
                self._hear_side(data)
            elif wire is self._frames:
                # First the secrets that were told before these frames.
                self._hear_side(self._take(self._side.fileno()) or b"")
                self._uart.tap.frames(data)
            elif wire is self._qmp:
                self._replied += data
            else:
                self._words = (self._words + data)[-WORDS:]
            self._news.notify_all()

    def _take(self, fd: int) -> bytes | None:
        """What has come; empty at the end. None: it was taken since the selector told of it."""
        try:
            return os.read(fd, 1 << 16)
        except BlockingIOError:
            return None
        except ConnectionResetError:  # it has ended, and left something unread
            return b""

    def _hear_side(self, data: bytes) -> None:
        *lines, self._half = (self._half + data).split(b"\n")
        for line in lines:
            if line.startswith(WORD):
                self._uart.tap.secrets(line)
            else:
                self._told.append(line)

    # ---- the wires ------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Queues bytes for the firmware's UART."""
        with self._news:
            self._unsent += data
            self._send_rest()

    def _send_rest(self) -> None:
        """Sends what QEMU takes, and has the thread send the rest."""
        with self._news, suppress(BrokenPipeError, ConnectionResetError, KeyError, ValueError):
            with suppress(BlockingIOError):  # the others: QEMU has ended
                del self._unsent[: self._at.send(self._unsent)]
            more = selectors.EVENT_WRITE if self._unsent else 0
            self._selector.modify(self._at, selectors.EVENT_READ | more)

    def ask(self, what: str) -> str:
        """The firmware's answer on the side channel: a line that begins with the question."""
        question = what.encode()

        def answer() -> bytes | None:
            return next((line for line in self._told if line.startswith(question + b" ")), None)

        with self._asking, self._news:
            self._told = []
            for _ in range(ASK):  # what comes while the firmware resets is lost
                self._order(self._side, question + b"\n")
                if (line := self._await(answer, AGAIN)) is not None:
                    return line.decode(errors="replace")
        raise QemuError(f"the firmware does not answer {what!r} on the side channel")

    def monitor(self, command: str, **arguments: object) -> None:
        """Has QEMU's monitor do something; QemuError where it refuses."""

        def reply() -> Any:
            replies = map(json.loads, self._replied.split(b"\n")[:-1])
            return next((reply for reply in replies if reply.keys() & {"return", "error"}), None)

        with self._asking, self._news:
            self._replied = self._replied.rpartition(b"\n")[2]
            order = json.dumps({"execute": command, "arguments": arguments})
            self._order(self._qmp, order.encode())
            done = self._await(reply, ASK * AGAIN)
        if done is None or "error" in done:
            raise QemuError(f"QEMU's monitor does not do {command} {arguments}: {done}")

    def filter(self, on: bool) -> None:
        """Has QEMU write what passes on the board's network, or no more."""
        if on:
            self._uart.tap.begin()
            options = {"qom-type": "filter-dump", "netdev": "net0", "file": self._frames_name}
            self.monitor("object-add", id=FILTER, maxlen=65536, **options)
        else:
            self.monitor("object-del", id=FILTER)
            with self._news:  # all of it is in the pipe
                self._news.wait_for(lambda: self._uart.ended or not self._piped(), AGAIN)

    def _piped(self) -> bool:
        return bool(select.select([self._frames], [], [], 0)[0])

    def _order(self, wire: socket.socket, data: bytes) -> None:
        with suppress(OSError):  # it has ended: _await() says so
            wire.send(data)

    def _await(self, condition: Callable[[], T | None], timeout: float) -> T | None:
        self._news.wait_for(lambda: condition() is not None or self._uart.ended, timeout)
        if self._uart.ended:
            raise self.ended()
        return condition()
