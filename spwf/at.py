"""The module's bytes to events, without input or output [at-ref 1, 2.3].

Called by module.py, which feeds it what a port delivers and says what it waits for. Calls nobody.

The wire has lines and, in one reply, counted bytes:

    line mode   everything is cut at CR LF. "OK" or "ERROR: text" ends the reply in hand,
                "+WIND:n:text" is an indication, blank lines are framing, any other line is part of
                the reply.
    SOCKR       N bytes exactly as the peer sent them, at once, then CR LF OK CR LF [at-ref 1.8].

N bytes may look like anything, an error or an indication too, so SOCKR is read in one of two ways.
Where SOCKQ has just said that N bytes are there (`available`), the module has no reason to answer
an error: the bytes are counted, and the frame proves itself by the CR LF OK CR LF behind them. Only
where that proof fails is an indication, or the echo, that was under way before the reply taken off
its front. Otherwise a reply that begins like an error or an indication is one. Both ways decide by
what came and never by when it came: any cutting of the stream gives the same events.
"""

from __future__ import annotations

from dataclasses import dataclass

CRLF = b"\r\n"
OK = b"\r\nOK\r\n"
ERROR = b"ERROR:"
WIND = b"+WIND:"

# What the first indication after a reset may be; AT+CFUN=1 answers with it [at-ref 1.14]. It is 2,
# unless wind_off_low hides it.
BOOT = (2, 1, 0)


def decode(data: bytes) -> str:
    """Text of the wire as str; bytes that are no UTF-8 survive the way back through encode()."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The bytes that decode() made `text` of."""
    return text.encode("utf-8", "surrogateescape")


def decimal(text: str) -> int | None:
    """A decimal number of the wire, None for what is none: no module has numbers of 10 digits."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer to one command line.

    `lines` are the payload lines without framing ("#  ip_ipaddr = 192.168.1.5", " ID: 00"), `error`
    is the module's text after "ERROR: " or None, `body` the counted bytes of SOCKR, `raw` all.
    """

    command: str
    lines: tuple[str, ...]
    error: str | None
    body: bytes
    raw: bytes

    @property
    def value(self) -> str:
        """What stands after ` = ` or `: ` in the first payload line; "" where there is none."""
        line = self.lines[0] if self.lines else ""
        mark = " = " if line.startswith("#") else ": "
        return line.partition(mark)[2]


@dataclass(frozen=True, slots=True)
class Indication:
    """One +WIND:number:text that came by itself [at-ref 5]."""

    number: int
    text: str
    raw: bytes

    @property
    def fields(self) -> tuple[str, ...]:
        """The text cut at its colons: ("Pending Data", "0", "ENC")."""
        return tuple(self.text.split(":"))

    @property
    def socket(self) -> int | None:
        """The socket that 55 (data) or 58 (closed) is about, None for the others."""
        fields = self.fields
        return decimal(fields[1]) if self.number in (55, 58) and len(fields) > 1 else None


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that are neither: the two ends no longer mean the same. The next line starts afresh."""

    raw: bytes


Event = Reply | Indication | Noise


def counted(command: str) -> int | None:
    """How many raw bytes the reply to this command line begins with; None: it has none."""
    name, _, arguments = command.partition("=")
    size = arguments.partition(",")[2].strip()
    return decimal(size) if name.upper() == "AT+S.SOCKR" else None


def resets(command: str) -> bool:
    """Whether the module answers this line with its boot sequence instead of OK [at-ref 1.14]."""
    name, _, state = command.partition("=")
    return name.upper() == "AT+CFUN" and state.strip() in ("0", "1")


def error_text(line: bytes) -> str:
    """What the module says after "ERROR:"."""
    return decode(line.removeprefix(ERROR)).strip()


def indication(line: bytes, raw: bytes) -> Indication | Noise:
    """What a line that begins with +WIND: is, given without its CR LF."""
    number, colon, text = line.removeprefix(WIND).partition(b":")
    if colon and number.isdigit() and len(number) <= 3:
        return Indication(int(number), decode(text), raw)
    return Noise(raw)


class Parser:
    """feed() bytes in any pieces, get events. expect() says which command was sent."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # bytes at its front in which no line ends
        self._blank = bytearray()  # CR LFs that belong to the line after them
        self._clear()

    def _clear(self) -> None:
        self._command: str | None = None
        self._count: int | None = None
        self._available = False
        self._raw = bytearray()  # the reply so far
        self._lines: list[str] = []

    @property
    def waiting(self) -> bool:
        """Whether a reply is outstanding."""
        return self._command is not None

    @property
    def pending(self) -> bytes:
        """What has come and belongs to no event yet."""
        return bytes(self._raw + self._blank + self._buffer)

    @property
    def wanted(self) -> int:
        """How many more bytes must come before there can be another event, at least 1."""
        if self._count is not None and self._available:
            return max(1, self._count + len(OK) - len(self._buffer))
        return 1

    def expect(self, command: str, *, available: bool = False) -> None:
        """The next reply answers `command`, a line without its CR.

        `available`: for SOCKR, that SOCKQ has just reported at least as many bytes as it asks for.
        """
        self._command = command
        self._count = counted(command)
        self._available = available
        self._buffer[:0] = self._blank  # a CR LF already cut off may lead an indication or a body
        self._searched = 0
        self._blank.clear()

    def forget(self) -> bytes:
        """Gives up the reply in hand; drops, and returns, what is pending."""
        dropped = self.pending
        self._buffer.clear()
        self._searched = 0
        self._blank.clear()
        self._clear()
        return dropped

    def feed(self, data: bytes) -> list[Event]:
        """Takes the next bytes of the stream and returns the events that they complete."""
        self._buffer += data
        events: list[Event] = []
        while (found := self._step()) is not None:
            events += found
        return events

    # A step returns the events of one line or body, [] if it has none, None when more must come.

    def _step(self) -> list[Event] | None:
        return self._line() if self._count is None else self._body(self._count)

    def _line(self) -> list[Event] | None:
        end = self._find(CRLF, 0)
        if end < 0:
            return None
        ended = self._take(end + len(CRLF))
        if end == 0:
            self._blank += CRLF
            return []
        raw, line = bytes(self._blank + ended), ended[:end]
        self._blank.clear()
        if line.startswith(WIND):
            return self._boot(indication(line, raw))
        if self._command is None:
            return [Noise(raw)]
        self._raw += raw
        if line == b"OK":
            return [self._end()]
        if line.startswith(ERROR):
            return [self._end(error=error_text(line))]
        if line.rstrip(b"\r") != encode(self._command):  # else it is the echo
            self._lines.append(decode(line))
        elif line.endswith(b"\r"):  # whose line end is a CR: the CR LF belongs to what follows
            del self._raw[-len(CRLF) :]
            self._blank += CRLF
        return []

    def _boot(self, event: Indication | Noise) -> list[Event]:
        """An indication; the first of a boot follows the reply to AT+CFUN=1 that it stands for."""
        if self._command is not None and resets(self._command) and isinstance(event, Indication):
            return [self._end(), event] if event.number in BOOT else [event]
        return [event]

    def _body(self, count: int) -> list[Event] | None:
        size = count + len(OK)
        if self._available and len(self._buffer) < size:
            return None
        framed = self._buffer[count:size] == OK
        if not (self._available and framed):
            for start, stop in self._leaders():
                if self._buffer.startswith(start):
                    end = self._find(stop, len(start))
                    return None if end < 0 else self._leader(self._take(end + len(stop)))
                if start.startswith(self._buffer):
                    return None
        if framed:
            body = self._take(count)
            self._raw += body + self._take(len(OK))
            return [self._end(body=body)]
        if len(self._buffer) < size:
            return None
        raw = bytes(self._raw) + self._take(size)
        self._clear()
        return [Noise(raw)]

    def _leaders(self) -> list[tuple[bytes, bytes]]:
        """How what may stand before the body begins and ends."""
        echo = encode(self._command or "") + b"\r"
        leaders = [(CRLF + WIND, CRLF), (echo, b"")]
        return leaders if self._available else [*leaders, (CRLF + ERROR, CRLF)]

    def _leader(self, raw: bytes) -> list[Event]:
        line = raw.strip(CRLF)
        if line.startswith(WIND):
            return [indication(line, raw)]
        self._raw += raw
        return [self._end(error=error_text(line))] if line.startswith(ERROR) else []

    def _find(self, stop: bytes, start: int) -> int:
        """Where `stop` is from `start` on, or -1; nothing is searched twice, however it is cut."""
        end = self._buffer.find(stop, max(start, self._searched - len(CRLF) + 1))
        self._searched = len(self._buffer)
        return end

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._searched = 0
        return taken

    def _end(self, *, error: str | None = None, body: bytes = b"") -> Reply:
        reply = Reply(self._command or "", tuple(self._lines), error, body, bytes(self._raw))
        self._clear()
        return reply
