"""The options of `spwf://` and `qemu://`: what each may be, and how a URL writes it [design 6].

One table for both. Called by the protocol handlers beside it; knows nothing of modules.

    ?nv=FILE&route=my.st.com:443=127.0.0.1:4433&ap=lab:passphrase

`route` and `ap` may be repeated. A `%`, `&`, `#` or, where it separates, a `:` or `=` inside a
value is written %25, %26, %23, %3A, %3D; Query.write() does so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import fspath
from typing import Any
from urllib.parse import quote, unquote


def _word(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"not one of {', '.join(words)}")
        return text

    return parse


def flag(text: str) -> bool:
    """Reads 0 or 1."""
    return _word("0", "1")(text) == "1"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 65535:
        raise ValueError("not above 0 and at most 65535 seconds")
    return seconds


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"{text!r} is not hexadecimal, such as 00ff") from None


def _bytes(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ValueError("not a number of bytes, 1 or more")
    return int(text)


def file_name(text: str) -> str:
    """Reads a file's name."""
    if not text:
        raise ValueError("a file name is needed")
    return unquote(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= 65535):
        raise ValueError(f"{text!r} is not a port of 1 to 65535")
    return int(text)


def _route(text: str) -> tuple[str, int, str, int]:
    asked, equals, real = text.partition("=")
    name, colon, port = asked.rpartition(":")
    host, real_colon, real_port = real.rpartition(":")
    if not (equals and colon and real_colon and name and host):
        raise ValueError("not of the form NAME:PORT=HOST:PORT")
    return unquote(name), _port(port), unquote(host), _port(real_port)


def _ap(text: str) -> tuple[str, str]:
    ssid, _, passphrase = text.partition(":")
    if not ssid:
        raise ValueError("not of the form SSID:PASSPHRASE, or SSID for an open network")
    return unquote(ssid), unquote(passphrase)


def _escape(value: object) -> str:
    return quote(str(value), safe="/.-_ ~*")


def _plain(value: object) -> str:
    return _escape(int(value) if isinstance(value, bool) else value)


def file_text(value: Any) -> str:
    """Writes a file's name."""
    return _escape(fspath(value))


def _route_text(value: tuple[str, int, str, int]) -> str:
    name, port, host, real_port = value
    return f"{_escape(name)}:{port}={_escape(host)}:{real_port}"


def _ap_text(value: tuple[str, str]) -> str:
    return ":".join(_escape(part) for part in value)


@dataclass(frozen=True, slots=True)
class Option:
    """An option: what Core calls it, how its text is read and written, what it may be."""

    argument: str
    read: Callable[[str], Any]
    allowed: str
    write: Callable[[Any], str] = _plain
    repeats: bool = False


VERSIONS = ("ssl3", "tls1", "tls1.1", "tls1.2")

OPTIONS = {
    "nv": Option("nv", file_name, "FILE", file_text),
    "pace": Option("pace", _word("real", "virtual"), "real|virtual"),
    "seed": Option("seed", _hex, "HEX", lambda value: bytes(value).hex()),
    "route": Option("routes", _route, "NAME:PORT=HOST:PORT", _route_text, repeats=True),
    "ap": Option("aps", _ap, "SSID:PASSPHRASE", _ap_text, repeats=True),
    "limits": Option("limits", _word("note", "off"), "note|off"),
    "sni": Option("sni", flag, "0|1"),
    "prng": Option("prng", _word("drbg", "rc4"), "drbg|rc4"),
    "min_version": Option("min_version", _word(*VERSIONS), "|".join(VERSIONS)),
    "timeout": Option("timeout", _seconds, "SECONDS"),
    "echo": Option("echo", flag, "0|1"),
    "heap": Option("heap", _bytes, "BYTES"),
    "settime": Option("settime", _word("once", "lenient"), "once|lenient"),
}
"""Those of every emulated module."""


@dataclass(frozen=True, slots=True)
class Query:
    """What may stand behind the `?` in URLs of one scheme."""

    scheme: str
    known: Mapping[str, Option]

    def write(self, **options: Any) -> str:
        """The query for these options, the inverse of parse().

        Values are what a Python program has at hand: nv="module.nv", seed=b"...", sni=True,
        route=[("my.st.com", 443, "127.0.0.1", 4433)], ap=[("lab", "passphrase"), ("open", "")].
        ValueError for others.
        """
        pairs: list[str] = []
        for name, value in options.items():
            option = self._option(name)
            try:
                values: Iterable[Any] = value if option.repeats else [value]
                pairs += [f"{name}={option.write(each)}" for each in values]
            except (TypeError, ValueError):
                raise ValueError(
                    f"{self.scheme}:// option {name}={option.allowed} cannot be {value!r}: "
                    "spwf.ports.options.Query.write() says how Python writes it"
                ) from None
        return "&".join(pairs)

    def parse(self, query: str) -> dict[str, Any]:
        """The arguments that a query stands for, by the names that the table gives them.

        ValueError says what is wrong and what is allowed. The text is taken apart here and not by
        urllib.parse: a `+` is a plus, and a `:` or `=` separates before anything is unescaped.
        """
        arguments: dict[str, Any] = {}
        for pair in filter(None, query.split("&")):
            name, _, raw = pair.partition("=")
            option = self._option(name)
            try:
                value = option.read(raw)
            except ValueError as error:
                raise ValueError(
                    f"{self.scheme}:// option {name}={option.allowed}: {error}"
                ) from None
            if option.repeats:
                arguments.setdefault(option.argument, []).append(value)
            elif option.argument in arguments:
                raise ValueError(f"{self.scheme}:// option {name} is given twice")
            else:
                arguments[option.argument] = value
        return arguments

    def _option(self, name: str) -> Option:
        if name not in self.known:
            allowed = ", ".join(f"{known}={option.allowed}" for known, option in self.known.items())
            raise ValueError(f"{self.scheme}:// has no option {name!r}; there are {allowed}")
        return self.known[name]
