"""spwf.troubles: what a person at a desk is told."""

import errno
import os
import select
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

import spwf
from spwf import troubles

DEADLINE = 20.0  # s, for every wait


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """A serial port to which nothing is wired: its other end, and its name."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def answer(ours: int, data: bytes) -> None:
    """Answers the first byte that comes, if any does."""

    def run() -> None:
        if select.select([ours], [], [], DEADLINE)[0]:
            os.write(ours, data)

    threading.Thread(target=run).start()


def test_port_that_is_not_there() -> None:
    with pytest.raises(spwf.PortError, match=r"there is no port /dev/ttyUSB99; "):
        spwf.open("/dev/ttyUSB99")


def test_port_may_be_a_path() -> None:
    with pytest.raises(spwf.PortError, match=r"there is no port /dev/ttyUSB99; "):
        spwf.open(Path("/dev/ttyUSB99"))


def test_flash_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "nv").write_bytes(b"garbage")
    why = rf"^spwf://\?nv={tmp_path}/nv cannot be opened: not the flash of a module, which is a reg"
    with pytest.raises(spwf.PortError, match=why):
        spwf.open(nv=tmp_path / "nv")


def test_port_that_belongs_to_a_group() -> None:
    told = troubles.port("/dev/null", serial.SerialException(errno.EACCES, "Permission denied"))
    assert told == "you may not use /dev/null: `sudo adduser $USER root`, then log in again"


def test_port_that_another_program_uses(terminal: tuple[int, str]) -> None:
    _, name = terminal
    with (
        serial.Serial(name, exclusive=True),
        pytest.raises(spwf.PortError, match=f"another program uses {name}: end that first"),
    ):
        spwf.open(name)


def test_file_that_is_no_port() -> None:
    with pytest.raises(spwf.PortError, match="/dev/null is no serial port"):
        spwf.open("/dev/null")


def test_address_where_nobody_listens() -> None:
    with pytest.raises(spwf.PortError, match=r"^socket://127\.0\.0\.1:1 cannot be opened: Conn"):
        spwf.open("socket://127.0.0.1:1")


def test_silence_sends_the_person_to_the_wires(terminal: tuple[int, str]) -> None:
    _, name = terminal
    with pytest.raises(spwf.ReplyTimeout, match="nothing came: has it power, is its TX wired"):
        spwf.open(name, timeout=0)


def test_what_is_no_text_sends_the_person_to_the_speed(terminal: tuple[int, str]) -> None:
    ours, name = terminal
    answer(ours, bytes.fromhex("f8 1e 86 fe 00 e6 78 80 1e 0d 0a 98"))
    with pytest.raises(spwf.ReplyTimeout, match=r"no text.*than 115200.*\\xf8\\x1e\\x86"):
        spwf.open(name, timeout=0)


def test_another_program_at_the_other_end_is_shown(terminal: tuple[int, str]) -> None:
    ours, name = terminal
    answer(ours, b"login: \r\n")
    with pytest.raises(spwf.ReplyTimeout, match=r"answers AT; what came: login: \\r\\n"):
        spwf.open(name, timeout=0)


def test_network_that_refuses_is_told_before_the_timeout() -> None:
    with (
        spwf.open("spwf://?ap=desk:on the desk") as module,
        pytest.raises(spwf.NetworkError, match="the network 'desk' refuses the module"),
    ):
        module.join("desk", "off the desk", timeout=60)


def test_network_that_is_not_there() -> None:
    with (
        spwf.open("spwf://?ap=desk:on the desk") as module,
        pytest.raises(spwf.NetworkError, match=r"the network 'deck' was not found in 0\.1 s"),
    ):
        module.join("deck", "on the desk", timeout=0.1)


def test_network_without_addresses() -> None:
    told = troubles.network("desk", 60, associated=True, refused=False)
    assert told == "the network 'desk' gave the module no address in 60 s: has it DHCP?"


def test_reset_command_that_does_nothing_is_named() -> None:
    told = troubles.reset("relay off; relay on", 10)
    assert "after a reset by `relay off; relay on`: does that take its power" in told
