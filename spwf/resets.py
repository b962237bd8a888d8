"""How a module is reset: by its own command, by a line of its serial port, or by the host.

Called by module.py. `at` sends AT+CFUN=1. `rts` and `dtr` pull the module's RESETn low, by a wire
from that line of the serial adapter, so they help a module that no longer listens. Any other text
is a command for the shell, such as one that switches a relay.
"""

import subprocess
import time
from contextlib import suppress
from typing import Any

from spwf.errors import HarnessError

AT = "at"
LINES = ("rts", "dtr")
PULSE = 0.02  # s that the line stays low
PATIENCE = 60.0  # s that a command of the shell may take


def from_outside(port: Any, method: str) -> None:
    """Resets the module without asking it. HarnessError: the port or the command cannot."""
    if method in LINES:
        _pulse(port, method)
    else:
        _shell(method)


def order(port: Any, method: str) -> None:
    """Tells the module to reset itself, whatever stands in the way, and waits for no answer."""
    with suppress(HarnessError, OSError):
        if method == AT:
            port.write(b"AT+CFUN=1\r")
        else:
            from_outside(port, method)


def _pulse(port: Any, line: str) -> None:
    try:
        setattr(port, line, True)  # active, and so low on the wire
        time.sleep(PULSE)
        setattr(port, line, False)
    except OSError as error:
        raise HarnessError(
            f"this port has no {line.upper()} line to reset with: {error}"
        ) from error


def _shell(command: str) -> None:
    try:
        done = subprocess.run(
            command, shell=True, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise HarnessError(f"the reset command `{command}` did not end in {PATIENCE:g} s") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise HarnessError(
            f"the reset command `{command}` failed with status {done.returncode}: {said}"
        )
