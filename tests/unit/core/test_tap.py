"""The tap: what a Core tells of its connections, to whom, and what it costs nobody else."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from spwf._core import Core, Loop
from spwf.tap import REFUSED, RESET, Event, Kind, read, write

DEADLINE = 10.0  # s
LIMIT = 1 << 20  # TAP_LIMIT (csrc/port/world.h)

NewCore = Callable[..., Core]
Ask = Callable[[Core, bytes], bytes]


@pytest.fixture
def core(new_core: NewCore) -> Core:
    """In a network of peers in memory."""
    return new_core(joined=True, network="memory")


def open_socket(core: Core) -> None:
    core.write(b"AT+S.SOCKON=10.0.0.1,80,t,ind\r")
    core.peer_accept(0)
    assert core.read(100, 0).endswith(b"\r\nOK\r\n")


def events(core: Core) -> list[Event]:
    return list(read(core.tapped(0)))


def kinds(core: Core) -> list[Kind]:
    return [event.kind for event in events(core)]


def test_each_thing_that_happens_is_an_event(core: Core, ask: Ask) -> None:
    assert core.tap(True)
    open_socket(core)
    ask(core, b"AT+S.SOCKW=0,3\rabc")
    core.peer_write(0, b"hello")
    core.read(100, 0)
    ask(core, b"AT+S.SOCKR=0,5\r")
    core.peer_close(0)
    core.read(100, 0)
    ask(core, b"AT+S.SOCKC=0\r")
    told = events(core)
    assert [(event.kind, event.data) for event in told] == [
        (Kind.OPENED, b""),
        (Kind.CONNECTED, b""),
        (Kind.SENT, b"abc"),
        (Kind.RECEIVED, b"hello"),
        (Kind.ENDED, b""),
        (Kind.CLOSED, b""),
    ]
    assert {(event.socket, event.local[0], event.peer) for event in told} == {
        (0, "192.168.0.50", ("10.0.0.1", 80))
    }
    assert [event.time for event in told] == sorted(event.time for event in told)


def test_a_record_is_written_as_it_is_read(core: Core) -> None:
    core.tap(True)
    open_socket(core)
    block = core.tapped(0)
    assert b"".join(map(write, read(block))) == block


def test_refusals_resets_and_silence_are_told_apart(core: Core) -> None:
    core.tap(True)
    core.write(b"AT+S.SOCKON=10.0.0.1,80,t\r")
    core.peer_accept(0, False)
    core.read(100, 0)
    _, refused = events(core)[:2]
    assert (refused.kind, refused.error) == (Kind.FAILED, REFUSED)
    open_socket(core)
    core.peer_close(0, True)
    core.read(100, 0)
    reset = events(core)[-1]
    assert (reset.kind, reset.error) == (Kind.FAILED, RESET)
    core.write(b"AT+S.SOCKON=10.0.0.1,80,t\r")
    core.skip(6)
    assert b"ERROR" in core.read(100, 0)
    assert Kind.FAILED not in kinds(core)


def test_off_nothing_is_recorded(core: Core, ask: Ask) -> None:
    open_socket(core)
    ask(core, b"AT+S.SOCKW=0,3\rabc")
    assert core.tapped(None) == b""  # None will come, so nobody waits
    assert core.tap(True)
    assert not core.tap(True)
    ask(core, b"AT+S.SOCKW=0,3\rdef")
    assert core.tap(False)
    assert not core.tap(False)
    ask(core, b"AT+S.SOCKW=0,3\rghi")
    told = events(core)
    assert [event.data for event in told if event.kind is Kind.SENT] == [b"def"]
    assert [event.kind for event in told][:2] == [Kind.OPENED, Kind.CONNECTED]


@pytest.mark.parametrize("looped", [False, True])
def test_where_nobody_takes_the_records_the_connection_waits_and_nothing_is_lost(
    core: Core, ask: Ask, looped: bool
) -> None:
    loop = Loop()
    if looped:
        loop.add(core)
    core.tap(True)
    open_socket(core)
    block = bytes(4096)
    count = 0
    while True:
        core.write(b"AT+S.SOCKW=0,4096\r" + block)
        if core.read(6, 0) != b"\r\nOK\r\n":
            break
        count += 1
        assert count <= LIMIT // len(block)
    assert count * len(block) > LIMIT * 3 // 4  # the rest is the heads of the records
    with ThreadPoolExecutor() as pool:  # it goes on by itself when they are taken
        reply = pool.submit(core.read, 6, DEADLINE)
        taken = core.tapped(DEADLINE)
        assert reply.result() == b"\r\nOK\r\n"
    taken += core.tapped(0)
    sent = [event.data for event in read(taken) if event.kind is Kind.SENT]
    assert sum(map(len, sent)) == (count + 1) * len(block)
    loop.discard(core)


def test_who_waits_for_records_gets_the_last_ones_of_a_closed_core(core: Core) -> None:
    core.tap(True)
    open_socket(core)
    blocks: list[bytes] = []

    def take() -> None:
        while block := core.tapped(None):
            blocks.append(block)

    thread = threading.Thread(target=take)
    thread.start()
    core.close()
    thread.join(DEADLINE)
    assert not thread.is_alive()
    told = [event.kind for event in read(b"".join(blocks))]
    assert told == [Kind.OPENED, Kind.CONNECTED, Kind.ABORTED]
    assert core.tapped(None) == b""
