"""What passed between host and module, for a person to read.

Written by module.py; shown by plugin.py when a test fails. Passphrases and keys of networks, and
bodies that the writer calls secret, are not in it: their length is, as `<241 bytes>`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 400  # characters of one entry that are shown

_SECRET = re.compile(rb"(?i)(wifi_wpa_psk_\w+|wifi_wep_keys\[\d\])(,| = )([^\r]+)")


class Entry(NamedTuple):
    """A command line or body (">"), a reply, an indication or noise ("<"), `time` in seconds."""

    direction: str
    data: bytes
    time: float

    def __str__(self) -> str:
        text = escape(self.data)
        if len(text) > LONGEST:
            text = f"{text[: LONGEST - 50]} ...<{len(self.data)} bytes>... {text[-50:]}"
        return f"{self.direction} {text}"


def escape(data: bytes) -> str:
    r"""Bytes on one line, as C writes them: AT+S.STS=version\r."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def conceal(data: bytes) -> bytes:
    """The same bytes with the values of secret settings replaced by their length."""
    return _SECRET.sub(lambda m: m[1] + m[2] + b"<%d bytes>" % len(m[3]), data)


class Transcript:
    """The entries, in the order in which they passed. str() is all of it, a line each.

    `opaque` data is not the module's language but a file's or a peer's: no settings are in it.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._start = time.monotonic()

    def sent(self, data: bytes, *, opaque: bool = False, secret: bool = False) -> None:
        """Notes what the host sent; of a secret, the length."""
        self._note(">", b"<%d bytes>" % len(data) if secret else data, opaque or secret)

    def received(self, data: bytes, *, opaque: bool = False) -> None:
        """Notes what the module sent."""
        self._note("<", data, opaque)

    @property
    def heard(self) -> bytes:
        """All that the module sent, but for secrets."""
        return b"".join(entry.data for entry in self._entries if entry.direction == "<")

    def _note(self, direction: str, data: bytes, opaque: bool) -> None:
        shown = data if opaque else conceal(data)
        self._entries.append(Entry(direction, shown, time.monotonic() - self._start))

    def clear(self) -> None:
        """Forgets what has passed so far."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __str__(self) -> str:
        return "\n".join(f"{entry.time:8.3f} {entry}" for entry in self._entries)
