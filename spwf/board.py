"""A real module, made as new for the next test, with as little flash as that takes.

Called by plugin.py, demo.py and provision.py. Flash wears: a page bears about 10,000 erases, and a
test suite may run that often. So the module is asked first, and only what differs is written.
"""

import re

from spwf.errors import HarnessError
from spwf.module import JOIN, Module

DERIVED = {"wifi_wpa_psk_raw"}  # what a module works out, and keeps, by itself
_ROW = re.compile(r"#\s*(\S+) = (.*)")


def rows(lines: tuple[str, ...]) -> dict[str, str]:
    """A list of the module as text by name; a line that is no `#  name = text` is left out."""
    return {row[1]: row[2] for row in map(_ROW.fullmatch, lines) if row}


def listing(module: Module) -> tuple[str, ...]:
    """What the module says of its flash: `#  f_ca = 769` and so on [at-ref 3.3]."""
    return module.command("AT+S.TLSCERT=f_content,0").lines


def stored(lines: tuple[str, ...]) -> dict[str, int]:
    """A listing as bytes by name."""
    return {name: int(size) for name, size in rows(lines).items() if size.isdecimal()}


def clear(module: Module) -> None:
    """Removes the TLS files in flash, where there are any."""
    if listing(module):
        module.clean()


class Board:
    """What is known of one module while tests run on it."""

    def __init__(self, ssid: str, psk: str) -> None:
        """Of a module that shall join this network; `psk`: "" for an open one."""
        self._ssid, self._psk = ssid, psk
        self._as_new: dict[bool, dict[str, str]] = {}

    def renew(self, module: Module, *, join: bool) -> None:
        """Resets it: no TLS files, factory settings, in the network or, else, in none.

        NetworkError where it does not come into the network.
        """
        clear(module)
        module.reset()
        if join not in self._as_new or self._settings(module) != self._as_new[join]:
            self._as_new[join] = self._write(module, join)
        if join:
            module.wait_for_network(JOIN)

    def _write(self, module: Module, join: bool) -> dict[str, str]:
        """Saves factory settings and the network, where others are saved; the settings then."""
        before = self._settings(module)
        module.factory()
        module.config["localecho1"] = 0  # AT&F leaves it [design 10]
        if join:
            module.set_network(self._ssid, self._psk)
        after = self._settings(module)
        if after != before:
            module.save()
        module.reset()
        return after

    @staticmethod
    def _settings(module: Module) -> dict[str, str]:
        settings = rows(module.command("AT&V").lines)
        if not settings:
            raise HarnessError("AT&V told no settings: this is no SPWF01S that spwf knows")
        return {key: value for key, value in settings.items() if key not in DERIVED}
