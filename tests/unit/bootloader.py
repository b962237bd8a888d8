"""A simulated STM32F1 on a pseudo-terminal: its UART bootloader (ST AN3155) and its flash.

Used by test_flash.py alone. It obeys the note: what is not a command and its complement is refused,
so are wrong checksums, and a chip that is read-out protected gives away its id and nothing else.
It can misbehave: `faults` says in which way, and at which command for the how manieth time.
"""

import os
import select
import signal
import struct
import threading
import tty
from collections import Counter
from collections.abc import Mapping
from enum import Enum, auto
from functools import reduce
from operator import xor
from typing import Self

DEADLINE = 10.0  # s
BASE, SIZE, PAGE = 0x0800_0000, 512 * 1024, 2048

GREETING, GET_ID, READ, WRITE, ERASE = 0x7F, 0x02, 0x11, 0x31, 0x43
ACK, NACK = b"\x79", b"\x1f"


class Fault(Enum):
    """A way to misbehave instead of, or while, obeying one command."""

    NACK = auto()
    SILENCE = auto()
    NOISE = auto()  # neither ACK nor NACK
    CORRUPT = auto()  # the last byte of a write is lost
    UNPLUG = auto()
    CTRL_C = auto()  # silence, and somebody at the keyboard who has had enough


class Stopped(Exception):
    """The simulation is over."""


class Bootloader:
    """Use it in a `with`; `port` is the terminal's path.

    `flash` is what the chip holds, 0x5A at first. `commands` are those that were given, in order,
    `erased` the pages. `greeted`: somebody has talked to it since its reset.
    """

    def __init__(
        self,
        *,
        chip: int = 0x414,
        protected: bool = False,
        greeted: bool = False,
        faults: Mapping[tuple[int, int], Fault] | None = None,
    ) -> None:
        self.chip = chip
        self.protected = protected
        self.greeted = greeted
        self.faults = faults or {}
        self.flash = bytearray(b"\x5a" * SIZE)
        self.commands: list[int] = []
        self.erased: list[int] = []
        self._wire, self._terminal = os.openpty()
        tty.setraw(self._terminal)
        self.port = os.ttyname(self._terminal)
        self._stop, self._stopper = os.pipe()
        self._thread = threading.Thread(target=self._run)
        self._error: BaseException | None = None
        self._written = 0  # where the last write ended

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._stopper)
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        os.close(self._stop)
        for end in {self._wire, self._terminal} - {-1}:
            os.close(end)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            counts: Counter[int] = Counter()
            while True:
                command = self._next_command()
                counts[command] += 1
                self.commands.append(command)
                self._obey(command, self.faults.get((command, counts[command])))
        except Stopped:
            pass
        except BaseException as error:
            self._error = error

    def _next_command(self) -> int:
        while True:
            byte = self._take(1)[0]
            if not self.greeted:
                if byte == GREETING:
                    return GREETING
            elif self._take(1)[0] ^ byte == 0xFF:
                return byte
            else:
                self._give(NACK)

    def _obey(self, command: int, fault: Fault | None) -> None:
        actions = {GET_ID: self._get_id, READ: self._read, WRITE: self._write, ERASE: self._erase}
        if fault is Fault.UNPLUG:
            for end in (self._terminal, self._wire):
                os.close(end)
            self._wire = self._terminal = -1
            raise Stopped
        if fault is Fault.CTRL_C:
            os.kill(os.getpid(), signal.SIGINT)
        elif fault is Fault.NOISE:
            self._give(b"A")
        elif fault is Fault.NACK or (self.protected and command in (READ, WRITE, ERASE)):
            self._give(NACK)
        elif fault is Fault.SILENCE:
            pass
        elif command == GREETING:
            self.greeted = True
            self._give(ACK)
        elif command in actions:
            self._give(ACK)
            if not actions[command]():
                self._give(NACK)
            elif fault is Fault.CORRUPT:
                self.flash[self._written - 1] = 0
        else:
            self._give(NACK)

    def _get_id(self) -> bool:
        self._give(b"\x01" + struct.pack(">H", self.chip) + ACK)
        return True

    def _read(self) -> bool:
        start = self._address()
        if start is None:
            return False
        self._give(ACK)
        count, check = self._take(2)
        if count ^ check != 0xFF or start + count >= SIZE:
            return False
        self._give(ACK + self.flash[start : start + count + 1])
        return True

    def _write(self) -> bool:
        start = self._address()
        if start is None:
            return False
        self._give(ACK)
        count = self._take(1)
        data = self._take(count[0] + 1)
        if self._take(1)[0] != reduce(xor, count + data) or len(data) % 4:
            return False
        for at, byte in enumerate(data, start):
            self.flash[at] &= byte  # flash: only an erase makes ones
        self._written = start + len(data)
        self._give(ACK)
        return True

    def _erase(self) -> bool:
        count = self._take(1)
        if count[0] == 0xFF:
            pages, check = bytes(range(256)), 0xFF
        else:
            pages = self._take(count[0] + 1)
            check = reduce(xor, pages)
        if self._take(1)[0] != count[0] ^ check:
            return False
        for page in pages:
            self.flash[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
        self.erased += pages
        self._give(ACK)
        return True

    def _address(self) -> int | None:
        """The place in flash that the host names, in bytes from its start."""
        data = self._take(5)
        address = struct.unpack(">I", data[:4])[0]
        inside = BASE <= address < BASE + SIZE and reduce(xor, data) == 0
        return address - BASE if inside else None

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            if self._wire not in select.select([self._wire, self._stop], [], [])[0]:
                raise Stopped  # all that was sent has been taken
            data += os.read(self._wire, count - len(data))
        return data

    def _give(self, data: bytes) -> None:
        os.write(self._wire, data)
