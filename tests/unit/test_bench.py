"""The benchmark runs; what it measures is for `make bench`."""

import os
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parents[2] / "bench" / "run.py"


def test_a_little_of_everything_is_measured() -> None:
    # Its modules lie beside it.
    env = {name: text for name, text in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, RUN, "--quick"],
        capture_output=True,
        text=True,
        timeout=60,
        env=env,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for what in ("Mutual handshakes", "MB written", "MB read", "Many in one process"):
        assert what in done.stdout
