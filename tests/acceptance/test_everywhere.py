"""The same tests over a TCP port and a terminal, on a module of another process [design 8.1].

It stands in for a board on a desk: it is in a network of its own, is reset by its own command, and
nothing beside the wire tells of it.
"""

import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import spwf

HERE = Path(__file__).parent
SPWF = Path(sysconfig.get_path("scripts")) / "spwf"
RUNS = [  # the longest first; how many of its tests need an emulated module, and are skipped
    ("tcp", "twins", 1),
    ("pty", "twins", 1),
    ("tcp", "rules", 0),
    ("tcp", "examples", 3),
    ("pty", "rules", 0),
    ("pty", "examples", 3),
    ("tcp", "sessions", 5),
    ("tcp", "transcripts", 0),
    ("tcp", "bad_input", 1),
    ("tcp", "servers", 2),
    ("pty", "sessions", 5),
    ("pty", "transcripts", 0),
    ("pty", "bad_input", 1),
]


@pytest.mark.long
@pytest.mark.parametrize(("wire", "name", "skipped"), RUNS)
def test_acceptance_passes_unchanged_over(
    wire: str,
    name: str,
    skipped: int,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    stand_in: Callable[..., Any],
) -> None:
    # Beside the workers of pytest-xdist, whose certificates it shares.
    folder = request.getfixturevalue("_pki_root").parent / f"popen-{wire}-{name}"
    board = stand_in(*(["--pty", str(tmp_path / "uart")] if wire == "pty" else []))
    done = subprocess.run(
        [
            # -P: the installed package, not the sources in the current folder
            *(sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"),
            *("-q", f"--spwf={board.url}", f"--basetemp={folder}", *board.options("--spwf-")),
            str(HERE / f"test_{name}.py"),
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    told = re.search(r"(\d+) skipped", done.stdout)
    assert int(told[1] if told else 0) == skipped, done.stdout


@pytest.mark.long
def test_demo_runs_on_a_board_and_spares_its_flash(stand_in: Callable[..., Any]) -> None:
    board = stand_in()
    done = subprocess.run(
        [SPWF, "demo", "--url", board.url, *board.options("--")],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as expected, 1 not tried, in " in done.stdout
    writes, _ = board.end()
    assert writes < 120  # one network is saved, and one scenario's files outlive a reset


def test_probe_brings_a_board_into_the_network_it_is_told(
    stand_in: Callable[..., Any], serve: Callable[..., spwf.Server]
) -> None:
    board, server = stand_in(), serve("echo")

    def probe(*options: str) -> subprocess.CompletedProcess[str]:
        command = [str(SPWF), "probe", f"{server.host}:{server.port}", *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    done = probe("--url", board.url, "--ssid", board.SSID, "--psk", "another one")
    assert done.returncode == 1
    assert "the network 'desk' refuses the module: its passphrase is another" in done.stderr
    done = probe("--url", board.url, "--ssid", board.SSID, "--psk", board.PSK)
    assert done.returncode == 0, done.stderr
    assert "Module: ID: 00 OK" in done.stdout
    assert probe("--url", board.url).returncode == 0  # it has kept it
    assert probe("--ssid", board.SSID).returncode == 2
    assert probe("--url", board.url, "--psk", board.PSK).returncode == 2


def test_matrix_runs_on_a_board_in_a_network_of_its_own(stand_in: Callable[..., Any]) -> None:
    board = stand_in()
    words = ("--server", "openssl", "-k", "C027 and suites or 003C and minimum")
    done = subprocess.run(
        [SPWF, "matrix", "--url", board.url, *board.options("--"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 anonymous, 1 one-way, 1 mutual" in done.stdout
    writes, _ = board.end()
    assert writes < 60  # one network is saved
