"""`qemu://BOARD` for pySerial: the firmware on a board in QEMU, behind an ordinary serial port.

Found by serial.serial_for_url() in any program that has imported spwf; calls qemu.py [design 6].

    qemu://lm3s6965evb?nv=FILE&route=my.st.com:443=127.0.0.1:4433&ap=lab:passphrase

The options are those of `spwf://`, in the table of options.py, and mean the same. `image` names the
firmware; without it qemu.find_image() knows where it is. `cut=N` cuts the power inside the Nth
flash operation since the start. `keylog=1` lets the firmware tell the secrets of its TLS sessions,
which module.emulation.capture() needs.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

from spwf.ports.options import OPTIONS, Option, Query, file_name, file_text, flag
from spwf.ports.port import Port
from spwf.qemu import Qemu

SCHEME = "qemu"


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError("not a count")
    return int(text)


QUERY = Query(
    SCHEME,
    OPTIONS
    | {
        "image": Option("image", file_name, "FILE", file_text),
        "cut": Option("cut", _count, "N"),
        "keylog": Option("keylog", flag, "0|1"),
    },
)
HARNESS = ("nv", "pace", "image")  # what is not handed to the firmware as it is


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Board and arguments that a URL stands for; ValueError says what is wrong with it."""
    scheme, mark, rest = text.partition("://")
    place, _, query = rest.partition("?")
    board = place.rstrip("/")
    if scheme.lower() != SCHEME or not mark or not board or "/" in board:
        raise ValueError(f"{text!r} is not of the form qemu://BOARD[?OPTION=VALUE[&...]]")
    return board, QUERY.parse(query)


def words(arguments: dict[str, Any]) -> Iterator[str]:
    """The firmware's command line for these arguments: as in the URL, without blanks and commas.

    OSError: the HOST of a route has no address.
    """
    if arguments.get("pace", "virtual") == "virtual":
        yield "pace=fast"
    for name, option in QUERY.known.items():
        if name in HARNESS or option.argument not in arguments:
            continue
        value = arguments[option.argument]
        for each in value if option.repeats else [value]:
            if name == "route":  # the firmware cannot ask this host's resolver
                *asked, host, port = each
                each = (*asked, socket.gethostbyname(host), port)
            yield f"{name}={option.write(each)}".replace(" ", "%20")


class Serial(Port[Qemu]):
    """A serial port whose other end is a board in QEMU."""

    def prepare(self, url: str) -> Callable[[], Qemu]:
        """Takes the URL apart."""
        board, arguments = parse(url)

        def make() -> Qemu:
            files = {name: arguments.get(name) for name in ("nv", "image")}
            return Qemu(board, words=list(words(arguments)), **files)

        return make
