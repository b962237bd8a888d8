"""The world of one module: its time, memory, flash, networks, and the process it lives in."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spwf._core import Core

DEADLINE = 10.0  # seconds that a wait may last before the test has failed
UP = b"+WIND:24:WiFi Up:192.168.0.50\r\n"
FLASH = 32768  # bytes of the image


NewCore = Callable[..., Core]
Connect = Callable[[Core], socket.socket]
Ask = Callable[[Core, bytes], bytes]
ReadUntil = Callable[[Core, bytes], bytes]
Join = Callable[..., bytes]


def run_script(text: str) -> str:
    """Run Python code in a process of its own; return what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_an_idle_core_owns_no_descriptor(new_core: NewCore) -> None:
    before = os.listdir("/proc/self/fd")
    core = new_core(joined=True)
    assert core.read(1, 0.01) == b""
    assert os.listdir("/proc/self/fd") == before


def test_closing_gives_every_descriptor_back(
    new_core: NewCore, connect: Connect, tmp_path: Path, read_until: ReadUntil
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    core = new_core(joined=True, nv=str(tmp_path / "flash"))
    connect(core).close()
    core.fileno()
    read_until(core, b"+WIND:58:Socket Closed:0\r\n")
    assert len(os.listdir("/proc/self/fd")) > before
    core.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_skip_moves_the_clock_and_only_the_clock(new_core: NewCore) -> None:
    core = new_core()
    before = core.time
    core.skip(3600)
    assert 3600 <= core.time - before < 3600 + DEADLINE
    assert core.read(1, 0) == b""


def test_memory_is_accounted_and_given_back(new_core: NewCore, ask: Ask) -> None:
    core = new_core()
    assert core.heap[0] == core.heap[2] == 0
    ask(core, b"AT+S.TLSCERT=ca,5\rhello")
    live, peak, blocks = core.heap
    assert live >= 5
    assert peak >= live
    assert blocks >= 1
    core.power(False)
    assert core.heap[0] == core.heap[2] == 0


def test_memory_is_no_more_than_was_given(new_core: NewCore, ask: Ask) -> None:
    core = new_core(heap=100)
    assert b"ERROR" in ask(core, b"AT+S.TLSCERT=ca,101\r" + bytes(101))
    assert core.heap[:2] == (0, 0)
    assert b"OK" in ask(core, b"AT+S.TLSCERT=ca,100\r" + bytes(100))
    assert core.heap[:2] == (100, 100)
    with pytest.raises(ValueError, match="heap is 0; allowed: 1 or more"):
        Core(heap=0)


def test_a_flash_file_outlives_its_core(new_core: NewCore, tmp_path: Path, ask: Ask) -> None:
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


def test_without_access_points_named_any_network_joins(
    new_core: NewCore, read_until: ReadUntil, join: Join
) -> None:
    core = new_core()
    core.write(join("anything", "whatever it is"))
    assert b"+WIND:25:WiFi Association with 'anything' successful\r\n" in read_until(core, UP)


def test_an_access_point_lets_in_who_knows_its_passphrase(
    new_core: NewCore, read_until: ReadUntil, join: Join
) -> None:
    core = new_core(aps=[("other", ""), ("lab", "secret secret")])
    core.write(join("lab", "secret secret"))
    read_until(core, UP)
    core.write(join("lab", "wrong secret"))
    text = core.read(2000, 0)
    assert text.count(b"+WIND:40:WiFi Deauthentication: 15\r\n") == 3
    assert b"+WIND:24" not in text


def test_a_network_out_of_reach_is_not_joined(new_core: NewCore, join: Join) -> None:
    core = new_core(aps=[("other", "")])
    core.write(join("lab"))
    text = core.read(2000, 0)
    assert text.endswith(b"+WIND:35:Scan Complete:0x0\r\n")


def test_the_network_vanishes_and_returns(new_core: NewCore, read_until: ReadUntil) -> None:
    core = new_core(joined=True)
    core.link(False)
    assert b"+WIND:33:WiFi Network Lost\r\n" in core.read(1000, 0)
    core.link(True)
    read_until(core, UP)


def test_a_route_leads_a_name_to_a_port_of_this_host(
    new_core: NewCore, listener: socket.socket, ask: Ask
) -> None:
    port = listener.getsockname()[1]
    routes = [("Server.Example", 443, "127.0.0.1", port), ("10.9.8.7", 80, "localhost", port)]
    core = new_core(joined=True, routes=routes)
    assert ask(core, b"AT+S.SOCKON=server.example,443,t\r") == b"\r\n ID: 00\r\n\r\nOK\r\n"
    assert ask(core, b"AT+S.SOCKON=10.9.8.7,80,t\r") == b"\r\n ID: 01\r\n\r\nOK\r\n"
    assert ask(core, b"AT+S.SOCKON=server.example,80,t\r") == b"\r\nERROR: Failed to connect\r\n"
    for _ in range(2):
        listener.accept()[0].close()


def test_a_refused_connection_is_an_error(new_core: NewCore, ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    core = new_core(joined=True)
    command = f"AT+S.SOCKON=localhost,{port},t\r".encode()
    assert ask(core, command) == b"\r\nERROR: Failed to connect\r\n"
    assert ask(core, b"AT\r") == b"\r\nOK\r\n"


def test_a_name_is_looked_up_while_the_caller_goes_on(new_core: NewCore) -> None:
    core = new_core(joined=True)
    core.write(b"AT+S.SOCKON=no.such.name.invalid,80,t\r")
    core.skip(6)  # past the module's own limit, whatever the host's resolver does
    assert core.read(100, 0) == b"\r\nERROR: Failed to resolve name\r\n"


def test_many_lookups_are_abandoned_without_harm(new_core: NewCore, ask: Ask) -> None:
    cores = [new_core(joined=True) for _ in range(50)]
    for core in cores:
        core.write(b"AT+S.SOCKON=no.such.name.invalid,80,t\r")
    for core in cores:
        core.close()
    core = new_core(joined=True)
    assert ask(core, b"AT+S.SOCKON=localhost,1,t\r").startswith(b"\r\nERROR: Failed to ")


def test_a_peer_that_resets_ends_the_connection(
    new_core: NewCore, connect: Connect, ask: Ask, read_until: ReadUntil
) -> None:
    core = new_core(joined=True)
    peer = connect(core)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    read_until(core, b"+WIND:58:Socket Closed:0\r\n")
    assert b"ERROR" in ask(core, b"AT+S.SOCKW=0,1\rx")


def test_a_large_amount_passes_both_ways(new_core: NewCore, connect: Connect) -> None:
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


@pytest.mark.parametrize("network", ["memory", "trickle"])
def test_a_peer_in_memory_talks_with_the_module(new_core: NewCore, network: str, ask: Ask) -> None:
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


def test_a_peer_in_memory_refuses_resets_and_keeps_silent(new_core: NewCore, ask: Ask) -> None:
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


@pytest.mark.parametrize(("options", "seconds"), [({}, 10), ({"timeout": 3}, 3)])
def test_a_handshake_with_a_silent_peer_has_its_limit(
    new_core: NewCore, options: dict[str, float], seconds: int
) -> None:
    core = new_core(joined=True, network="memory", **options)
    started = core.time
    core.write(b"AT+S.SOCKON=10.0.0.1,443,s\r")
    core.peer_accept(0)
    core.skip(seconds - 1)
    early = core.read(100, 0)
    assert early == b"" or core.time - started >= seconds  # of a machine that stood still
    core.skip(2)
    assert early + core.read(100, 0) == b"\r\nERROR: SSL/TLS unable to connect\r\n"


def test_a_peer_that_is_not_there_can_do_nothing(new_core: NewCore) -> None:
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
def test_a_seed_repeats_the_bytes_of_a_handshake(new_core: NewCore, prng: str) -> None:
    def hello(seed: bytes, prng: str = prng) -> bytes | None:
        core = new_core(joined=True, network="memory", seed=seed, prng=prng)
        core.write(b"AT+S.SOCKON=10.0.0.1,443,s\r")
        core.peer_accept(0)
        return core.peer_read(0)

    first = hello(b"one")
    assert first is not None
    assert first.startswith(b"\x16\x03")
    assert hello(b"one") == first
    assert hello(b"two") != first
    assert hello(b"one", "rc4" if prng == "drbg" else "drbg") != first


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
