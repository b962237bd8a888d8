"""spwf.resets: a module is reset without being asked."""

from pathlib import Path
from typing import Any

import pytest

import spwf
from spwf.ports.protocol_spwf import Serial


class Wired(Serial):
    """An emulated module whose RESETn hangs on a line of its port; it may be deaf."""

    def __init__(self, line: str) -> None:
        self.line, self.pulses, self.deaf = line, 0, False
        super().__init__("spwf://")

    def pulled(self, line: str, active: bool) -> None:
        if line == self.line and self.core is not None:
            self.pulses += active
            self.deaf = False
            self.core.power(not active)

    def _update_rts_state(self) -> None:
        self.pulled("rts", self.rts)

    def _update_dtr_state(self) -> None:
        self.pulled("dtr", self.dtr)

    def write(self, b: Any, /) -> int:
        return len(b) if self.deaf else super().write(b)


class Relay(Serial):
    """An emulated module whose power hangs on a relay: on a file that appears."""

    file: Path

    def read(self, size: int = 1, /) -> bytes:
        if self.file.exists():
            self.file.unlink()
            assert self.core is not None
            self.core.power(False)
            self.core.power(True)
        return super().read(size)


@pytest.mark.parametrize("line", ["rts", "dtr"])
def test_line_of_the_port_resets_the_module(line: str) -> None:
    port = Wired(line)
    with spwf.Module(port, reset=line) as module:
        module.config["user_desc"] = "not saved"
        port.write(b"AT+S.TLSCERT=f_ca,3000\rhalf of it")
        module.reset()
        assert port.pulses == 1
        assert module.config["user_desc"] == "anonymous"
        assert module.status("reset_reason") == "0"  # power, and not AT+CFUN=1
        assert module.join("any").startswith("192.")


def test_module_that_does_not_listen_is_reset_from_outside() -> None:
    port = Wired("rts")
    with spwf.Module(port, reset="rts", timeout=0.2) as module:
        port.deaf = True
        module.greet()
        assert port.pulses == 1


def test_module_that_waits_for_data_is_given_an_end_of_it() -> None:
    with spwf.open("spwf://") as module:
        module.port.write(b"AT+S.TLSCERT=ca,3000\rhalf of it")
        module.greet()
        assert module.command("AT").error is None


def test_command_of_the_shell_resets_the_module(tmp_path: Path) -> None:
    port = Relay("spwf://")
    port.file = tmp_path / "relay"
    with spwf.Module(port, reset=f"touch '{port.file}'") as module:
        module.set_time()
        module.reset()
        module.set_time()  # once after each reset


def test_command_that_fails_is_told_with_its_words() -> None:
    with (
        spwf.Module(Wired("rts"), reset="echo no relay >&2; exit 3") as module,
        pytest.raises(spwf.HarnessError, match="failed with status 3: no relay"),
    ):
        module.reset()


def test_reset_that_does_nothing_is_told() -> None:
    with spwf.Module(Wired("dtr"), reset="rts", timeout=0.1) as module:
        module.greet()
        with pytest.raises(
            spwf.ReplyTimeout, match=r"in 0\.1 s after a reset by RTS: is that line"
        ):
            module.reset()
