"""What ends a read() that waits: wake() and plug() of a Core and of a board in QEMU alike.

Both are without power here, so that nothing comes to read.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spwf._core import Core
from spwf.ports.port import Machine
from spwf.qemu import PROGRAM, Qemu

DEADLINE = 20.0  # s, for every wait
SHORT = 0.05  # s, for a wait that is to last


def new_board(folder: Path) -> Qemu:
    image = folder / "spwf.elf"
    image.touch()
    return Qemu("board", image=image)


@pytest.fixture(params=["spwf", "qemu"])
def machine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    if request.param == "qemu":
        program = tmp_path / PROGRAM  # it is looked for, and not started
        program.touch(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
    made = Core() if request.param == "spwf" else new_board(tmp_path)
    yield made
    made.close()


def ends(machine: Machine, end: Callable[[], None], readers: int) -> bool:
    """Whether so many threads, which read without a timeout, are ended."""
    threads = [
        threading.Thread(target=machine.read, args=(1, None), daemon=True) for _ in range(readers)
    ]
    for thread in threads:
        thread.start()
    end()
    for thread in threads:
        thread.join(DEADLINE)
    return not any(thread.is_alive() for thread in threads)


def lasts(machine: Machine) -> bool:
    before = time.monotonic()
    assert machine.read(1, SHORT) == b""
    return time.monotonic() - before >= SHORT


def test_a_wake_before_or_in_a_read_ends_it_and_no_other(machine: Machine) -> None:
    assert ends(machine, machine.wake, readers=1)
    assert lasts(machine)
    machine.wake()
    machine.wake()
    assert machine.read(1, None) == b""
    assert lasts(machine)


def test_a_wake_is_not_for_what_runs_the_module(machine: Machine) -> None:
    assert isinstance(machine, Core | Qemu)
    machine.wake()
    before = time.monotonic()
    assert not machine.run(SHORT)
    assert time.monotonic() - before >= SHORT
    assert machine.read(1, None) == b""


def test_without_its_cable_all_reads_end(machine: Machine) -> None:
    assert ends(machine, lambda: machine.plug(False), readers=3)
    assert machine.read(1, None) == b""
    machine.plug(True)
    assert lasts(machine)


def test_a_cable_that_is_in_again_has_no_past(machine: Machine) -> None:
    machine.wake()
    machine.plug(False)
    machine.plug(True)
    assert lasts(machine)
