"""What the firmware takes of flash and RAM, against firmware/budget.toml."""

import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import spwf
from spwf.scenario import Scenario

ROOT = Path(__file__).parents[2]
BUDGET = tomllib.loads((ROOT / "firmware/budget.toml").read_text())
SIZE = ROOT / "scripts/firmware_size.py"


def test_every_board_has_a_budget() -> None:
    assert BUDGET.keys() == {folder.name for folder in (ROOT / "firmware/boards").iterdir()}


@pytest.mark.parametrize("board", BUDGET)
def test_the_image_keeps_to_the_budget(board: str) -> None:
    done = subprocess.run(
        [sys.executable, SIZE, board], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wolfSSL" in done.stdout


def test_an_image_over_budget_is_told(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "scripts").mkdir(parents=True)
    (tree / "scripts/firmware_size.py").write_text(SIZE.read_text())
    (tree / "build").symlink_to(ROOT / "build")
    (tree / "firmware").mkdir()
    (tree / "firmware/budget.toml").write_text(
        "[lm3s6965evb]\nflash = 1024\nram = 65536\nstatic = 65536\n"
    )
    done = subprocess.run(
        [sys.executable, tree / "scripts/firmware_size.py", "lm3s6965evb"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines() if "OVER" in line] == ["flash"]


@pytest.mark.spwf(*(f"qemu://{board}" for board in BUDGET))
def test_the_costliest_handshake_keeps_to_the_budget(
    new_module: Callable[..., spwf.Module],
    serve: Callable[..., spwf.Server],
    provision: Callable[[spwf.Module, spwf.Server], None],
    request: pytest.FixtureRequest,
) -> None:
    example = Scenario.load("example1")
    suites = ("TLS_RSA_WITH_AES_256_CBC_SHA256",)
    server = serve(
        replace(
            example,
            pki=spwf.PkiSpec(key="rsa2048"),
            server=replace(example.server, suites=suites),
        )
    )
    module = new_module(limits="off")
    provision(module, server)
    with module.connect(server.host, server.port) as sock:
        sock.write(b"hello\n")
        server.wait_received(b"hello\n")
    assert module.emulation is not None
    memory = module.emulation.memory
    budget = BUDGET[request.getfixturevalue("_url").removeprefix("qemu://")]
    assert memory.peak <= budget["heap"]
    assert memory.stack <= budget["stack"]
    assert memory.static <= budget["static"]
