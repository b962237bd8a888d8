"""Many modules in one Loop."""

import gc
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

import pytest

from spwf._core import Core, Loop

DEADLINE = 10.0  # seconds that a wait may last before the test has failed
BOOTED = b"+WIND:32:WiFi Hardware Started\r\n"


NewCore = Callable[..., Core]
Connect = Callable[[Core], socket.socket]
ReadUntil = Callable[[Core, bytes], bytes]


def test_a_loop_returns_those_with_output_until_it_is_read(new_core: NewCore) -> None:
    loop = Loop()
    cores = [new_core() for _ in range(3)]
    for core in cores:
        loop.add(core)
        loop.add(core)
    assert loop.run(0) == []
    cores[1].write(b"AT\r")
    assert loop.run(DEADLINE) == [cores[1]]
    assert loop.run(None) == [cores[1]]
    cores[1].read(6, 0)
    assert loop.run(0.01) == []
    loop.discard(cores[1])
    loop.discard(cores[1])
    cores[1].write(b"AT\r")
    cores[2].write(b"AT\r")
    assert loop.run(DEADLINE) == [cores[2]]


def test_a_core_is_in_one_loop_at_a_time(new_core: NewCore) -> None:
    one, other, core = Loop(), Loop(), new_core()
    one.add(core)
    with pytest.raises(ValueError, match="another Loop"):
        other.add(core)
    other.discard(core)
    one.discard(core)
    other.add(core)
    core.write(b"AT\r")
    assert one.run(0) == []
    assert other.run(0) == [core]
    with pytest.raises(TypeError, match="a Core is wanted"):
        one.add("core")  # type: ignore[arg-type]


def test_a_loop_waits_for_the_network_of_all(new_core: NewCore, connect: Connect) -> None:
    loop = Loop()
    cores = [new_core(joined=True) for _ in range(100)]
    for core in cores[:50]:
        loop.add(core)
    peers = [connect(core) for core in cores]
    for core in cores[50:]:  # with a connection that is open already
        loop.add(core)
    for peer in peers:
        peer.sendall(b"hello")
    told: set[Core] = set()
    deadline = time.monotonic() + DEADLINE
    while len(told) < len(cores):
        for core in loop.run(max(0.0, deadline - time.monotonic())):
            assert core.read(1000, 0) == b"\r\n+WIND:55:Pending Data:0:5\r\n"
            told.add(core)
        assert time.monotonic() < deadline
    assert loop.run(0.01) == []


def test_a_loop_keeps_the_real_pace_of_its_modules() -> None:
    loop = Loop()
    cores = {Core(pace="real"): b"" for _ in range(20)}
    for core in cores:
        core.power(True)
        loop.add(core)
    deadline = time.monotonic() + DEADLINE
    while not all(text.endswith(BOOTED) for text in cores.values()):
        for core in loop.run(max(0.0, deadline - time.monotonic())):
            cores[core] += core.read(1000, 0)
        assert time.monotonic() < deadline
    start = time.thread_time()
    assert loop.run(0.2) == []
    assert time.thread_time() - start < 0.02


def test_a_signal_ends_a_run(new_core: NewCore) -> None:
    loop, core = Loop(), new_core()
    loop.add(core)

    def interrupt(number: int, frame: object) -> None:
        raise InterruptedError(number)

    before = signal.signal(signal.SIGUSR1, interrupt)
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGUSR1))
    try:
        with pytest.raises(InterruptedError):  # noqa: PT012 - the signal may come at any point
            timer.start()
            loop.run(DEADLINE)
            timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    core.write(b"AT\r")
    assert loop.run(0) == [core]


def test_another_thread_wakes_a_loop(new_core: NewCore) -> None:
    loop, core, late = Loop(), new_core(), new_core()
    loop.add(core)
    got: list[list[Core]] = []
    runner = threading.Thread(target=lambda: got.append(loop.run(DEADLINE)))
    runner.start()
    loop.add(late)
    late.write(b"AT\r")
    runner.join(2 * DEADLINE)
    assert got == [[late]]
    loop.discard(late)


def test_two_threads_that_run_a_loop_are_told_all_or_that_it_runs(new_core: NewCore) -> None:
    loop, core = Loop(), new_core()
    loop.add(core)
    core.write(b"AT\r")
    got: set[tuple[Core, ...] | str] = set()

    def run() -> None:
        for _ in range(200_000):
            try:
                got.add(tuple(loop.run(0)))
            except RuntimeError as error:
                got.add(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got <= {(core,), "another run() of this Loop has not ended"}


def test_a_core_may_be_read_while_it_is_in_a_loop(
    new_core: NewCore, connect: Connect, read_until: ReadUntil
) -> None:
    loop, core = Loop(), new_core(joined=True)
    loop.add(core)
    peer = connect(core)
    reader_got: list[bytes] = []
    reader = threading.Thread(
        target=lambda: reader_got.append(read_until(core, b"Pending Data:0:5\r\n"))
    )
    reader.start()
    peer.sendall(b"hello")
    while reader.is_alive():
        loop.run(0.01)
    reader.join(DEADLINE)
    assert reader_got == [b"\r\n+WIND:55:Pending Data:0:5\r\n"]


def test_a_loop_lets_go_of_its_cores(new_core: NewCore) -> None:
    loop = Loop()
    core = new_core()
    references = sys.getrefcount(core)
    loop.add(core)
    assert sys.getrefcount(core) == references + 1
    assert core in gc.get_referents(loop)
    del loop
    assert sys.getrefcount(core) == references
    Loop().add(core)


def test_a_closed_core_in_a_loop_is_silent(new_core: NewCore) -> None:
    loop, core = Loop(), new_core()
    loop.add(core)
    core.write(b"AT\r")
    core.close()
    assert loop.run(0) == []
    loop.discard(core)
