"""The same tests over a TCP port and a terminal, on a module of another process [design 8.1]."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = ("test_transcripts.py", "test_examples.py", "test_rules.py", "test_bad_input.py")
SPWF = Path(sysconfig.get_path("scripts")) / "spwf"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("wire", ["tcp", "pty"])
def test_acceptance_passes_unchanged_over(
    wire: str, file: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # Beside the workers of pytest-xdist, whose certificates it shares.
    folder = request.getfixturevalue("_pki_root").parent / f"popen-{wire}-{file}"
    place = ["--tcp", "127.0.0.1:0"] if wire == "tcp" else ["--pty", str(tmp_path / "uart")]
    with subprocess.Popen([SPWF, "emulate", *place], stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        where = emulator.stdout.readline().removeprefix("listening on ").strip()
        url = f"socket://{where}" if wire == "tcp" else where
        try:
            done = subprocess.run(
                [
                    # -P: the installed package, not the sources in the current folder
                    *(sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider"),
                    *("-p", "no:xdist", "-q", f"--spwf={url}", f"--basetemp={folder}"),
                    str(HERE / file),
                ],
                capture_output=True,
                text=True,
                timeout=110,
                check=False,
            )
        finally:
            emulator.terminate()
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
