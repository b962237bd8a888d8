"""A board in QEMU: its power, its wires, and the end of its process."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spwf
from spwf.ports import protocol_qemu

pytestmark = pytest.mark.spwf("qemu://lm3s6965evb")

OK = b"\r\nOK\r\n"
DEADLINE = 30.0  # s, for every wait


def emulation_of(module: spwf.Module) -> spwf.Emulation:
    assert module.emulation is not None
    return module.emulation


def test_power_cut_keeps_what_was_saved(module: spwf.Module) -> None:
    module.load(spwf.Slot.CA, b"kept")
    module.config["user_desc"] = "kept"
    module.save()
    module.config["user_desc"] = "lost"
    emulation_of(module).power(False)
    with pytest.raises(spwf.ReplyTimeout):
        module.command("AT", timeout=0.1)
    assert emulation_of(module).outcome is None
    emulation_of(module).power(True)
    module.wait_for(24)
    assert module.config["user_desc"] == "kept"
    assert module.command("AT+S.TLSCERT=f_content,0").lines == ("#  f_ca = 4",)


def test_flash_in_a_file_goes_from_a_board_to_the_host_and_back(tmp_path: Path) -> None:
    wrote = "anonymous"
    for url in ("qemu://lm3s6965evb", "spwf://") * 2:
        with spwf.open(url, nv=tmp_path / "module.nv") as module:
            assert module.config["user_desc"] == wrote
            module.config["user_desc"] = wrote = url.partition(":")[0]
            module.save()


def test_soft_reset_happens_in_place(module: spwf.Module, peer: Any) -> None:
    module.connect(peer.host, peer.port, secure=False)
    module.load(spwf.Slot.RAM_CA, b"forgotten")
    assert emulation_of(module).heap.live > 0
    before = emulation_of(module).time
    module.command("AT+CFUN=1")
    assert peer.ended(), "the connection went without a word"
    module.wait_for(24)
    with pytest.raises(spwf.ModuleError, match="Illegal Socket ID"):
        module.command("AT+S.SOCKQ=00")
    assert emulation_of(module).heap.blocks == 0
    assert emulation_of(module).time > before


def test_output_that_nobody_reads_does_not_stop_the_board(module: spwf.Module) -> None:
    size = len(module.command("AT+S.HELP").raw)
    times = 400_000 // size  # more than the kernel and QEMU keep
    module.port.write(b"AT+S.HELP\r" * times)
    deadline = time.monotonic() + DEADLINE
    while module.port.in_waiting < times * size:
        assert time.monotonic() < deadline
        assert emulation_of(module).time > 0  # it answers beside the wire
    assert module.port.read(times * size).count(OK) == times


def test_port_that_is_opened_again_reads_as_before(module: spwf.Module) -> None:
    port = module.port
    assert isinstance(port, protocol_qemu.Serial)
    port.close()
    port.open()
    port.timeout = DEADLINE
    port.write(b"AT\r")
    assert port.read(len(OK)) == OK


def test_option_that_the_firmware_refuses_is_told_in_its_words(
    new_module: Callable[..., spwf.Module],
) -> None:
    routes = [(f"host{n}", 1, "127.0.0.1", 1) for n in range(20)]
    with pytest.raises(spwf.QemuError, match=r"status 2(.|\n)*options\.h: route"):
        new_module(route=routes)


WAITING = """
def test_that_waits(module, capfd):
    with capfd.disabled():
        print("board", module.port.core._life._process.pid, flush=True)
    module.wait_for(99, 100)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_board_outlives_a_test_run_that_is_killed(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "test_waiting.py").write_text(WAITING)
    firmware = Path("build", "firmware").resolve()
    with subprocess.Popen(
        [
            *(sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "-q"),
            *("--spwf=qemu://lm3s6965evb", f"--basetemp={tmp_path / 'base'}", "test_waiting.py"),
        ],
        cwd=tmp_path,
        env={"SPWF_FIRMWARE": str(firmware)} | os.environ,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        board = next(line for line in run.stdout if "board " in line)
        handle = os.pidfd_open(int(board.split()[-1]))
        run.send_signal(how)
        run.stdout.read()
    ended = select.select([handle], [], [], DEADLINE)[0]
    os.close(handle)
    assert ended


ALL_ONES = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int open64(const char *path, int flags, ...) {
    va_list mode;
    va_start(mode, flags);
    path = strcmp(path, "/dev/urandom") == 0 ? getenv("ALL_ONES") : path;
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, va_arg(mode, int));
}
"""


def test_a_board_whose_random_numbers_are_all_ones_connects(
    new_module: Callable[..., spwf.Module],
    peer: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their ports count on from a random one; lwIP forgets that 0, behind the last, is none."""
    source, library, ones = (tmp_path / name for name in ("ones.c", "ones.so", "ones"))
    source.write_text(ALL_ONES)
    ones.write_bytes(b"\xff" * 4096)
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
    monkeypatch.setenv("ALL_ONES", str(ones))
    monkeypatch.setenv("LD_PRELOAD", str(library))
    with new_module().connect(peer.host, peer.port, secure=False) as sock:
        sock.write(b"hello")
        assert peer.receive(5) == b"hello"
