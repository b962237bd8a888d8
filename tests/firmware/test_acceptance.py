"""The acceptance tests, unchanged, on the firmware [design 8.1], and `spwf demo`."""

import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SPWF = Path(sysconfig.get_path("scripts")) / "spwf"
ACCEPTED = [  # the longest first
    ("lm3s6965evb", "twins"),
    ("lm3s6965evb", "rules"),
    ("lm3s6965evb", "examples"),
    ("lm3s6965evb", "bad_input"),
    ("lm3s6965evb", "sessions"),
    ("lm3s6965evb", "transcripts"),
    ("mps2-an385", "transcripts"),
    ("lm3s6965evb", "split"),
]


@pytest.mark.long
@pytest.mark.parametrize(("board", "name"), ACCEPTED)
def test_acceptance_passes_unchanged_on_a_board(
    board: str, name: str, request: pytest.FixtureRequest
) -> None:
    # A worker's folder, as pytest-xdist has them: they share certificates.
    folder = request.getfixturevalue("_pki_root").parent / f"popen-{board}-{name}"
    file = HERE.parent / "acceptance" / f"test_{name}.py"
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider"),
            *("-p", "no:xdist", "-q", f"--spwf=qemu://{board}", f"--basetemp={folder}", str(file)),
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert " skipped" not in done.stdout


@pytest.mark.long
def test_demo_runs_on_a_board_in_a_minute() -> None:
    done = subprocess.run(
        [SPWF, "demo", "--url", "qemu://lm3s6965evb"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    end = done.stdout.splitlines()[-1]
    told = re.fullmatch(r"(\d+) of \1 as expected, in (.+) s\.", end)
    assert told, end
    assert float(told[2]) < 60
