"""`spwf://` for pySerial: a module in this process, behind an ordinary serial port [design 6].

Found by serial.serial_for_url() in any program that has imported spwf; calls spwf._core alone.

    spwf://?nv=FILE&route=my.st.com:443=127.0.0.1:4433&ap=lab:passphrase

The options are in the table of options.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from spwf._core import Core
from spwf.ports.options import OPTIONS, Query
from spwf.ports.port import Port

SCHEME = "spwf"
QUERY = Query(SCHEME, OPTIONS)


def url(**options: Any) -> str:
    """The URL for these options (Query.write() says which), the inverse of parse()."""
    query = QUERY.write(**options)
    return f"{SCHEME}://" + (f"?{query}" if query else "")


def parse(text: str) -> dict[str, Any]:
    """The arguments for Core that a URL stands for; ValueError says what is wrong with it."""
    scheme, mark, rest = text.partition("://")
    place, _, query = rest.partition("?")
    if scheme.lower() != SCHEME or not mark or place.strip("/"):
        raise ValueError(f"{text!r} is not of the form spwf://[?OPTION=VALUE[&OPTION=VALUE...]]")
    return QUERY.parse(query)


class Serial(Port[Core]):
    """A serial port whose other end is a module in this process."""

    def prepare(self, url: str) -> Callable[[], Core]:
        """Takes the URL apart."""
        return partial(Core, **parse(url))
