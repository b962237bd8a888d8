"""What to tell a person where a port, a module or its network does not answer: what to look at.

Called by opening.py and module.py; pure but for a look at this machine's ports.
"""

import errno
import grp
import os
from contextlib import suppress
from pathlib import Path

import serial

from spwf import resets
from spwf.transcript import escape

BY_ID = Path("/dev/serial/by-id")
SHOWN = 80  # bytes of noise that a message shows
_TEXT = frozenset(b"\r\n" + bytes(range(32, 127)))


def port(url: str, error: serial.SerialException) -> str:
    """Why a port cannot be opened."""
    cause = error.__context__
    number = error.errno or getattr(cause, "errno", None)
    if "://" in url:
        return f"{url} cannot be opened: {getattr(cause, 'strerror', None) or error}"
    if number == errno.ENOENT:
        return f"there is no port {url}; {_ports()}"
    if number == errno.EACCES:
        return f"you may not use {url}: {_membership(url)}"
    if number in (errno.EAGAIN, errno.EBUSY):
        return f"another program uses {url}: end that first"
    if number == errno.ENOTTY or "configure" in str(error):
        return f"{url} is no serial port"
    return str(error)


def _ports() -> str:
    with suppress(OSError):
        if names := sorted(str(path) for path in BY_ID.iterdir()):
            return f"there are {', '.join(names)}"
    return "no adapter is plugged in (`sudo dmesg` tells whether it was seen)"


def _membership(device: str) -> str:
    try:
        group = grp.getgrgid(os.stat(device).st_gid).gr_name
    except (OSError, KeyError):
        return "ask whoever runs this machine"
    return f"`sudo adduser $USER {group}`, then log in again"


def silence(came: bytes) -> str:
    """Why no module answers AT, judged by what came instead."""
    if not came:
        return (
            "no module answers AT, and nothing came: has it power, is its TX wired to the "
            "adapter's RX and its RX to TX, ground to ground, is BOOT0 low, RESETn high, and its "
            "speed 115200 baud?"
        )
    shown = escape(came[:SHOWN])
    if sum(byte not in _TEXT for byte in came) * 10 > len(came):
        return (
            f"no module answers AT, and what came is no text: its speed is another than 115200 "
            f"baud, 8N1, or the ground wire is missing; what came: {shown}"
        )
    return f"no module answers AT; what came: {shown}"


def reset(method: str, timeout: float) -> str:
    """Why a module does not boot when it is reset from outside."""
    if method in resets.LINES:
        how = f"by {method.upper()}: is that line of the adapter wired to its RESETn"
    else:
        how = f"by `{method}`: does that take its power, or pull its RESETn low"
    return f"the module did not boot in {timeout:g} s after a reset {how}?"


def network(name: str, timeout: float, associated: bool, refused: bool) -> str:
    """Why a module does not come into its network."""
    if refused:
        return f"the network {name!r} refuses the module: its passphrase is another"
    if associated:
        return f"the network {name!r} gave the module no address in {timeout:g} s: has it DHCP?"
    return (
        f"the network {name!r} was not found in {timeout:g} s: is that its name, to the letter, "
        "is it in reach, and on 2.4 GHz?"
    )
