"""A board in QEMU that runs the firmware: its power and its wires [design 6].

Made by ports/protocol_qemu.py; calls qemu_process.py. Qemu has those methods of spwf._core.Core
that a port and module.emulation use, and they mean the same.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from spwf.errors import QemuError
from spwf.qemu_process import Process, Uart

PROGRAM = "qemu-system-arm"
FLASH = 32768  # bytes of the file that holds it, as for spwf://
# The same addresses as on spwf:// (csrc/port/air.c), but for the name server: QEMU's is its own.
NETWORK = (
    "mac=00:80:e1:00:00:01,net=192.168.0.0/24,host=192.168.0.1,dhcpstart=192.168.0.50,"
    "dns=192.168.0.3"
)


class Memory(NamedTuple):
    """The firmware's memory in bytes; peaks and marks are since its last start."""

    live: int
    """In use in the allocator."""
    peak: int
    """Most of that."""
    blocks: int
    """Blocks in use."""
    top: int
    """As far as the allocator ever reached: the peak, and what lay idle between blocks."""
    stack: int
    """The deepest that the stack ever was."""
    static: int
    """Static data."""


def find_image(board: str) -> Path:
    """The firmware of `board`: BOARD/spwf.elf in $SPWF_FIRMWARE, else in build/firmware.

    The latter in the current folder or in one above it. QemuError says how to make it.
    """
    place = Path(board, "spwf.elf")
    if folder := os.environ.get("SPWF_FIRMWARE"):
        candidates = [Path(folder, place)]
    else:
        here = Path.cwd()
        candidates = [Path(root, "build", "firmware", place) for root in (here, *here.parents)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise QemuError(
        f"no firmware for the board {board!r} at {candidates[0]}: `make firmware BOARD={board}` in "
        "the source tree makes it; SPWF_FIRMWARE names another build/firmware, image=FILE an image"
    )


class Qemu:
    """One board. It is made without power: see `power()`."""

    def __init__(
        self,
        board: str,
        *,
        words: Sequence[str] = (),
        nv: str | os.PathLike[str] | None = None,
        image: str | os.PathLike[str] | None = None,
    ) -> None:
        """Nothing is started yet.

        board: name of a board, and of QEMU's machine. words: the firmware's options, NAME=VALUE,
        without blanks and commas. nv: file that holds the flash, locked until close(); None: in
        memory. image: an ELF file; None: the one that `make firmware` has made.

        QemuError: no QEMU, no image. BlockingIOError: another module has `nv`. OSError: it cannot
        be used.
        """
        program = shutil.which(PROGRAM)
        if program is None:
            raise QemuError(f"no program {PROGRAM}: `make firmware` installs it")
        image = find_image(board) if image is None else Path(image)
        if not image.is_file():
            raise QemuError(f"no firmware at {image}: `make firmware BOARD={board}` makes it")
        self._nv = _open_nv(nv)
        self._unlock = weakref.finalize(self, os.close, self._nv)
        options = ["enable=on", "target=native", "arg=spwf", f"arg=nv=/dev/fd/{self._nv}"]
        options += [f"arg={word}" for word in words]
        self._argv = [
            *(program, "-M", board, "-kernel", str(image), "-display", "none", "-nodefaults"),
            *("-nic", f"user,id=net0,{NETWORK}", "-semihosting-config", ",".join(options)),
        ]
        self._uart = Uart()
        self._keylog = "keylog=1" in words
        self._life: Process | None = None
        self._up = True
        self._plugged, self._closed = True, False
        self._wakes = self._heard = 0  # calls of wake() ever, and those that have ended a read()

    def power(self, on: bool, /) -> None:
        """Starts QEMU, or ends it as a cut of the power would; the flash stays.

        Nothing happens where it is so already; one that has ended by itself is started anew.
        """
        self._check()
        if on and (self._life is None or self._uart.ended):
            self.power(False)
            self._life = life = Process(self._argv, self._nv, self._uart)
            self._kill = weakref.finalize(self, life.kill)
            life.monitor("qmp_capabilities")
            if self._uart.tap.on:
                life.filter(True)
            if not self._up:
                self.link(False)
        elif not on and self._life is not None:
            life, self._life = self._life, None
            self._kill.detach()
            life.end()

    def write(self, data: bytes, /) -> int:
        """Queues bytes for the module's UART without limit; without power they are lost."""
        self._check()
        if self._life is not None:
            self._life.send(data)
        return len(data)

    def read(self, size: int, timeout: float | None, /) -> bytes:
        """Takes `size` bytes of the module's output, fewer after `timeout` s or where it is ended.

        QemuError where none will come, because QEMU has ended by itself.
        """
        self._wait(size, timeout, read=True)
        with self._uart.news:
            data = bytes(self._uart.said[:size])
            del self._uart.said[:size]
        return data

    def run(self, timeout: float | None, /) -> bool:
        """Waits for output: True. False: the time is over."""
        self._wait(1, timeout, read=False)
        return bool(self._uart.said)

    def _wait(self, size: int, timeout: float | None, *, read: bool) -> None:
        self._check()
        uart = self._uart
        with uart.news:
            heard = self._heard

            def woken() -> bool:
                return read and (not self._plugged or self._wakes != heard)

            uart.news.wait_for(
                lambda: len(uart.said) >= size or woken() or self._closed or uart.ended, timeout
            )
            if woken() and len(uart.said) < size:
                self._heard = self._wakes
            if self._life is not None and uart.ended and not uart.said:
                raise self._life.ended()

    def wake(self) -> None:
        """Ends every read() of other threads that waits, or else the next one."""
        with self._uart.news:
            self._wakes += 1
            self._uart.news.notify_all()

    def plug(self, on: bool, /) -> None:
        """Pulls the cable of the UART, or puts it in again; either ends every read() that waits.

        No wake() is left for the next; without the cable those to come end, too.
        """
        with self._uart.news:
            self._plugged = on
            self._wakes += 1  # for those that wait, and none that comes
            self._heard = self._wakes
            self._uart.news.notify_all()

    @property
    def in_waiting(self) -> int:
        """Bytes of output that can be read at once."""
        self._check()
        return len(self._uart.said)

    def reset_input(self) -> None:
        """Drops the output that was not read."""
        with self._uart.news:
            self._uart.said.clear()

    def close(self) -> None:
        """Power off for ever; unlocks the flash. May be repeated."""
        if not self._closed:
            self.power(False)
            self._unlock()
            with self._uart.news:
                self._closed = True
                self._uart.news.notify_all()

    def tap(self, on: bool, /) -> bool:
        """Begins or ends recording the board's network, and its secrets; False: it is so already.

        QemuError: the firmware was not started with keylog=1, and would tell no secrets.
        """
        tap = self._uart.tap
        if on and not self._keylog:
            raise QemuError("the firmware tells its secrets to qemu://BOARD?keylog=1 alone")
        if tap.on == on:
            return False
        if self._life is not None and not self._uart.ended:
            with suppress(*(() if on else (QemuError,))):  # it has ended: nothing more comes
                self._life.filter(on)
        with self._uart.news:
            tap.on = on
            self._uart.news.notify_all()
        return True

    def tapped(self, timeout: float | None, /) -> bytes:
        """Waits for records of tap() and takes all (see tap.py); empty where none will come."""
        uart, tap = self._uart, self._uart.tap
        with uart.news:
            uart.news.wait_for(lambda: tap.records or not tap.on or self._closed, timeout)
            records = bytes(tap.records)
            tap.records.clear()
        return records

    def skip(self, seconds: float, /) -> None:
        """QEMU cannot: its guest lives in real time."""
        raise QemuError("a module in QEMU lives in real time: skip() is for spwf://")

    def link(self, up: bool, /) -> None:
        """Unplugs the board's network, or plugs it in again."""
        self._check()
        self._up = up
        if self._life is not None:
            self._life.monitor("set_link", name="net0", up=up)

    @property
    def time(self) -> float:
        """The module's monotonic clock in s: real time, and its own delays that were skipped."""
        return int(self._fields("time")["ms"]) / 1000

    @property
    def heap(self) -> tuple[int, int, int]:
        """The allocator: bytes now, most bytes, blocks now; zeros without power."""
        return (0, 0, 0) if self._life is None else self.memory[:3]

    @property
    def memory(self) -> Memory:
        """What the firmware's memory has been used for."""
        return Memory(**{name: int(value) for name, value in self._fields("memory").items()})

    @property
    def spent(self) -> tuple[int, int]:
        """Guest time in the polls of the last handshake, ns: all of them, and the longest."""
        fields = self._fields("spent")
        return int(fields["total"]), int(fields["longest"])

    @property
    def outcome(self) -> dict[str, int | str] | None:
        """The fields of struct spwf_outcome; None without power, or where there was none yet."""
        if self._life is None:
            return None
        fields = self._fields("outcome")
        subject = fields.pop("subject")
        numbers = {name: int(value) for name, value in fields.items()}
        return {**numbers, "subject": subject} if numbers["count"] else None

    def _fields(self, what: str) -> dict[str, str]:
        """What the firmware says of itself, asked by one word."""
        self._check()
        if self._life is None:
            raise QemuError("the module in QEMU has no power: power(True) first")
        answer, mark, subject = self._life.ask(what).partition(" subject=")
        fields = dict(pair.split("=", 1) for pair in answer.split(" ")[1:])
        return fields | {"subject": subject} if mark else fields

    def _check(self) -> None:
        if self._closed:
            raise ValueError("the module in QEMU was closed")


def _open_nv(name: str | os.PathLike[str] | None) -> int:
    """A descriptor of the flash; QEMU reaches it as /dev/fd/N, whatever its name holds."""
    if name is None:
        nv = os.memfd_create("nv")
    else:
        nv = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOCTTY, 0o600)  # it holds private keys
    try:
        fcntl.flock(nv, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(nv).st_size == 0:
            os.write(nv, b"\xff" * FLASH)
    except OSError as error:
        os.close(nv)
        busy = isinstance(error, BlockingIOError)
        why = "another module uses the file" if busy else str(error.strerror)
        raise type(error)(error.errno, why, str(name)) from None
    return nv
