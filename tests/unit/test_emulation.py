"""module.emulation: what only an emulated module can tell or do."""

from collections.abc import Callable

import pytest

import spwf

pytestmark = pytest.mark.emulated


def emulation_of(module: spwf.Module) -> spwf.Emulation:
    assert module.emulation is not None
    return module.emulation


def test_outcome_is_none_before_the_first_secure_sockon(module: spwf.Module) -> None:
    assert emulation_of(module).outcome is None
    with pytest.raises(spwf.ModuleError):
        module.connect("no-such-host.invalid", 1)
    outcome = emulation_of(module).outcome
    assert outcome is not None
    assert outcome.cause is spwf.Cause.RESOLVE
    assert outcome.count == 1


def test_idle_module_holds_no_memory(
    module: spwf.Module, serve: Callable[..., spwf.Server]
) -> None:
    server = serve("echo")
    emulation = emulation_of(module)
    assert (emulation.heap.live, emulation.heap.blocks) == (0, 0)
    with module.connect(server.host, server.port):
        assert 0 < emulation.heap.live <= emulation.heap.peak
        assert emulation.heap.blocks > 0
    assert (emulation.heap.live, emulation.heap.blocks) == (0, 0)
    assert emulation.heap.peak > 0


def test_power_cut_keeps_what_was_saved(module: spwf.Module) -> None:
    module.load(spwf.Slot.CA, b"kept")
    module.config["user_desc"] = "kept"
    module.save()
    module.config["user_desc"] = "lost"
    emulation_of(module).power(False)
    emulation_of(module).power(True)
    module.wait_for(0)
    module.greet()
    assert module.config["user_desc"] == "kept"
    assert module.command("AT+S.TLSCERT=f_content,0").lines == ("#  f_ca = 4",)


def test_module_without_power_is_silent(module: spwf.Module) -> None:
    emulation_of(module).power(False)
    with pytest.raises(spwf.ReplyTimeout):
        module.command("AT", timeout=0.05)


def test_lost_access_point_is_told_and_joined_again(module: spwf.Module) -> None:
    emulation_of(module).link(False)
    module.wait_for(33)
    with pytest.raises(spwf.ModuleError, match="IP not ready to send"):
        module.connect("127.0.0.1", 1)
    emulation_of(module).link(True)
    assert module.wait_for(24).text == f"WiFi Up:{module.status('ip_ipaddr')}"


def test_skipped_time_passes_in_the_module(module: spwf.Module) -> None:
    module.set_time()
    before = emulation_of(module).time
    at = int(module.status("current_time"))
    emulation_of(module).skip(3600)
    assert 3600 <= emulation_of(module).time - before < 3700
    assert 3600 <= int(module.status("current_time")) - at < 3700


def test_running_module_works_while_nobody_reads(
    module: spwf.Module, serve: Callable[..., spwf.Server]
) -> None:
    server = serve("example2")
    with emulation_of(module).running():
        module.port.write(f"AT+S.SOCKON={server.host},{server.port},s\r".encode())
        server.wait_for("CIPHER is")
    assert module.port.read(18) == b"\r\n ID: 00\r\n\r\nOK\r\n"
    outcome = emulation_of(module).outcome
    assert outcome is not None
    assert outcome.connected
