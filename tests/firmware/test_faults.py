"""What must not happen to a board, and does: QEMU's debugger breaks the program from outside."""

import os
import select
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spwf.qemu import PROGRAM, find_image

BOARDS = ["lm3s6965evb", "mps2-an385"]
SEMIHOSTING = ["-semihosting-config", "enable=on,target=native,arg=spwf,arg=pace=fast"]
BOOTED = b"+WIND:32:WiFi Hardware Started\r\n"
FAULT = b"\r\n+WIND:8:Hard Fault\r\n"
DEADLINE = 20.0  # s
SP, PC = 13, 15  # as gdb numbers them
NOWHERE = 0xE000_0000  # the processor itself: no place for a program
IN_THE_GUARD = 0x2000_0040  # below the stack [firmware/cm3/sections.ld]


class Board:
    """A board whose UART is QEMU's standard input and output."""

    def __init__(self, board: str, *options: str) -> None:
        command = [PROGRAM, "-M", board, "-kernel", str(find_image(board)), "-display", "none"]
        command += ["-nodefaults", "-monitor", "none", "-serial", "stdio", "-serial", "null"]
        self.qemu = subprocess.Popen(
            [*command, "-nic", "user", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def read_until(self, end: bytes) -> bytes:
        """What the board says until it ends so."""
        said, deadline = b"", time.monotonic() + DEADLINE
        assert self.qemu.stdout is not None
        while not said.endswith(end):
            ready, _, _ = select.select([self.qemu.stdout], [], [], deadline - time.monotonic())
            assert ready, f"it said {said!r}"
            byte = os.read(self.qemu.stdout.fileno(), 1)
            assert byte, f"QEMU ended after {said!r}"
            said += byte
        return said

    def write(self, data: bytes) -> None:
        """Bytes for the board's UART."""
        assert self.qemu.stdin is not None
        self.qemu.stdin.write(data)
        self.qemu.stdin.flush()


@pytest.fixture
def start() -> Iterator[Callable[..., Board]]:
    boards: list[Board] = []

    def make(board: str, *options: str) -> Board:
        boards.append(Board(board, *options))
        return boards[-1]

    yield make
    for board in boards:
        board.qemu.kill()
        board.qemu.communicate()


def change_register(gdb: Path, number: int, value: int) -> None:
    """Stops the processor, changes a register, and lets it go on, by gdb's protocol."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(DEADLINE)
        wire.connect(str(gdb))
        stream = wire.makefile("rwb")
        for request, answer in (
            (b"qXfer:features:read:target.xml:0,1", b"m"),  # QEMU wants to be asked for these first
            (b"P%x=" % number + value.to_bytes(4, "little").hex().encode(), b"OK"),
            (b"D", b"OK"),
        ):
            stream.write(b"+$%b#%02x" % (request, sum(request) % 256))
            stream.flush()
            said = b""
            while b"$" + answer not in said:
                byte = stream.read(1)
                assert byte, f"QEMU answered {said!r} to {request!r}"
                said += byte


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(("register", "value"), [(PC, NOWHERE), (SP, IN_THE_GUARD)])
def test_a_fault_is_told_after_the_reset(
    board: str, register: int, value: int, start: Callable[..., Board], tmp_path: Path
) -> None:
    gdb = tmp_path / "gdb"
    module = start(board, *SEMIHOSTING, "-gdb", f"unix:{gdb},server=on,wait=off")
    assert FAULT not in module.read_until(BOOTED)
    change_register(gdb, register, value)
    assert module.read_until(BOOTED).startswith(FAULT)
    module.write(b"AT+S.STS=reset_reason\r")
    assert b"#  reset_reason = 3\r\n" in module.read_until(b"OK\r\n")
    module.write(b"AT+CFUN=1\r")
    assert FAULT not in module.read_until(BOOTED)


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_without_a_debugger_boots(board: str, start: Callable[..., Board]) -> None:
    module = start(board)
    assert FAULT not in module.read_until(BOOTED)
    module.write(b"AT\r")
    assert module.read_until(b"OK\r\n") == b"\r\nOK\r\n"
