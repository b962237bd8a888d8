"""One module: making it, its power, its UART, and the threads that use it."""

import select
import signal
import socket
import threading
import time
from collections.abc import Callable

import pytest

from spwf import _core
from spwf._core import Core, Loop

DEADLINE = 10.0  # seconds that a wait may last before the test has failed
BOOTED = b"+WIND:32:WiFi Hardware Started\r\n"


NewCore = Callable[..., Core]
Connect = Callable[[Core], socket.socket]
Ask = Callable[[Core, bytes], bytes]
ReadUntil = Callable[[Core, bytes], bytes]


def test_the_names_of_causes_modes_and_notes_are_unique_words() -> None:
    for names in (_core.CAUSES, _core.MODES, _core.NOTES):
        assert len(set(names)) == len(names) > 2
        assert all(name.replace("_", "").isalnum() and name.islower() for name in names)
    assert _core.CAUSES[0] == "none"
    assert _core.CAUSES[-1] == "protocol"
    assert _core.BUILD == "160129-c5bf5ce-SPWF01S"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"pace": "fast"}, "pace is 'fast'; allowed: virtual, real"),
        ({"network": "x"}, "network is 'x'; allowed: posix, memory, trickle"),
        ({"min_version": "tls1.3"}, "min_version is 'tls1.3'; allowed: ssl3, tls1, tls1.1, tls1.2"),
        ({"prng": "md5"}, "prng is 'md5'; allowed: drbg, rc4"),
        ({"limits": ""}, "limits is ''; allowed: note, off"),
        ({"settime": "never"}, "settime is 'never'; allowed: once, lenient"),
        ({"timeout": 0}, "more than 0, at most 3600"),
        ({"timeout": float("nan")}, "more than 0, at most 3600"),
        ({"aps": [("lab", "short")]}, "8 to 64"),
        ({"aps": [("", "")]}, "1 to 32 bytes"),
        ({"aps": [("s" * 33, "")]}, "at most 32 bytes"),
        ({"aps": [("a\0b", "")]}, "without NUL"),
        ({"routes": [("a", 0, "b", 1)]}, "1 to 65535"),
        ({"routes": [("a", 1, "::1", 1)]}, "IPv4"),
        ({"nv": "a\0b"}, "null"),
    ],
)
def test_an_option_that_is_not_allowed_says_what_is(options: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Core(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"aps": ["lab"]}, {"routes": [("a", 1)]}, {"seed": "text"}, {"sped": 1}]
)
def test_an_option_of_the_wrong_type_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Core(**options)  # type: ignore[arg-type]


def test_without_power_a_module_says_and_hears_nothing(read_until: ReadUntil) -> None:
    core = Core()
    assert core.write(b"AT\r") == 3
    assert core.read(1, 0) == b""
    core.power(True)
    assert read_until(core, BOOTED).startswith(b"\r\n+WIND:1:Poweron (160129-c5bf5ce-SPWF01S)\r\n")
    core.power(True)
    assert core.read(1, 0) == b""
    core.power(False)
    core.write(b"AT\r")
    assert not core.run(0)
    assert core.outcome is None


def test_power_off_keeps_the_flash_and_nothing_else(
    new_core: NewCore, ask: Ask, read_until: ReadUntil
) -> None:
    core = new_core()
    ask(core, b"AT+S.SCFG=user_desc,kept\r")
    ask(core, b"AT&W\r")
    ask(core, b"AT+S.SCFG=user_desc,lost\r")
    core.power(False)
    core.power(True)
    read_until(core, BOOTED)
    assert b"user_desc = kept" in ask(core, b"AT+S.GCFG=user_desc\r")


def test_a_closed_core_refuses_all_but_close(new_core: NewCore) -> None:
    core = new_core()
    core.close()
    core.close()
    for use in (
        lambda: core.write(b"AT\r"),
        lambda: core.read(1, 0),
        lambda: core.run(0),
        lambda: core.power(True),
        lambda: core.fileno(),
        lambda: core.in_waiting,
        lambda: core.heap,
        lambda: core.outcome,
        lambda: core.time,
        lambda: Loop().add(core),
    ):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_output_that_nobody_reads_never_stops_a_write(new_core: NewCore) -> None:
    core = new_core()
    assert core.write(b"AT\r" * 20_000) == 60_000
    assert core.in_waiting == 20_000 * len(b"\r\nOK\r\n")
    assert core.read(core.in_waiting, 0) == b"\r\nOK\r\n" * 20_000


def test_a_read_returns_what_came_when_its_time_is_over(new_core: NewCore) -> None:
    core = new_core()
    core.write(b"AT\r")
    start = time.monotonic()
    assert core.read(7, 0.05) == b"\r\nOK\r\n"
    assert 0.05 <= time.monotonic() - start < DEADLINE
    assert core.read(0, None) == b""


def test_a_read_of_less_leaves_the_rest(new_core: NewCore) -> None:
    core = new_core()
    core.write(bytearray(b"AT\r"))
    assert core.read(2, None) + core.read(4, None) == b"\r\nOK\r\n"


@pytest.mark.parametrize("timeout", [-1.0, float("nan"), float("inf")])
def test_a_timeout_is_a_time(new_core: NewCore, timeout: float) -> None:
    core = new_core()
    with pytest.raises(ValueError, match="seconds"):
        core.read(1, timeout)
    with pytest.raises(ValueError, match="seconds"):
        core.skip(timeout)
    with pytest.raises(ValueError, match="size"):
        core.read(-1, 0)


def test_reset_input_drops_what_was_not_read(new_core: NewCore, ask: Ask) -> None:
    core = new_core()
    core.write(b"AT\r")
    core.reset_input()
    assert core.in_waiting == 0
    assert ask(core, b"AT\r") == b"\r\nOK\r\n"


def test_real_pace_waits_where_virtual_pace_skips(read_until: ReadUntil) -> None:
    core = Core(pace="real")
    core.power(True)
    assert core.read(1, 0) == b""
    start = time.monotonic()
    read_until(core, BOOTED)
    assert time.monotonic() - start > 0.1
    core.close()


def test_wake_ends_a_read_of_another_thread(new_core: NewCore, ask: Ask) -> None:
    core = new_core()
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(core.read(1, None)))
    reader.start()
    core.wake()  # before or after the read began
    reader.join(DEADLINE)
    assert got == [b""]
    assert ask(core, b"AT\r") == b"\r\nOK\r\n"


def test_a_write_feeds_every_thread_that_reads(new_core: NewCore) -> None:
    core = new_core()
    got: list[bytes] = []
    readers = [
        threading.Thread(target=lambda: got.append(core.read(2, DEADLINE))) for _ in range(3)
    ]
    for reader in readers:
        reader.start()
    core.write(b"AT\r")
    for reader in readers:
        reader.join(2 * DEADLINE)
    assert sorted(got) == [b"\r\n", b"\r\n", b"OK"]


@pytest.mark.parametrize("connected", [False, True])
def test_close_ends_a_read_of_another_thread(
    new_core: NewCore, connect: Connect, connected: bool
) -> None:
    core = new_core(joined=True)
    peer = connect(core) if connected else None
    got: list[object] = []

    def read() -> None:
        try:
            got.append(core.read(1, DEADLINE))
        except ValueError as error:
            got.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    core.close()
    reader.join(2 * DEADLINE)
    assert got in ([b""], ["the Core is closed"])
    if peer is not None:
        with pytest.raises(ConnectionResetError):
            peer.recv(1)


@pytest.mark.parametrize("connected", [False, True])
def test_a_signal_ends_a_read_and_loses_nothing(
    new_core: NewCore, connect: Connect, connected: bool
) -> None:
    core = new_core(joined=True)
    if connected:
        connect(core)

    def interrupt(number: int, frame: object) -> None:
        raise InterruptedError(number)

    before = signal.signal(signal.SIGUSR1, interrupt)
    core.write(b"AT\r")
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Timer(0.05, signal.pthread_kill, (main, signal.SIGUSR1))
    try:
        with pytest.raises(InterruptedError):  # noqa: PT012 - the signal may come at any point
            timer.start()
            core.read(1000, DEADLINE)
            timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert core.read(100, 0) == b"\r\nOK\r\n"


def test_threads_that_write_and_read_at_once_lose_nothing(new_core: NewCore) -> None:
    core = new_core()
    writers = [
        threading.Thread(target=lambda: [core.write(b"AT\r") for _ in range(500)]) for _ in range(4)
    ]
    for writer in writers:
        writer.start()
    assert core.read(4 * 500 * 6, DEADLINE) == b"\r\nOK\r\n" * 2000
    for writer in writers:
        writer.join(DEADLINE)


def test_fileno_is_readable_while_there_is_something_to_do(
    new_core: NewCore, connect: Connect
) -> None:
    core = new_core(joined=True)
    peer = connect(core)
    fd = core.fileno()
    assert core.fileno() == fd
    core.run(0)
    assert select.select([fd], [], [], 0)[0] == []
    core.write(b"AT\r")
    assert select.select([fd], [], [], 0)[0] == [fd]
    core.read(6, 0)
    assert select.select([fd], [], [], 0)[0] == []
    peer.sendall(b"hello")
    assert select.select([fd], [], [], DEADLINE)[0] == [fd]
    assert core.run(0)
    assert core.read(100, 0) == b"\r\n+WIND:55:Pending Data:0:5\r\n"
    assert select.select([fd], [], [], 0)[0] == []


def test_fileno_tells_when_a_delay_of_the_module_ends() -> None:
    core = Core(pace="real")
    core.power(True)
    text = b""
    while not text.endswith(BOOTED):
        assert select.select([core.fileno()], [], [], DEADLINE)[0], text
        core.run(0)
        text += core.read(1000, 0)
    core.close()


def test_data_that_waits_for_sockr_costs_no_time(
    new_core: NewCore, connect: Connect, ask: Ask, read_until: ReadUntil
) -> None:
    core = new_core(joined=True)
    peer = connect(core)
    peer.sendall(b"x" * 1000)
    peer.close()
    read_until(core, b"+WIND:58:Socket Closed:0\r\n")
    start = time.thread_time()
    assert not core.run(0.3)
    assert time.thread_time() - start < 0.03
    reply = ask(core, b"AT+S.SOCKR=0,1000\r")
    assert reply == b"x" * 1000 + b"\r\nOK\r\n"
