"""`spwf://` for pySerial: an emulated module behind an ordinary serial port [design 6].

Found by serial.serial_for_url() in any program that has imported spwf; calls spwf._core alone. The
module is powered on by the first open(). close() only unplugs the cable: the module keeps its state
and runs on when the port is opened again; it ends with the port object, or with port.core.close().

    spwf://?nv=FILE&route=my.st.com:443=127.0.0.1:4433&ap=lab:passphrase

The options are in the table OPTIONS. `route` and `ap` may be repeated. A `%`, `&`, `#` or, where it
separates, a `:` or `=` inside a value is written %25, %26, %23, %3A, %3D; url() does so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import fspath
from typing import Any
from urllib.parse import quote, unquote

from serial.serialutil import PortNotOpenError, SerialBase, SerialException

from spwf._core import Core

SCHEME = "spwf"


def _word(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"not one of {', '.join(words)}")
        return text

    return parse


def _flag(text: str) -> bool:
    return _word("0", "1")(text) == "1"


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 65535:
        raise ValueError("not above 0 and at most 65535 seconds")
    return seconds


def _file(text: str) -> str:
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
    "nv": Option("nv", _file, "FILE", lambda value: _escape(fspath(value))),
    "pace": Option("pace", _word("real", "virtual"), "real|virtual"),
    "seed": Option("seed", bytes.fromhex, "HEX", lambda value: bytes(value).hex()),
    "route": Option("routes", _route, "NAME:PORT=HOST:PORT", _route_text, repeats=True),
    "ap": Option("aps", _ap, "SSID:PASSPHRASE", _ap_text, repeats=True),
    "limits": Option("limits", _word("note", "off"), "note|off"),
    "sni": Option("sni", _flag, "0|1"),
    "prng": Option("prng", _word("drbg", "rc4"), "drbg|rc4"),
    "min_version": Option("min_version", _word(*VERSIONS), "|".join(VERSIONS)),
    "timeout": Option("timeout", _seconds, "SECONDS"),
    "echo": Option("echo", _flag, "0|1"),
    "settime": Option("settime", _word("once", "lenient"), "once|lenient"),
}


def _known(name: str) -> Option:
    if name not in OPTIONS:
        allowed = ", ".join(f"{known}={option.allowed}" for known, option in OPTIONS.items())
        raise ValueError(f"spwf:// has no option {name!r}; there are {allowed}")
    return OPTIONS[name]


def url(**options: Any) -> str:
    """The URL for these options, the inverse of parse().

    Values are what a Python program has at hand: nv="module.nv", seed=b"...", sni=True,
    route=[("my.st.com", 443, "127.0.0.1", 4433)], ap=[("lab", "passphrase"), ("open", "")].
    """
    pairs: list[str] = []
    for name, value in options.items():
        option = _known(name)
        values: Iterable[Any] = value if option.repeats else [value]
        pairs += [f"{name}={option.write(each)}" for each in values]
    return f"{SCHEME}://" + ("?" + "&".join(pairs) if pairs else "")


def parse(text: str) -> dict[str, Any]:
    """The arguments for Core that a URL stands for.

    ValueError says what is wrong and what is allowed. The text is taken apart here and not by
    urllib.parse: a `+` is a plus, and a `:` or `=` separates before anything is unescaped.
    """
    scheme, mark, rest = text.partition("://")
    place, _, query = rest.partition("?")
    if scheme.lower() != SCHEME or not mark or place.strip("/"):
        raise ValueError(f"{text!r} is not of the form spwf://[?OPTION=VALUE[&OPTION=VALUE...]]")
    arguments: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        name, _, raw = pair.partition("=")
        option = _known(name)
        try:
            value = option.read(raw)
        except ValueError as error:
            raise ValueError(f"spwf:// option {name}={option.allowed}: {error}") from None
        if option.repeats:
            arguments.setdefault(option.argument, []).append(value)
        elif option.argument in arguments:
            raise ValueError(f"spwf:// option {name} is given twice")
        else:
            arguments[option.argument] = value
    return arguments


class Serial(SerialBase):
    """A serial port whose other end is an emulated module.

    Baud rate, parity, flow control and the modem lines are accepted and mean nothing. write() never
    blocks: the module takes what it is given. `core` is the module, None before the first open().
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.core: Core | None = None
        self._url: str | None = None  # what `core` was made from
        super().__init__(*args, **kwargs)

    def open(self) -> None:
        """Plugs the cable in; the first time, or with another URL, makes a module and powers it on.

        ValueError for an option that does not exist, SerialException where the module cannot be.
        """
        if self.is_open:
            raise SerialException("Port is already open.")
        if self.port is None:
            raise SerialException("Port must be configured before it can be used.")
        if self.core is None or self._url != self.port:
            arguments = parse(self.port)
            if self.core is not None:
                self.core.close()
            try:
                self.core = Core(**arguments)
            except OSError as error:
                raise SerialException(
                    error.errno, f"could not open {self.port}: {error}"
                ) from error
            self._url = self.port
            self.core.power(True)
        self.is_open = True

    def close(self) -> None:
        """Unplugs the cable, from any thread: a read that waits returns."""
        if self.is_open and self.core is not None:
            self.is_open = False
            self.core.wake()

    def _module(self) -> Core:
        if not self.is_open or self.core is None:
            raise PortNotOpenError
        return self.core

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read at once."""
        return self._module().in_waiting

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes: fewer when the timeout is over or the read was cancelled."""
        core = self._module()
        return core.read(size, self.timeout) if size > 0 else b""

    def write(self, b: Any, /) -> int:
        """Gives the module all the bytes."""
        data = bytes(b)  # as pySerial: a list of numbers will do, a str will not
        return self._module().write(data)

    def flush(self) -> None:
        """Nothing to do: what was written has arrived."""
        self._module()

    @property
    def out_waiting(self) -> int:
        """Always 0: what was written has arrived."""
        self._module()
        return 0

    def reset_input_buffer(self) -> None:
        """Drops what has not been read."""
        self._module().reset_input()

    def reset_output_buffer(self) -> None:
        """Nothing to do: what was written has arrived."""
        self._module()

    def cancel_read(self) -> None:
        """Makes a read() in another thread return."""
        if self.is_open and self.core is not None:
            self.core.wake()

    def cancel_write(self) -> None:
        """Nothing to do: no write waits."""

    # The modem lines: set without effect, read as a module that is there and ready.

    def _reconfigure_port(self) -> None:
        pass

    def _update_break_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        pass

    @property
    def cts(self) -> bool:
        """Clear to send, always."""
        self._module()
        return True

    @property
    def dsr(self) -> bool:
        """Data set ready, always."""
        self._module()
        return True

    @property
    def ri(self) -> bool:
        """Never rings."""
        self._module()
        return False

    @property
    def cd(self) -> bool:
        """Carrier detect, always."""
        self._module()
        return True
