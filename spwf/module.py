"""One module on one port: its AT commands as verbs [note 3, at-ref 3].

Made by opening.py; calls at.py (bytes to replies), connection.py (the verbs of a socket) and the
port, which is any that pySerial opens. Nothing here polls: every wait is a read of the port that
ends with the byte that is waited for, or after SLICE seconds to look at the clock.

A module belongs to one thread at a time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol, Self, TypeVar

from serial.urlhandler import protocol_socket

from spwf import resets, troubles
from spwf.at import Indication, Noise, Parser, Reply, encode
from spwf.connection import Socket
from spwf.emulation import Emulation
from spwf.errors import Desync, ModuleError, NetworkError, ReplyTimeout
from spwf.transcript import Transcript, escape

SLICE = 0.02  # s that one read of the port may take
CHUNK = 4096  # bytes of a socket that one read takes
BODY_MAX = 4096  # the module takes what follows a larger declared size for commands [design 10]
JOIN = 60.0  # s, what drivers of real modules allow for joining a network [at-ref 8]
CONNECT = 30.0  # s: name, TCP and handshake have limits of their own [design 10]
GREETING = 1.0  # s until an AT that was not answered is sent again
ASSOCIATED, REFUSED = 25, 40  # indications of a join [at-ref 5]

T = TypeVar("T")


class Port(Protocol):
    """What a module needs of pySerial's ports."""

    @property
    def timeout(self) -> float | None:
        """Seconds that a read waits."""

    @timeout.setter
    def timeout(self, value: float | None) -> None: ...

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read at once."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, fewer when the timeout is over."""

    def write(self, data: bytes, /) -> int | None:
        """Sends the bytes."""

    def close(self) -> None:
        """Ends it."""


class Slot(StrEnum):
    """Where TLS material lies: in flash, or in RAM until a reset (deprecated) [note 3.3]."""

    CA = "f_ca"
    CERT = "f_cert"
    KEY = "f_key"
    DOMAIN = "f_domain"
    RAM_CA = "ca"
    RAM_CERT = "cert"
    RAM_KEY = "key"
    RAM_DOMAIN = "domain"


SECRETS = (Slot.KEY, Slot.RAM_KEY)
DOMAINS = (Slot.DOMAIN, Slot.RAM_DOMAIN)


class Config:
    """The settings: config["wifi_mode"] = 1 is SCFG, config["wifi_mode"] == "1" asks GCFG."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def __getitem__(self, key: str) -> str:
        return self._module.command(f"AT+S.GCFG={key}").value

    def __setitem__(self, key: str, value: str | int) -> None:
        text = str(int(value)) if isinstance(value, int) else value
        self._module.command(f"AT+S.SCFG={key},{text}")


class Module:
    """A module; use it in a `with`.

    Every verb raises ModuleError where the module answers ERROR, and ReplyTimeout or Desync, which
    show the bytes that did come, where there is no answer or none that fits.
    """

    def __init__(self, port: Port, *, timeout: float = 10.0, reset: str = resets.AT) -> None:
        """Takes over an open port and sets its timeout.

        `timeout`: seconds within which a reply must come where nothing else is said. `reset`: how
        it is reset: "at" (AT+CFUN=1), "rts", "dtr", or a command of the shell; see resets.py.
        """
        core = getattr(port, "core", None)
        self.emulation = None if core is None else Emulation(core)
        self.timeout = timeout
        self._method = reset
        self.transcript = Transcript()
        self.config = Config(self)
        self.port = port
        self.port.timeout = SLICE
        self._parser = Parser()
        self._replies: list[Reply] = []
        self._noise: list[Noise] = []
        self._indications: list[Indication] = []
        self._unseen: list[Indication] = []
        self._sockets: dict[int, Socket] = {}

    # ---- the conversation -----------------------------------------------------------------------

    def command(
        self,
        line: str,
        body: bytes = b"",
        *,
        timeout: float | None = None,
        check: bool = True,
        secret: bool = False,
        available: bool = False,
    ) -> Reply:
        """Sends a line, without its CR, and the body that it declares; waits for the reply.

        `timeout`: seconds, instead of the module's. `check`: raise ModuleError where the module
        answers ERROR; else return that reply too. `secret`: keep the body out of the transcript.
        `available`: for SOCKR, see at.Parser.expect(). ValueError for what no module can take.
        """
        if "\r" in line:
            raise ValueError(f"a command is one line, without CR: {line!r}")
        if len(body) > BODY_MAX:
            raise ValueError(f"a body is at most {BODY_MAX} bytes, not {len(body)}")
        self._ask(line, body, secret=secret, available=available)
        reply = self._answer(line, self.timeout if timeout is None else timeout)
        if check and reply.error is not None:
            raise ModuleError(reply.error, line)
        return reply

    def wait_for(self, number: int, timeout: float | None = None) -> Indication:
        """Returns the next indication of this number.

        That is the first which no wait_for() has returned; it may have come before the call, but
        not before the last reset(). ReplyTimeout after `timeout` seconds.
        """
        limit = self.timeout if timeout is None else timeout
        found = self.until(lambda: self._take(number), limit)
        if found is None:
            others = ", ".join(f"{other.number}:{other.text}" for other in self._unseen) or "none"
            raise ReplyTimeout(f"no +WIND:{number} in {limit:g} s; what else came: {others}")
        return found

    def until(self, condition: Callable[[], T | None], timeout: float) -> T | None:
        """Reads until `condition` returns something: that, or None after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while (found := condition()) is None and time.monotonic() < deadline:
            self._pump()
        return found

    @property
    def indications(self) -> tuple[Indication, ...]:
        """All that have come since the module was opened, in order."""
        return tuple(self._indications)

    def _ask(self, line: str, body: bytes, *, secret: bool, available: bool) -> None:
        self._check_noise(line)
        self._parser.expect(line, available=available)
        command = encode(line) + b"\r"
        self.transcript.sent(command)
        if body:
            self.transcript.sent(body, opaque=True, secret=secret)
        self.port.write(command + body)

    def _answer(self, line: str, limit: float) -> Reply:
        reply = self.until(self._next_reply, limit)
        self._check_noise(line)
        if reply is None:
            came = escape(self._parser.forget()) or "nothing"
            raise ReplyTimeout(f"no reply to {line} in {limit:g} s; what came: {came}")
        return reply

    def _next_reply(self) -> Reply | None:
        return self._replies.pop(0) if self._replies else None

    def _pump(self) -> None:
        """Waits for bytes, at most SLICE seconds, and sorts what they complete."""
        data = self.port.read(wanted := self._parser.wanted)
        if data and wanted == 1:
            data += self._rest()
        for event in self._parser.feed(data):
            if event.raw:  # that of AT+CFUN=1 has none of its own
                opaque = isinstance(event, Reply) and event.body != b""
                self.transcript.received(event.raw, opaque=opaque)
            if isinstance(event, Reply):
                self._replies.append(event)
            elif isinstance(event, Noise):
                self._noise.append(event)
            else:
                self._indications.append(event)
                self._unseen.append(event)
                if event.socket in self._sockets:
                    self._sockets[event.socket].notice(event)

    def _rest(self) -> bytes:
        """What else has already come."""
        if not isinstance(self.port, protocol_socket.Serial):
            return self.port.read(more) if (more := self.port.in_waiting) else b""
        self.port.timeout = 0  # a socket's in_waiting is 1 for any number of bytes
        try:
            return self.port.read(CHUNK)
        finally:
            self.port.timeout = SLICE

    def _check_noise(self, line: str) -> None:
        if self._noise:
            shown = escape(b"".join(noise.raw for noise in self._noise))
            self._noise.clear()
            self._parser.forget()
            raise Desync(f"neither a reply nor an indication came, at {line}: {shown}")

    def _take(self, number: int) -> Indication | None:
        for i, indication in enumerate(self._unseen):
            if indication.number == number:
                return self._unseen.pop(i)
        return None

    def greet(self) -> None:
        """Finds out that a module is there and listens, whatever state it was left in.

        AT is sent until an answer comes, because a module that boots, or that still waits for the
        end of a line or of data, does not answer the first; line ends in between are such an end,
        and nothing to a module that waits for none. What else comes meanwhile does not matter. A
        module that stays silent is reset, where that can be done from outside.
        """
        if not self._answers():
            if self._method != resets.AT:
                self._reset()
            if self._method == resets.AT or not self._answers():
                raise ReplyTimeout(troubles.silence(self.transcript.heard + self._parser.pending))

    def _give_up(self) -> None:
        """Gives up the reply in hand, if there is one; a line that comes by itself goes on."""
        if self._parser.waiting and (dropped := self._parser.forget()):
            self.transcript.received(dropped)

    def _answers(self) -> bool:
        deadline = time.monotonic() + self.timeout
        late = 0
        self._give_up()
        while True:
            self._noise.clear()
            self._ask("AT", b"", secret=False, available=False)
            if self.until(self._next_reply, GREETING) is not None:
                break
            if time.monotonic() > deadline:
                return False
            late += 1
            if late == 2:
                self.port.write(b"\r" * BODY_MAX)
        self.until(lambda: len(self._noise) >= late or None, GREETING)  # answers to the other AT
        self._noise.clear()
        return True

    # ---- the module -----------------------------------------------------------------------------

    def join(self, ssid: str, passphrase: str = "", *, timeout: float = JOIN) -> str:
        """Joins a network as [note 3.2] does, with WPA or, without a passphrase, an open one.

        This saves the settings and resets the module. Returns its IP address once it has one.
        """
        self.set_network(ssid, passphrase)
        self.save()
        self._reset()
        return self.wait_for_network(timeout)

    def set_network(self, ssid: str, passphrase: str = "") -> None:
        """Tells it a network; save() and reset() then make it join."""
        self.config["wifi_mode"] = 0
        self.config["wifi_priv_mode"] = 2 if passphrase else 0
        self.command(f"AT+S.SSIDTXT={ssid}")
        if passphrase:
            self.config["wifi_wpa_psk_text"] = passphrase
        self.config["wifi_mode"] = 1

    def wait_for_network(self, timeout: float = JOIN) -> str:
        """Waits after a reset for the network; returns the module's address there.

        NetworkError where the network is not there or refuses the module.
        """
        self.until(lambda: self._seen(24) or self._seen(REFUSED, 3), timeout)
        if up := self._take(24):
            return up.fields[-1].strip()
        associated, refused = bool(self._seen(ASSOCIATED)), bool(self._seen(REFUSED))
        name = "".join(self.command("AT+S.SSIDTXT").lines)
        raise NetworkError(troubles.network(name, timeout, associated=associated, refused=refused))

    def _seen(self, number: int, times: int = 1) -> bool | None:
        """True where so many indications of this number wait for wait_for(); else None."""
        return sum(other.number == number for other in self._unseen) >= times or None

    def reset(self) -> None:
        """Resets the module and waits for its console [at-ref 8]."""
        self._reset()
        self.wait_for(0)

    def let_go(self) -> None:
        """Leaves it with a reset that nobody waits for: what it is doing may end first."""
        resets.order(self.port, self._method)

    def _reset(self) -> None:
        self._unseen.clear()
        self._sockets.clear()
        if self._method == resets.AT:
            self.command("AT+CFUN=1")
            return
        self._give_up()
        resets.from_outside(self.port, self._method)
        if self.until(lambda: self._take(1), self.timeout) is None:
            raise ReplyTimeout(troubles.reset(self._method, self.timeout))
        self._noise.clear()  # what the reset cut short

    def factory(self) -> None:
        """Puts the settings, not the TLS files, back to factory values; save() makes it last."""
        self.command("AT&F")

    def save(self) -> None:
        """Stores the settings in flash."""
        self.command("AT&W")

    def status(self, name: str) -> str:
        """The value of a status variable [at-ref 7]."""
        return self.command(f"AT+S.STS={name}").value

    def set_time(self, when: datetime | None = None) -> None:
        """Tells the module the time, None: now. Once after each reset [note 3.3]."""
        when = datetime.now(UTC) if when is None else when
        if when.tzinfo is None:
            raise ValueError("the module's time is UTC: give the datetime a time zone")
        # Rounded up: a clock that is late takes a certificate of this second for one of the future.
        self.command(f"AT+S.SETTIME={math.ceil(when.timestamp())}")

    # ---- TLS material ---------------------------------------------------------------------------

    def load(self, slot: Slot, data: bytes) -> None:
        """Stores a certificate or key, in PEM form [note 3.3]."""
        if slot in DOMAINS:
            raise ValueError("a domain is a name: use set_domain()")
        self.command(f"AT+S.TLSCERT={slot},{len(data)}", data, secret=slot in SECRETS)

    def set_domain(self, name: str, slot: Slot = Slot.DOMAIN) -> None:
        """Stores the name that the server's certificate must bear [note 2.3]."""
        if slot not in DOMAINS:
            raise ValueError(f"{slot} holds no name: use {' or '.join(DOMAINS)}")
        self.command(f"AT+S.TLSDOMAIN={slot},{name}")

    def clean(self, *slots: Slot) -> None:
        """Removes TLS material: what these slots hold, or without any the four flash files."""
        for slot in slots or ("all",):
            self.command(f"AT+S.TLSCERT2=clean,{slot}")

    # ---- sockets --------------------------------------------------------------------------------

    def connect(self, host: str, port: int, secure: bool = True, indicate: bool = False) -> Socket:
        """Opens a socket to a server, with TLS where `secure`.

        `indicate`: the module says when data has come (WIND 55). ModuleError where it cannot
        connect; `emulation.outcome` then says why.
        """
        kind = ("s" if secure else "t") + (",ind" if indicate else "")
        reply = self.command(f"AT+S.SOCKON={host},{port},{kind}", timeout=CONNECT)
        if not reply.value.isdecimal():
            raise Desync(f"SOCKON was answered without a socket: {escape(reply.raw)}")
        socket = Socket(self, int(reply.value), secure=secure, indicate=indicate)
        self._unseen = [i for i in self._unseen if i.socket != socket.id]  # of an earlier one
        self._sockets[socket.id] = socket
        return socket

    # ---- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Closes the port. An emulated module ends with it; a real one is left as it is."""
        self.port.close()
        if self.emulation is not None:
            self.emulation.core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
