"""Captures of a board: QEMU's own frames, and secrets that the firmware tells beside them."""

from collections.abc import Callable
from pathlib import Path

import pytest

import spwf
from spwf.qemu import Qemu

pytestmark = pytest.mark.spwf("qemu://lm3s6965evb")

NewModule = Callable[..., spwf.Module]
Serve = Callable[..., spwf.Server]


def emulation_of(module: spwf.Module) -> spwf.Emulation:
    assert module.emulation is not None
    return module.emulation


def test_tshark_reads_a_session_of_the_board(
    new_module: NewModule, serve: Serve, tmp_path: Path, tshark: Callable[..., str]
) -> None:
    pcap, keylog = tmp_path / "it.pcapng", tmp_path / "keys.log"
    server, module = serve("echo"), new_module(keylog=True)
    emulation_of(module).power(False)
    with emulation_of(module).capture(pcap=pcap, keylog=keylog):
        emulation_of(module).power(True)  # what is captured outlives a loss of power
        module.greet()
        module.join("lab", "passphrase")
        for text in (b"what nobody else may read\n", b"nor this\n"):
            with module.connect(server.host, server.port, indicate=True) as sock:
                sock.write(text)
                assert sock.read_until(b"\n") == text[-2::-1] + b"\n"
    assert "what nobody else may read" in tshark(pcap, "-q", "-z", "follow,tls,ascii,0")
    assert [line.split()[0] for line in keylog.read_text().splitlines()] == ["CLIENT_RANDOM"] * 2
    assert pcap.stat().st_mode & 0o777 == 0o600


def test_a_wire_that_was_read_since_it_was_told_of_holds_up_nobody(module: spwf.Module) -> None:
    core = emulation_of(module).core
    assert isinstance(core, Qemu)
    process = core._life
    assert process is not None
    for wire in (process._at, process._side, process._qmp):  # nothing is there
        process._hear(wire, wire.fileno())
    process._hear(process._frames, process._frames)
    assert module.command("AT").lines == ()


def test_a_firmware_that_was_not_asked_to_tells_no_secrets(
    module: spwf.Module, serve: Serve, tmp_path: Path
) -> None:
    with (
        pytest.raises(spwf.QemuError, match="keylog=1"),
        emulation_of(module).capture(pcap=tmp_path / "it.pcapng"),
    ):
        pass
    server = serve("echo")
    with module.connect(server.host, server.port):
        assert emulation_of(module).outcome is not None  # so the side channel was heard
    assert emulation_of(module).core.tapped(0) == b""
