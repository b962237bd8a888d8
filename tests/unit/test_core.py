"""The extension spwf._core: one module, its UART, its world, and many of them in a Loop."""

import gc
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spwf import _core
from spwf._core import Core, Loop

DEADLINE = 10.0  # seconds that a wait may last before the test has failed
BOOTED = b"+WIND:32:WiFi Hardware Started\r\n"
UP = b"+WIND:24:WiFi Up:192.168.0.50\r\n"
FLASH = 32768  # bytes of the image


def join(ssid: str = "lab", passphrase: str = "") -> bytes:
    """Return the commands that join a network, which end in a reset."""
    return (
        f"AT+S.SSIDTXT={ssid}\rAT+S.SCFG=wifi_wpa_psk_text,{passphrase}\r"
        f"AT+S.SCFG=wifi_priv_mode,{2 if passphrase else 0}\rAT+S.SCFG=wifi_mode,1\r"
        "AT&W\rAT+CFUN=1\r"
    ).encode()


def read_until(core: Core, end: bytes) -> bytes:
    """Read byte by byte until `end` has come."""
    text = b""
    deadline = time.monotonic() + DEADLINE
    while not text.endswith(end):
        text += core.read(1, max(0.0, deadline - time.monotonic()))
        assert time.monotonic() < deadline, text
    return text


def ask(core: Core, command: bytes) -> bytes:
    """Send one command and return its reply, which is all that comes."""
    core.write(command)
    text = b""
    deadline = time.monotonic() + DEADLINE
    while not (text.endswith(b"\r\nOK\r\n") or (b"\r\nERROR" in text and text.endswith(b"\r\n"))):
        text += core.read(1, max(0.0, deadline - time.monotonic()))
        assert time.monotonic() < deadline, text
    return text


@pytest.fixture
def new_core() -> Iterator[Callable[..., Core]]:
    """Make a Core that has booted, with its boot read; all are closed at the end."""
    cores = []

    def make(*, joined: bool = False, **options: object) -> Core:
        core = Core(**options)  # type: ignore[arg-type]
        cores.append(core)
        core.power(True)
        read_until(core, BOOTED)
        if joined:
            core.write(join())
            read_until(core, UP)
        return core

    yield make
    for core in cores:
        core.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listen on a port of the kernel's choice."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as server:
        server.settimeout(DEADLINE)
        yield server


Connect = Callable[[Core], socket.socket]


@pytest.fixture
def connect(listener: socket.socket) -> Iterator[Connect]:
    """Open plain socket 0 of a module with indications, and return the peer's end."""
    peers = []

    def make(core: Core) -> socket.socket:
        port = listener.getsockname()[1]
        command = f"AT+S.SOCKON=127.0.0.1,{port},t,ind\r".encode()
        assert ask(core, command) == b"\r\n ID: 00\r\n\r\nOK\r\n"
        peer, _ = listener.accept()
        peer.settimeout(DEADLINE)
        peers.append(peer)
        return peer

    yield make
    for peer in peers:
        peer.close()


def run_script(text: str) -> str:
    """Run Python code in a process of its own; return what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


# ---------------------------------------------------------------------- making one


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


def test_without_power_a_module_says_and_hears_nothing() -> None:
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


def test_power_off_keeps_the_flash_and_nothing_else(new_core: Callable[..., Core]) -> None:
    core = new_core()
    ask(core, b"AT+S.SCFG=user_desc,kept\r")
    ask(core, b"AT&W\r")
    ask(core, b"AT+S.SCFG=user_desc,lost\r")
    core.power(False)
    core.power(True)
    read_until(core, BOOTED)
    assert b"user_desc = kept" in ask(core, b"AT+S.GCFG=user_desc\r")


def test_a_closed_core_refuses_all_but_close(new_core: Callable[..., Core]) -> None:
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


# ---------------------------------------------------------------------- the UART


def test_output_that_nobody_reads_never_stops_a_write(new_core: Callable[..., Core]) -> None:
    core = new_core()
    assert core.write(b"AT\r" * 20_000) == 60_000
    assert core.in_waiting == 20_000 * len(b"\r\nOK\r\n")
    assert core.read(core.in_waiting, 0) == b"\r\nOK\r\n" * 20_000


def test_a_read_returns_what_came_when_its_time_is_over(new_core: Callable[..., Core]) -> None:
    core = new_core()
    core.write(b"AT\r")
    start = time.monotonic()
    assert core.read(7, 0.05) == b"\r\nOK\r\n"
    assert 0.05 <= time.monotonic() - start < DEADLINE
    assert core.read(0, None) == b""


def test_a_read_of_less_leaves_the_rest(new_core: Callable[..., Core]) -> None:
    core = new_core()
    core.write(bytearray(b"AT\r"))
    assert core.read(2, None) + core.read(4, None) == b"\r\nOK\r\n"


@pytest.mark.parametrize("timeout", [-1.0, float("nan"), float("inf")])
def test_a_timeout_is_a_time(new_core: Callable[..., Core], timeout: float) -> None:
    core = new_core()
    with pytest.raises(ValueError, match="seconds"):
        core.read(1, timeout)
    with pytest.raises(ValueError, match="seconds"):
        core.skip(timeout)
    with pytest.raises(ValueError, match="size"):
        core.read(-1, 0)


def test_reset_input_drops_what_was_not_read(new_core: Callable[..., Core]) -> None:
    core = new_core()
    core.write(b"AT\r")
    core.reset_input()
    assert core.in_waiting == 0
    assert ask(core, b"AT\r") == b"\r\nOK\r\n"


def test_real_pace_waits_where_virtual_pace_skips() -> None:
    core = Core(pace="real")
    core.power(True)
    assert core.read(1, 0) == b""
    start = time.monotonic()
    read_until(core, BOOTED)
    assert time.monotonic() - start > 0.1
    core.close()


def test_wake_ends_a_read_of_another_thread(new_core: Callable[..., Core]) -> None:
    core = new_core()
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(core.read(1, None)))
    reader.start()
    core.wake()  # before or after the read began
    reader.join(DEADLINE)
    assert got == [b""]
    assert ask(core, b"AT\r") == b"\r\nOK\r\n"


def test_a_write_feeds_every_thread_that_reads(new_core: Callable[..., Core]) -> None:
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
    new_core: Callable[..., Core], connect: Connect, connected: bool
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
    new_core: Callable[..., Core], connect: Connect, connected: bool
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


def test_threads_that_write_and_read_at_once_lose_nothing(new_core: Callable[..., Core]) -> None:
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
    new_core: Callable[..., Core], connect: Connect
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
    new_core: Callable[..., Core], connect: Connect
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


# ---------------------------------------------------------------------- the world


def test_an_idle_core_owns_no_descriptor(new_core: Callable[..., Core]) -> None:
    before = os.listdir("/proc/self/fd")
    core = new_core(joined=True)
    assert core.read(1, 0.01) == b""
    assert os.listdir("/proc/self/fd") == before


def test_closing_gives_every_descriptor_back(
    new_core: Callable[..., Core], connect: Connect, tmp_path: Path
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    core = new_core(joined=True, nv=str(tmp_path / "flash"))
    connect(core).close()
    core.fileno()
    read_until(core, b"+WIND:58:Socket Closed:0\r\n")
    assert len(os.listdir("/proc/self/fd")) > before
    core.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_skip_moves_the_clock_and_only_the_clock(new_core: Callable[..., Core]) -> None:
    core = new_core()
    before = core.time
    core.skip(3600)
    assert 3600 <= core.time - before < 3600 + DEADLINE
    assert core.read(1, 0) == b""


def test_memory_is_accounted_and_given_back(new_core: Callable[..., Core]) -> None:
    core = new_core()
    assert core.heap[0] == core.heap[2] == 0
    ask(core, b"AT+S.TLSCERT=ca,5\rhello")
    live, peak, blocks = core.heap
    assert live >= 5
    assert peak >= live
    assert blocks >= 1
    core.power(False)
    assert core.heap[0] == core.heap[2] == 0


def test_a_flash_file_outlives_its_core(new_core: Callable[..., Core], tmp_path: Path) -> None:
    nv = tmp_path / "flash"
    core = new_core(nv=nv)
    ask(core, b"AT+S.SCFG=user_desc,kept\r")
    ask(core, b"AT&W\r")
    core.close()
    assert nv.stat().st_size == FLASH
    assert nv.stat().st_mode & 0o077 == 0
    assert b"user_desc = kept" in ask(new_core(nv=nv), b"AT+S.GCFG=user_desc\r")


def test_a_flash_file_has_one_user_at_a_time(tmp_path: Path) -> None:
    nv = str(tmp_path / "flash")
    core = Core(nv=nv)
    with pytest.raises(BlockingIOError, match="another module uses this file") as caught:
        Core(nv=nv)
    assert caught.value.filename == nv
    core.close()
    Core(nv=nv).close()


@pytest.mark.parametrize("content", [b"text", b"\xff" * (FLASH + 1), b"\xff" * 100 + b"\0"])
def test_a_file_that_is_no_flash_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    nv = tmp_path / "flash"
    nv.write_bytes(content)
    with pytest.raises(OSError, match=f"regular file of {FLASH} bytes") as caught:
        Core(nv=nv)
    assert caught.value.filename == nv
    assert nv.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\xff" * 5000])
def test_a_flash_file_whose_making_was_cut_short_is_finished(
    tmp_path: Path, content: bytes
) -> None:
    nv = tmp_path / "flash"
    nv.write_bytes(content)
    Core(nv=nv).close()
    assert nv.read_bytes() == b"\xff" * FLASH


def test_a_directory_is_no_flash(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        Core(nv=tmp_path)


def test_without_access_points_named_any_network_joins(new_core: Callable[..., Core]) -> None:
    core = new_core()
    core.write(join("anything", "whatever it is"))
    assert b"+WIND:25:WiFi Association with 'anything' successful\r\n" in read_until(core, UP)


def test_an_access_point_lets_in_who_knows_its_passphrase(new_core: Callable[..., Core]) -> None:
    core = new_core(aps=[("other", ""), ("lab", "secret secret")])
    core.write(join("lab", "secret secret"))
    read_until(core, UP)
    core.write(join("lab", "wrong secret"))
    text = core.read(2000, 0)
    assert text.count(b"+WIND:40:WiFi Deauthentication: 15\r\n") == 3
    assert b"+WIND:24" not in text


def test_a_network_out_of_reach_is_not_joined(new_core: Callable[..., Core]) -> None:
    core = new_core(aps=[("other", "")])
    core.write(join("lab"))
    text = core.read(2000, 0)
    assert text.endswith(b"+WIND:35:Scan Complete:0x0\r\n")


def test_the_network_vanishes_and_returns(new_core: Callable[..., Core]) -> None:
    core = new_core(joined=True)
    core.link(False)
    assert b"+WIND:33:WiFi Network Lost\r\n" in core.read(1000, 0)
    core.link(True)
    read_until(core, UP)


def test_a_route_leads_a_name_to_a_port_of_this_host(
    new_core: Callable[..., Core], listener: socket.socket
) -> None:
    port = listener.getsockname()[1]
    routes = [("Server.Example", 443, "127.0.0.1", port), ("10.9.8.7", 80, "localhost", port)]
    core = new_core(joined=True, routes=routes)
    assert ask(core, b"AT+S.SOCKON=server.example,443,t\r") == b"\r\n ID: 00\r\n\r\nOK\r\n"
    assert ask(core, b"AT+S.SOCKON=10.9.8.7,80,t\r") == b"\r\n ID: 01\r\n\r\nOK\r\n"
    assert ask(core, b"AT+S.SOCKON=server.example,80,t\r") == b"\r\nERROR: Failed to connect\r\n"
    for _ in range(2):
        listener.accept()[0].close()


def test_a_refused_connection_is_an_error(new_core: Callable[..., Core]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    core = new_core(joined=True)
    command = f"AT+S.SOCKON=localhost,{port},t\r".encode()
    assert ask(core, command) == b"\r\nERROR: Failed to connect\r\n"
    assert ask(core, b"AT\r") == b"\r\nOK\r\n"


def test_a_name_is_looked_up_while_the_caller_goes_on(new_core: Callable[..., Core]) -> None:
    core = new_core(joined=True)
    core.write(b"AT+S.SOCKON=no.such.name.invalid,80,t\r")
    core.skip(6)  # past the module's own limit, whatever the host's resolver does
    assert core.read(100, 0) == b"\r\nERROR: Failed to resolve name\r\n"


def test_many_lookups_are_abandoned_without_harm(new_core: Callable[..., Core]) -> None:
    cores = [new_core(joined=True) for _ in range(50)]
    for core in cores:
        core.write(b"AT+S.SOCKON=no.such.name.invalid,80,t\r")
    for core in cores:
        core.close()
    core = new_core(joined=True)
    assert ask(core, b"AT+S.SOCKON=localhost,1,t\r").startswith(b"\r\nERROR: Failed to ")


def test_a_peer_that_resets_ends_the_connection(
    new_core: Callable[..., Core], connect: Connect
) -> None:
    core = new_core(joined=True)
    peer = connect(core)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    read_until(core, b"+WIND:58:Socket Closed:0\r\n")
    assert b"ERROR" in ask(core, b"AT+S.SOCKW=0,1\rx")


def test_a_large_amount_passes_both_ways(new_core: Callable[..., Core], connect: Connect) -> None:
    core = new_core(joined=True)
    peer = connect(core)
    data = bytes(range(256)) * 12
    core.write((b"AT+S.SOCKW=0,%d\r" % len(data) + data) * 100)
    received = b""
    while len(received) < 100 * len(data):
        received += peer.recv(65536)
        core.run(0)
    assert received == data * 100
    assert core.read(100 * 6, DEADLINE) == b"\r\nOK\r\n" * 100


# ---------------------------------------------------------------------- the network in memory


@pytest.mark.parametrize("network", ["memory", "trickle"])
def test_a_peer_in_memory_talks_with_the_module(
    new_core: Callable[..., Core], network: str
) -> None:
    core = new_core(joined=True, network=network)
    core.write(b"AT+S.SOCKON=10.0.0.1,80,t,ind\r")
    assert core.read(1, 0) == b""
    assert core.peer_accept(0) == ("10.0.0.1", 80)
    assert core.read(100, 0) == b"\r\n ID: 00\r\n\r\nOK\r\n"
    core.peer_write(0, b"hello")
    assert core.read(100, 0) == b"\r\n+WIND:55:Pending Data:0:5\r\n"
    assert ask(core, b"AT+S.SOCKR=0,5\r") == b"hello\r\nOK\r\n"
    assert core.peer_read(0) == b""
    ask(core, b"AT+S.SOCKW=0,3\rabc")
    assert core.peer_read(0) == b"abc"
    core.peer_close(0)
    assert core.read(100, 0) == b"\r\n+WIND:58:Socket Closed:0\r\n"
    ask(core, b"AT+S.SOCKC=0\r")
    assert core.peer_read(0) is None


def test_a_peer_in_memory_refuses_resets_and_keeps_silent(new_core: Callable[..., Core]) -> None:
    core = new_core(joined=True, network="memory", routes=[("server", 80, "nowhere", 1)])
    core.write(b"AT+S.SOCKON=server,80,t,ind\r")
    assert core.peer_accept(0, False) == ("198.18.0.1", 80)
    assert core.read(100, 0) == b"\r\nERROR: Failed to connect\r\n"
    core.write(b"AT+S.SOCKON=server,80,t,ind\r")
    assert core.read(1, 0) == b""
    core.skip(6)
    assert core.read(100, 0) == b"\r\nERROR: Failed to connect\r\n"
    core.write(b"AT+S.SOCKON=server,80,t,ind\r")
    core.peer_accept(0)
    core.peer_close(0, True)
    assert core.read(100, 0).endswith(b"\r\n+WIND:58:Socket Closed:0\r\n")
    assert ask(core, b"AT+S.SOCKON=other,80,t\r") == b"\r\nERROR: Failed to resolve name\r\n"


def test_a_peer_that_is_not_there_can_do_nothing(new_core: Callable[..., Core]) -> None:
    core = new_core(joined=True, network="memory")
    for id in (-1, 0, 8):
        for use in (
            lambda id=id: core.peer_accept(id),
            lambda id=id: core.peer_write(id, b"x"),
            lambda id=id: core.peer_read(id),
            lambda id=id: core.peer_close(id),
        ):
            with pytest.raises(ConnectionError):
                use()


@pytest.mark.parametrize("prng", ["drbg", "rc4"])
def test_a_seed_repeats_the_bytes_of_a_handshake(new_core: Callable[..., Core], prng: str) -> None:
    def hello(seed: bytes) -> bytes | None:
        core = new_core(joined=True, network="memory", seed=seed, prng=prng)
        core.write(b"AT+S.SOCKON=10.0.0.1,443,s\r")
        core.peer_accept(0)
        return core.peer_read(0)

    first = hello(b"one")
    assert first is not None
    assert first.startswith(b"\x16\x03")
    assert hello(b"one") == first
    assert hello(b"two") != first


# ---------------------------------------------------------------------- forks and limits


def test_a_fork_leaves_the_original_alone() -> None:
    script = """
import os, socket
from spwf._core import Core, Loop
core, loop = Core(), Loop()
core.power(True)
core.write(b"AT+S.SSIDTXT=lab\\rAT+S.SCFG=wifi_priv_mode,0\\rAT+S.SCFG=wifi_mode,1\\rAT&W\\rAT+CFUN=1\\r")
server = socket.create_server(("127.0.0.1", 0))
loop.add(core)
core.write(b"AT+S.SOCKON=127.0.0.1,%d,t,ind\\r" % server.getsockname()[1])
peer = server.accept()[0]
while not core.read(1000, 0.1).endswith(b"OK\\r\\n"):
    pass
pid = os.fork()
if pid == 0:
    for use in (core.write, loop.add):
        try:
            use(b"AT\\r")
        except RuntimeError as error:
            assert "process that made it" in str(error)
        else:
            os._exit(1)
    del core, loop, use
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
peer.sendall(b"hello")
assert loop.run(10) == [core]
assert core.read(1000, 0) == b"\\r\\n+WIND:55:Pending Data:0:5\\r\\n"
core.write(b"AT+S.SOCKW=0,2\\rhi")
assert peer.recv(10) == b"hi"
"""
    run_script(script)


def test_a_process_without_descriptors_left_says_what_to_raise() -> None:
    script = """
import os, resource
from spwf._core import Core
core = Core()
core.power(True)
core.write(b"AT+S.SSIDTXT=lab\\rAT+S.SCFG=wifi_priv_mode,0\\rAT+S.SCFG=wifi_mode,1\\rAT&W\\rAT+CFUN=1\\r")
core.reset_input()
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1, 1000))
try:
    core.write(b"AT+S.SOCKON=127.0.0.1,1,t\\r")
except OSError as error:
    print(error)
assert core.read(100, 0) == b"\\r\\nERROR: Failed to connect\\r\\n"
"""
    assert "RLIMIT_NOFILE" in run_script(script)


# ---------------------------------------------------------------------- the Loop


def test_a_loop_returns_those_with_output_until_it_is_read(new_core: Callable[..., Core]) -> None:
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


def test_a_core_is_in_one_loop_at_a_time(new_core: Callable[..., Core]) -> None:
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


def test_a_loop_waits_for_the_network_of_all(
    new_core: Callable[..., Core], connect: Connect
) -> None:
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


def test_another_thread_wakes_a_loop(new_core: Callable[..., Core]) -> None:
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


def test_a_core_may_be_read_while_it_is_in_a_loop(
    new_core: Callable[..., Core], connect: Connect
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


def test_a_loop_lets_go_of_its_cores(new_core: Callable[..., Core]) -> None:
    loop = Loop()
    core = new_core()
    references = sys.getrefcount(core)
    loop.add(core)
    assert sys.getrefcount(core) == references + 1
    assert core in gc.get_referents(loop)
    del loop
    assert sys.getrefcount(core) == references
    Loop().add(core)


def test_a_closed_core_in_a_loop_is_silent(new_core: Callable[..., Core]) -> None:
    loop, core = Loop(), new_core()
    loop.add(core)
    core.write(b"AT\r")
    core.close()
    assert loop.run(0) == []
    loop.discard(core)
