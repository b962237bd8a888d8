"""What the world does to a board in the middle of its work."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spwf
from spwf.outcome import Cause

pytestmark = pytest.mark.spwf("qemu://lm3s6965evb")

OK = b"\r\nOK\r\n"
DEADLINE = 30.0  # s, for every wait

Serve = Callable[..., spwf.Server]


def take(module: spwf.Module, size: int) -> bytes:
    """The next bytes of the wire."""
    deadline = time.monotonic() + DEADLINE
    data = b""
    while len(data) < size:
        assert time.monotonic() < deadline, f"only {len(data)} bytes came"
        data += module.port.read(size - len(data))
    return data


def test_commands_that_flood_in_while_it_computes_are_all_answered(
    module: spwf.Module, serve: Serve, provision: Callable[..., None]
) -> None:
    server = serve("example1")
    provision(module, server)
    flood = 10_000
    sockon = f"AT+S.SOCKON={server.host},{server.port},s\r".encode()
    module.port.write(sockon + b"AT\r" * flood + b"AT+S.SOCKW=00,4\rabc\n" + b"AT\r" * flood)
    expected = b"\r\n ID: 00\r\n" + OK * (2 * flood + 2)
    assert take(module, len(expected)) == expected
    server.wait_received(b"abc\n")


@pytest.mark.spwf("qemu://lm3s6965evb?timeout=2")
def test_cable_out_in_the_middle_of_a_handshake_ends_it_in_time(
    module: spwf.Module, peer: Any, serve: Serve
) -> None:
    assert module.emulation is not None
    module.port.write(f"AT+S.SOCKON={peer.host},{peer.port},s\r".encode())
    assert peer.receive(1) == b"\x16"  # the hello has come: nobody will hear the answer
    module.emulation.link(False)
    refused = b"\r\nERROR: SSL/TLS unable to connect\r\n"
    assert take(module, len(refused)) == refused
    outcome = module.emulation.outcome
    assert outcome is not None
    assert outcome.cause is Cause.TIMEOUT
    assert module.emulation.heap.blocks == 0
    module.emulation.link(True)
    server = serve("echo")
    with module.connect(server.host, server.port) as sock:
        sock.write(b"back\n")
        assert sock.read_until(b"\n") == b"kcab\n"


@pytest.mark.spwf("qemu://mps2-an385")  # its network controller tells whether the cable is in
def test_lost_network_is_told_and_joined_again(module: spwf.Module, serve: Serve) -> None:
    assert module.emulation is not None
    server = serve("echo")
    module.emulation.link(False)
    module.wait_for(33)
    with pytest.raises(spwf.ModuleError, match="IP not ready to send"):
        module.connect(server.host, server.port)
    module.emulation.link(True)
    assert module.wait_for(24).text == f"WiFi Up:{module.status('ip_ipaddr')}"
    with module.connect(server.host, server.port) as sock:
        sock.write(b"back\n")
        assert sock.read_until(b"\n") == b"kcab\n"


@pytest.mark.spwf("qemu://mps2-an385?timeout=2")
def test_network_that_is_lost_in_the_middle_of_a_handshake_ends_it(
    module: spwf.Module, peer: Any
) -> None:
    assert module.emulation is not None
    module.port.write(f"AT+S.SOCKON={peer.host},{peer.port},s\r".encode())
    assert peer.receive(1) == b"\x16"
    module.emulation.link(False)
    refused = b"\r\nERROR: SSL/TLS unable to connect\r\n"
    assert take(module, len(refused)) == refused
    module.wait_for(33)
    assert module.emulation.heap.blocks == 0


SAMPLE = 7  # every how many flash operations the power fails
CA, KEY = b"-----CA-----" * 60, b"-----KEY-----" * 30


def provision(nv: Path, operation: int) -> None:
    """Provisions a board whose power fails at this flash operation."""
    with spwf.open("qemu://lm3s6965evb", nv=nv, cut=operation) as module:
        module.load(spwf.Slot.CA, CA)
        module.load(spwf.Slot.KEY, KEY)
        module.set_domain("server domain")
        module.config["user_desc"] = "provisioned"
        module.save()
        module.load(spwf.Slot.CA, CA[::-1])
        module.clean(spwf.Slot.KEY)


def power_fails(nv: Path, operation: int) -> bool:
    """Whether there was so late a flash operation; any other end than that is an error."""
    try:
        provision(nv, operation)
    except spwf.QemuError as error:
        if "status 77" not in str(error):
            raise
        return True
    return False


def test_power_that_fails_while_it_is_provisioned_leaves_old_or_new(tmp_path: Path) -> None:
    states = (
        ((), "anonymous"),
        (("#  f_ca = 720",), "anonymous"),
        (("#  f_ca = 720", "#  f_key = 390"), "anonymous"),
        (("#  f_ca = 720", "#  f_key = 390", "#  f_domain = 13"), "anonymous"),
        (("#  f_ca = 720", "#  f_key = 390", "#  f_domain = 13"), "provisioned"),
        (("#  f_ca = 720", "#  f_domain = 13"), "provisioned"),
    )
    last, operation = 0, 1
    while power_fails(nv := tmp_path / f"{operation}.nv", operation):
        with spwf.open("qemu://lm3s6965evb", nv=nv) as module:
            files = module.command("AT+S.TLSCERT=f_content,0").lines
            now = states.index((files, module.config["user_desc"]))
            assert last <= now, f"cut at {operation}"
            module.config["user_desc"] = "works"
            module.save()
            module.reset()
            assert module.config["user_desc"] == "works"
        last, operation = now, operation + SAMPLE
    assert operation > 5 * SAMPLE
    assert last >= len(states) - 2
