"""`spwf emulate` by raw bytes: what a program sees that knows nothing of spwf [at-ref 15].

Nothing of the package reads or writes here but the certificates and the servers: bytes go into a
socket or a terminal, and must come back exactly.
"""

import os
import select
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

import spwf
from spwf.scenario import Clock

SPWF = str(Path(sysconfig.get_path("scripts")) / "spwf")
DEADLINE = 20.0  # seconds, for every wait
OK = b"\r\nOK\r\n"
BOOT = (
    b"\r\n+WIND:1:Poweron (160129-c5bf5ce-SPWF01S)\r\n"
    b"\r\n+WIND:13:ST SPWF01SA1 IWM: Copyright (c) 2012-2014 STMicroelectronics, Inc. "
    b"All rights Reserved.\r\n"
    b"\r\n+WIND:3:Watchdog Running\r\n"
    b"\r\n+WIND:0:Console active\r\n"
)
STARTED = b"\r\n+WIND:32:WiFi Hardware Started\r\n"


class Line:
    """A descriptor, and exactly the bytes that are expected from it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.unread = descriptor, b""

    def send(self, data: bytes) -> None:
        os.write(self.descriptor, data)

    def more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        assert left > 0, f"only {self.unread!r} came"
        if select.select([self.descriptor], [], [], left)[0]:
            data = os.read(self.descriptor, 65536)
            assert data, f"the line was closed after {self.unread!r}"
            self.unread += data

    def take(self, size: int) -> bytes:
        deadline = time.monotonic() + DEADLINE
        while len(self.unread) < size:
            self.more(deadline)
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    def until(self, end: bytes) -> bytes:
        deadline = time.monotonic() + DEADLINE
        while end not in self.unread:
            self.more(deadline)
        return self.take(self.unread.index(end) + len(end))

    def ended(self) -> bool:
        ready = select.select([self.descriptor], [], [], DEADLINE)[0]
        return bool(ready) and os.read(self.descriptor, 1) == b""

    def ask(self, command: bytes, reply: bytes = OK) -> None:
        """Send `command`; the next bytes are `reply`, no more and no less."""
        self.send(command)
        assert self.take(len(reply)) == reply


class Emulator:
    """A running `spwf emulate`: where it listens, and the lines that it prints on stderr."""

    def __init__(self, stack: ExitStack, *arguments: str) -> None:
        command = [SPWF, "emulate", *arguments]
        self.process = stack.enter_context(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
        stack.callback(self.process.kill)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        first = self.process.stdout.readline().decode()
        assert first.startswith("listening on "), self.process.stderr.read()
        self.where = first.removeprefix("listening on ").rstrip("\n")
        self._stderr = Line(self.process.stderr.fileno())

    def tells(self) -> str:
        return self._stderr.until(b"\n").decode()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def emulate(stack: ExitStack) -> Callable[..., Emulator]:
    """Start emulators that end with the test."""
    return lambda *arguments: Emulator(stack, *arguments)


@pytest.fixture
def plug(stack: ExitStack) -> Callable[..., Line]:
    """Connect to an emulator, over TCP or its terminal, until the test or another stack ends."""

    def connect(emulator: Emulator, stack: ExitStack = stack) -> Line:
        if emulator.where.startswith("/"):
            descriptor = os.open(emulator.where, os.O_RDWR | os.O_NOCTTY)
            stack.callback(os.close, descriptor)
            return Line(descriptor)
        host, _, port = emulator.where.rpartition(":")
        connection = stack.enter_context(socket.create_connection((host, int(port)), DEADLINE))
        return Line(connection.fileno())

    return connect


@pytest.fixture(params=["tcp", "pty"])
def emulator(
    request: pytest.FixtureRequest, emulate: Callable[..., Emulator], tmp_path: Path
) -> Emulator:
    """One of each kind."""
    if request.param == "tcp":
        return emulate("--tcp", "127.0.0.1:0")
    return emulate("--pty", str(tmp_path / "uart"))


def join(line: Line) -> None:
    """Section 3.2 of the note, from power-on to an address."""
    line.until(STARTED)
    for command in (b"wifi_mode,0", b"wifi_priv_mode,2"):
        line.ask(b"AT+S.SCFG=" + command + b"\r")
    line.ask(b"AT+S.SSIDTXT=lab\r")
    line.ask(b"AT+S.SCFG=wifi_wpa_psk_text,passphrase\r")
    line.ask(b"AT+S.SCFG=wifi_mode,1\r")
    line.ask(b"AT&W\r")
    line.ask(b"AT+CFUN=1\r", b"\r\n+WIND:2:RESET\r\n" + BOOT)
    line.until(b"+WIND:24:WiFi Up:")
    line.until(b"\r\n")


def provision(line: Line, server: spwf.Server) -> None:
    """What the scenario of `server` wants the module to have, as in sections 3.3 and 3.4."""
    loads, pki = server.scenario.module, server.pki
    files: dict[str, bytes] = {}
    if loads.ca:
        files["f_ca"] = pki[loads.ca].cert_pem
    if loads.client:
        files["f_cert"] = pki[loads.client].cert_pem
        files["f_key"] = pki[loads.client].key_pem
    line.ask(b"AT+S.TLSCERT2=clean,all\r")
    if loads.clock is Clock.NOW:
        line.ask(b"AT+S.SETTIME=%d\r" % int(datetime.now(UTC).timestamp()))
    for slot, data in files.items():
        line.ask(b"AT+S.TLSCERT=%s,%d\r%s" % (slot.encode(), len(data), data))
    if loads.domain:
        line.ask(b"AT+S.TLSDOMAIN=f_domain,%s\r" % loads.domain.encode())


def sockon(server: spwf.Server) -> bytes:
    return f"AT+S.SOCKON={server.host},{server.port},s,ind\r".encode()


def test_the_first_connection_powers_the_module_on(
    emulator: Emulator, plug: Callable[..., Line]
) -> None:
    line = plug(emulator)
    assert line.take(len(BOOT)) == BOOT
    assert line.until(STARTED) == STARTED
    line.ask(b"AT\r")


def test_example_1_of_the_note_by_raw_bytes(
    emulator: Emulator, plug: Callable[..., Line], serve: Callable[..., spwf.Server]
) -> None:
    server = serve("example1")
    line = plug(emulator)
    join(line)
    provision(line, server)
    line.ask(sockon(server), b"\r\n ID: 00\r\n" + OK)
    assert emulator.tells().startswith("outcome: mutual, TLSv1.2, ")
    line.ask(b"AT+S.SOCKW=00,6\rhello\n")
    server.wait_received(b"hello\n")
    line.ask(b"AT+S.SOCKQ=00\r", b"\r\n DATALEN: 0\r\n" + OK)
    line.ask(b"AT+S.SOCKC=00\r")


def test_example_5_of_the_note_by_raw_bytes(
    emulator: Emulator, plug: Callable[..., Line], serve: Callable[..., spwf.Server]
) -> None:
    server = serve("example5")
    page = b"".join(server.scenario.script[0].answers)
    line = plug(emulator)
    join(line)
    line.ask(sockon(server), b"\r\n ID: 00\r\n" + OK)
    line.ask(b"AT+S.SOCKW=00,18\rGET / HTTP/1.1\r\n\r\n")
    pending = b"\r\n+WIND:55:Pending Data:0:ENC\r\n"
    assert line.take(2 * len(pending)) == 2 * pending
    line.ask(b"AT+S.SOCKQ=00\r", b"\r\n DATALEN: 483\r\n" + OK)
    line.ask(b"AT+S.SOCKR=00,483\r", page + OK)
    line.ask(b"AT+S.SOCKQ=00\r", b"\r\n DATALEN: 0\r\n" + OK)
    line.ask(b"AT+S.SOCKC=00\r")


REFUSALS = (  # of each mode; test_twins.py has all
    *("expired", "example1-option3"),
    *("wrong-ca", "clock-not-set", "wrong-domain", "not-yet-valid"),
    *("client-certificate-missing", "server-http"),
)


@pytest.mark.parametrize("name", REFUSALS)
def test_each_refusal_answers_alike_and_its_outcome_names_the_cause(
    name: str,
    emulate: Callable[..., Emulator],
    plug: Callable[..., Line],
    serve: Callable[..., spwf.Server],
) -> None:
    server = serve(name)
    emulator = emulate("--tcp", "127.0.0.1:0")
    line = plug(emulator)
    join(line)
    provision(line, server)
    line.ask(sockon(server), b"\r\nERROR: SSL/TLS unable to connect\r\n")
    mode, cause = server.scenario.expect.mode.replace("_", "-"), server.scenario.expect.cause
    told = emulator.tells()
    assert told.startswith(f"outcome: {mode}, ")
    assert f"refused: {cause} (" in told
    line.ask(b"AT\r")


def test_its_state_is_kept_while_nobody_is_connected(
    emulate: Callable[..., Emulator], plug: Callable[..., Line]
) -> None:
    emulator = emulate("--tcp", "127.0.0.1:0")
    with ExitStack() as first:
        line = plug(emulator, first)
        line.until(STARTED)
        line.ask(b"AT+S.SCFG=user_desc,kept\r")
    line = plug(emulator)
    line.ask(b"AT+S.GCFG=user_desc\r", b"\r\n#  user_desc = kept\r\n" + OK)


def test_what_it_says_is_lost_while_nobody_is_connected(
    emulate: Callable[..., Emulator], plug: Callable[..., Line]
) -> None:
    emulator = emulate("--tcp", "127.0.0.1:0")
    with ExitStack() as first, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        line = plug(emulator, first)
        join(line)
        line.send(2 * (b"AT+S.SOCKON=127.0.0.1,%d,s\r" % closed.getsockname()[1]))
        first.close()
        for _ in range(2):
            assert "refused: refused" in emulator.tells()
    # The first answer was certainly given before the second connection failed; the second may
    # still be on its way.
    line = plug(emulator)
    line.send(b"AT\r")
    assert line.until(OK).count(b"ERROR") <= 1


def test_a_second_connection_is_closed_at_once(
    emulate: Callable[..., Emulator], plug: Callable[..., Line]
) -> None:
    emulator = emulate("--tcp", "127.0.0.1:0")
    line = plug(emulator)
    line.until(STARTED)
    second = plug(emulator)
    assert second.ended()
    assert emulator.tells().endswith(": another host is connected\n")
    line.ask(b"AT\r")


def test_who_reconnects_at_once_is_let_in(
    emulate: Callable[..., Emulator], plug: Callable[..., Line]
) -> None:
    emulator = emulate("--tcp", "127.0.0.1:0")
    for n in range(50):
        with ExitStack() as stack:
            line = plug(emulator, stack)
            line.send(b"AT+S.SCFG=user_desc,%d\r" % n)
            line.until(OK)
            line.send(b"AT\r" * 100)


def test_its_flash_survives_in_a_file(
    emulate: Callable[..., Emulator], plug: Callable[..., Line], tmp_path: Path
) -> None:
    options = ("--tcp", "127.0.0.1:0", "--nv", str(tmp_path / "flash.nv"))
    emulator = emulate(*options)
    line = plug(emulator)
    line.until(STARTED)
    line.ask(b"AT+S.SCFG=user_desc,saved\r")
    line.ask(b"AT&W\r")
    assert emulator.stop() == 0
    line = plug(emulate(*options))
    line.until(STARTED)
    line.ask(b"AT+S.GCFG=user_desc\r", b"\r\n#  user_desc = saved\r\n" + OK)


def test_it_reaches_a_route_and_an_access_point(
    emulate: Callable[..., Emulator], plug: Callable[..., Line], serve: Callable[..., spwf.Server]
) -> None:
    server = serve("example5")
    route = f"my.st.com:443={server.host}:{server.port}"
    line = plug(emulate("--tcp", "127.0.0.1:0", "--route", route, "--ap", "lab:passphrase"))
    join(line)
    line.ask(b"AT+S.SOCKON=my.st.com,443,s\r", b"\r\n ID: 00\r\n" + OK)


def test_an_access_point_refuses_another_passphrase(
    emulate: Callable[..., Emulator], plug: Callable[..., Line]
) -> None:
    line = plug(emulate("--tcp", "127.0.0.1:0", "--ap", "lab:another one"))
    line.until(STARTED)
    line.ask(b"AT+S.SSIDTXT=lab\r")
    line.ask(b"AT+S.SCFG=wifi_wpa_psk_text,passphrase\r")
    line.ask(b"AT+S.SCFG=wifi_mode,1\r")
    line.ask(b"AT&W\r")
    line.send(b"AT+CFUN=1\r")
    line.until(b"\r\n+WIND:40:WiFi Deauthentication: ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_cleanly_and_takes_its_link_away(
    number: signal.Signals, emulate: Callable[..., Emulator], tmp_path: Path
) -> None:
    link = tmp_path / "uart"
    link.symlink_to("/dev/pts/999999")  # as an emulator that was killed leaves one
    emulator = emulate("--pty", str(link))
    assert link.is_symlink()
    assert str(link.readlink()).startswith("/dev/pts/")
    assert emulator.stop(number) == 0
    assert not link.is_symlink()
