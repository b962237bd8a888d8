"""The SPWF01S core on this host, in C (csrc/python). Loose ends are tied in spwf.emulation.

All methods of one `Core` may be called from any threads. The GIL is released while a module runs
and while anybody waits. A `Core` or `Loop` works in the process that made it: in a fork its
methods raise RuntimeError, and dropping it there leaves the original alone.
"""

from collections.abc import Sequence
from os import PathLike
from typing import Literal, TypedDict, final

from typing_extensions import Buffer

VERSION: str
"""Version of the core, as in `spwf.h`."""
BUILD: str
"""The firmware that the wire imitates, as WIND:1 tells it [design 10]."""
WOLFSSL_VERSION: str
"""Version of wolfSSL's sources, with the distribution's revision where they came from one."""
CAUSES: tuple[str, ...]
"""Names of `enum spwf_cause` (spwf.h): `CAUSES[outcome["cause"]]`."""
MODES: tuple[str, ...]
"""Names of `enum spwf_mode`: `MODES[outcome["mode"]]`."""
NOTES: tuple[str, ...]
"""Names of the bits of `enum spwf_note`: bit i of `outcome["notes"]` is `NOTES[i]`."""

class _Outcome(TypedDict):
    """The fields of `struct spwf_outcome` (spwf.h), where each is described."""

    count: int
    cause: int
    mode: int
    connected: bool
    depth: int
    version: int
    suite: int
    group: int
    alert_sent: int
    alert_received: int
    detail: int
    notes: int
    peak_heap: int
    sent: int
    received: int
    subject: str

@final
class Core:
    """One emulated module. It is made without power: see `power()`.

    Methods raise ValueError once it is closed, and OSError (EMFILE) where the process may open no
    more files: the module itself then has answered an error, as if there were no network.
    """

    def __new__(
        cls,
        *,
        nv: str | bytes | PathLike[str] | None = None,
        pace: Literal["virtual", "real"] | str = "virtual",
        seed: Buffer | None = None,
        routes: Sequence[tuple[str, int, str, int]] = (),
        aps: Sequence[tuple[str, str]] = (),
        network: Literal["posix", "memory", "trickle"] | str = "posix",
        limits: Literal["note", "off"] | str = "note",
        sni: bool = False,
        prng: Literal["drbg", "rc4"] | str = "drbg",
        min_version: Literal["ssl3", "tls1", "tls1.1", "tls1.2"] | str = "ssl3",
        timeout: float = 10.0,
        echo: bool = False,
        settime: Literal["once", "lenient"] | str = "once",
        heap: int = ...,
    ) -> Core:
        """Make a module.

        nv: file of 32768 bytes that holds the flash, made where it does not exist, locked until
            `close()`; None: flash in memory, kept as long as the Core.
        pace: "virtual" skips the module's own delays (boot, reply pace), never the waiting for a
            peer; "real" waits for both.
        seed: bytes from which the module's entropy is made: the same seed and the same history
            give the same bytes. None: the kernel's.
        routes: (NAME, PORT, HOST, PORT): what the module calls NAME:PORT is HOST:PORT of this
            host's network. NAME is a name (it resolves to an address of 198.18.0.0/15) or a dotted
            address; HOST a name or IPv4 address. Ports are 1 to 65535. A routed name has no other
            ports.
        aps: (SSID, PASSPHRASE) of the access points in reach, "" for an open one; none: every
            network is there and accepts whatever it is offered. SSIDs have 1 to 32 bytes,
            passphrases 8 to 64.
        network: "posix" for real sockets; "memory" for peers in this process (`peer_accept()`),
            where only routed names resolve; "trickle" is "memory" moving one byte at a time.
        limits: "note" allows 3072 bytes of TLS files, "off" 6144 [design 10].
        sni: send the server_name extension.
        prng: "rc4" seeds the TLS generator through the module's RC4 based one [note 2.6].
        min_version: the lowest that a server may choose.
        timeout: the longest handshake in seconds, more than 0 to 3600, rounded up to whole
            seconds.
        echo: the factory value of localecho1.
        settime: "lenient" lets a second AT+S.SETTIME answer OK.
        heap: the most dynamic memory that the module may have at a time, in bytes (see `heap`
            below); else as much as the host has.

        ValueError: a value that is not allowed (the message lists what is). BlockingIOError with
        the file's name: another module has `nv`. OSError: `nv` cannot be used.
        """

    def power(self, on: bool, /) -> None:
        """Switch the module on (it boots: WIND:1 and so on) or off.

        Nothing happens where it is so already. Off closes its connections and forgets all but the
        flash and the output not yet read.
        """

    def write(self, data: Buffer, /) -> int:
        """Queue bytes for the module's UART, run the module, return their number.

        The queue has no limit, so nothing is waited for, least of all that the output is read.
        Without power the bytes are lost.
        """

    def read(self, size: int, timeout: float | None, /) -> bytes:
        """Run the module until `size` bytes of its output are there, and take them.

        Fewer, and possibly none, where `timeout` seconds are over (None: never; 0: what is there)
        or `wake()` or `plug()` ended it. What is there already is taken without running the module.
        Signals are handled while it waits, and what they interrupt loses nothing.
        """

    def run(self, timeout: float | None, /) -> bool:
        """Run the module until there is output to read: True. False: the time is over."""

    def wake(self) -> None:
        """End every `read()` of other threads that waits.

        Where it ends none, the next one that would wait ends at once.
        """

    def plug(self, on: bool, /) -> None:
        """Pull the cable of the UART (False), or put it in again (True).

        Either ends every `read()` that waits, and leaves no `wake()` for the next. Without the
        cable those to come end at once, too, with what is there. The module does not notice.
        """

    def reset_input(self) -> None:
        """Drop the output that was not read."""

    def fileno(self) -> int:
        """Descriptor for select() and the like: readable while `run(0)` has something to do.

        Made at the first call, which costs five descriptors; it lasts until `close()`.
        """

    def close(self) -> None:
        """Power off for ever, unlock the flash, end waiting calls. May be repeated."""

    def tap(self, on: bool, /) -> bool:
        """Begin or end recording what passes over the module's connections, and its secrets.

        False: it is so already. What is recorded is for `tapped()`; with about a megabyte of it
        waiting, the module's connections stand still.
        """

    def tapped(self, timeout: float | None, /) -> bytes:
        """Wait for records of `tap()` and take all: see spwf/tap.py for their form.

        Empty where `timeout` seconds are over (None: never), and at once where none will come: the
        tap is off, or the Core closed, and all were taken. The only method for a closed Core.
        """

    def skip(self, seconds: float, /) -> None:
        """Move the module's clock forward by 0 to 1e9 seconds, and run the module."""

    def link(self, up: bool, /) -> None:
        """Let every access point vanish (False) or return (True)."""

    def peer_accept(self, id: int, accept: bool = True, /) -> tuple[str, int]:
        """Accept or refuse the connection that socket `id` (0 to 7) is making.

        Returns the address and port that it is made to. This and the three below are the other
        ends of `network="memory"`. ConnectionError: there is no such connection, or it is not in
        that state.
        """

    def peer_write(self, id: int, data: Buffer, /) -> None:
        """Send bytes to the module's socket `id`, without limit."""

    def peer_read(self, id: int, /) -> bytes | None:
        """Take all that socket `id` has sent; b"" for nothing yet, None after the module's end."""

    def peer_close(self, id: int, reset: bool = False, /) -> None:
        """Close the connection of socket `id`: FIN, or RST where `reset`."""

    @property
    def in_waiting(self) -> int:
        """Bytes of output that can be read at once; runs the module first."""

    @property
    def time(self) -> float:
        """The module's monotonic clock, in s since the Core was made: real time plus skipped."""

    @property
    def heap(self) -> tuple[int, int, int]:
        """The module's dynamic memory: bytes now, most bytes since power-on, blocks now."""

    @property
    def flash(self) -> tuple[int, int]:
        """How often the module has written to its flash and erased a page, since it was made."""

    @property
    def outcome(self) -> _Outcome | None:
        """How the last secure SOCKON went; None without power, or where there was none yet."""

@final
class Loop:
    """Many Cores, run by one thread behind one epoll.

    Cores that have nothing to do cost no time. A Core may be used directly while it is in a Loop.
    OSError: no more files may be opened.
    """

    def __new__(cls) -> Loop: ...
    def add(self, core: Core, /) -> None:
        """Take a Core in; nothing where it is in. ValueError: it is closed, or in another Loop."""

    def discard(self, core: Core, /) -> None:
        """Let a Core go; nothing where it is not in."""

    def run(self, timeout: float | None, /) -> list[Core]:
        """Run them until one has output, and return all that have; empty after `timeout` seconds.

        None waits for ever, 0 not at all. A Core is returned by every run until its output is
        read. RuntimeError: another run() of it has not ended. OSError: one of them could not open a
        file.
        """
