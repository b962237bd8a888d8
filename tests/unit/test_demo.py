"""What `spwf demo` cannot try on a module that is not emulated."""

from pathlib import Path

import serial

import spwf
from spwf.demo import attempt
from spwf.scenario import Scenario


def test_row_that_needs_less_memory_is_not_tried_on_a_real_module(tmp_path: Path) -> None:
    with spwf.Module(serial.serial_for_url("loop://")) as module:
        row = attempt(module, "loop://", Scenario.load("memory-exhausted"), "127.0.0.1", tmp_path)
    assert row.texts[3] == "not tried: only an emulated module can have less memory"
    assert (row.wrong, row.tried) == ("", False)
