"""Servers to connect to: a program on a scenario, and one for many connections at once.

What is common to all programs: process, threads, waits, log. The adapters in spwf/programs know
what a program prints and how it is told what to do. Its stdin and stdout are sequenced-packet
sockets, through which the kernel passes what is written at once as one message. Nothing here
sleeps, and a server cannot outlive the process that started it.
"""

import os
import select
import selectors
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from spwf.errors import ServerError
from spwf.listening import bound
from spwf.openssl import environment
from spwf.pki import Pki
from spwf.processes import start
from spwf.programs import Exchange, Hearing, Negotiated, Program, find
from spwf.programs.base import hold_port
from spwf.relay import Relay
from spwf.scenario import Scenario, Step, refuse_answer

START_TIMEOUT = 10.0  # s, until a server says where it listens
_CROWD = Path(__file__).with_name("crowd.py")  # a program, which nobody imports


class Server:
    """One program, from `with` to its end; serves one connection after the other.

    A scenario's script is played for each connection. The certificates are those of `pki`, by the
    names that the scenario gives. Where a client may leave before its answers are sent,
    wait_closed() before the next one connects keeps them apart. selfserv, which serves several at
    once, tells of a connection when its first data come, and not of its end.
    """

    def __init__(
        self,
        scenario: Scenario,
        pki: Pki,
        *,
        program: Program | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        keylog: str | os.PathLike[str] | None = None,
    ) -> None:
        """Nothing is started yet. Without `program` it is openssl; `port` 0 is any free one.

        `keylog`: file to which the program appends the secrets of its sessions, if it can.
        """
        self.scenario = scenario
        self.pki = pki
        self.host = host
        self.port = port
        self.argv: list[str] = []
        """The command, once it was started."""
        self._program = program
        self._keylog = keylog
        self._hearing = Hearing()
        self._log = b""
        self._errors = b""  # of the log, what came on stderr
        self._told = 0  # ends of connections that wait_closed() told of
        self._ended = False
        self._news = threading.Condition()

    def __enter__(self) -> "Server":
        """Starts it; ServerError, with its words, where it does not listen within 10 s."""
        program = self.program
        if missing := program.missing(replace(self.scenario, pki=self.pki.spec)):
            raise ServerError(missing)
        program.prepare(self.scenario, self.pki)
        self._hearing = program.hearing(self.scenario)
        with ExitStack() as stack:
            address, port = program.listens_on(self.host), self.port
            elsewhere = address != self.host
            if program.needs_port and (elsewhere or not port):
                port = stack.enter_context(hold_port())
            files = self.pki.directory.resolve()
            self.argv = program.argv(self.scenario, files, port, address)
            if self._keylog is not None:
                Path(self._keylog).touch(0o600)
                self.argv += program.keylog(self._keylog)
            ends = [socket.socketpair(type=socket.SOCK_SEQPACKET) for _ in range(2)]
            (self._stdin, self._its_stdin), (self._stdout, its_stdout) = (
                map(stack.enter_context, pair) for pair in ends
            )
            with its_stdout:
                self._process = stack.enter_context(
                    start(
                        self.argv,
                        stdin=self._its_stdin,
                        stdout=its_stdout,
                        stderr=subprocess.PIPE,
                        env=environment(),
                    )
                )
            self._script = _Script(tuple(program.script(self.scenario)))
            self._thread = threading.Thread(target=self._listen, name=program.name, daemon=True)
            self._thread.start()
            stack.callback(self._end)
            self._await_listening(program, address, port)
            port = self._hearing.port or port
            if elsewhere:
                relay = Relay((address, port), self.host, port=self.port)
                port = stack.enter_context(relay).port
            self.port = port
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server and every connection to it. `log` and `received` stay."""
        self._open.close()

    def _end(self) -> None:
        self._process.kill()
        self._its_stdin.close()  # so that an answer nobody takes cannot hold the thread
        self._thread.join()

    @property
    def program(self) -> Program:
        """What serves. ServerError where it was to be openssl, and there is none."""
        self._program = self._program or find()
        return self._program

    @property
    def exchange(self) -> Exchange | None:
        """How to pass data both ways; None where the scenario's script begins unasked."""
        return self.program.exchange(self.scenario)

    @property
    def negotiated(self) -> Negotiated | None:
        """What the program said of the latest connection; None: nothing, or not of Table 2.

        After wait_closed() it is surely of the connection that has ended.
        """
        with self._news:
            return self._hearing.negotiated

    @property
    def torn(self) -> bool:
        """Whether the connection that ended last lacked the client's close_notify.

        False also where the program does not tell: selfserv, and an echo.
        """
        with self._news:
            return self._hearing.torn

    @property
    def log(self) -> str:
        """Everything it has printed so far: its own words, and what it received."""
        with self._news:
            return self._log.decode(errors="replace")

    def follow(self) -> Iterator[str]:
        """Gives what is in `log`, and then what comes, until the server ends."""
        shown = 0
        while True:
            with self._news:
                while len(self._log) == shown and not self._ended:
                    self._news.wait()
                news, shown = self._log[shown:], len(self._log)
            if not news:
                return
            yield news.decode(errors="replace")

    @property
    def received(self) -> bytes:
        """Application data of the latest connection. An echo and selfserv do not tell it."""
        with self._news:
            return self._hearing.received

    @property
    def connections(self) -> int:
        """Handshakes that completed, as far as the program told."""
        with self._news:
            return self._hearing.connections

    def send(self, data: bytes, timeout: float = 10.0) -> None:
        """Sends `data` as one record, on the connection that is open within `timeout` s.

        ValueError for data that s_server would take for a command, or that is no one record;
        ServerError where nobody connects.
        """
        if why := refuse_answer(data):
            raise ValueError(why)
        self._wait(lambda: self._hearing.connected, timeout, "a connection")
        self._stdin.send(data)

    def wait_for(self, text: str, timeout: float = 10.0) -> None:
        """Until it has printed, or received, `text`; ServerError after `timeout` s."""
        self._wait(lambda: text.encode() in self._log, timeout, repr(text))

    def wait_received(self, data: bytes, timeout: float = 10.0) -> None:
        """Until `data` is part of what the latest connection received; ServerError likewise."""
        self._wait(lambda: data in self._hearing.received, timeout, f"received {data!r}")

    def wait_closed(self, timeout: float = 10.0) -> None:
        """Until a connection has ended that no earlier call told of; ServerError likewise."""
        self._wait(lambda: self._hearing.ended > self._told, timeout, "the end of a connection")
        self._told = self._hearing.ended

    def _wait(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        with self._news:
            self._news.wait_for(lambda: condition() or self._ended, timeout)
            if condition():
                return
            why = "it ended" if self._ended else f"not within {timeout:g} s"
        raise ServerError(f"waited for {what}: {why}\n{shlex.join(self.argv)}\n{self.log}")

    def _await_listening(self, program: Program, host: str, port: int) -> None:
        """ServerError where it does not, with the address if nobody could listen there."""
        try:
            self._wait(lambda: self._hearing.listening, START_TIMEOUT, "that it listens")
        except ServerError:
            if not self._ended:
                raise
            bound(host, port).close()
            words = self._errors or self._log or b"it said nothing"
            first = words.decode(errors="replace").strip().partition("\n")[0]
            command = shlex.join(self.argv)
            raise ServerError(
                f"{program.name} ended before it listened: {first}\n{command}"
            ) from None

    def _listen(self) -> None:
        """The thread: hears all that s_server prints, and answers as the script says."""
        stderr = self._process.stderr
        assert stderr is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            selector.register(stderr, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    data = os.read(key.fd, 1 << 17)
                    if not data:
                        selector.unregister(key.fileobj)
                        continue
                    with self._news:
                        self._log += data
                        if key.fileobj is self._stdout:
                            self._hearing.hear(data)
                        else:
                            self._errors += data
                            self._hearing.complain(data)
                        if not self._hearing.connected:
                            self._take_back()
                        self._news.notify_all()
                    if self._hearing.connected:
                        self._answer()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _answer(self) -> None:
        with suppress(OSError):  # it has ended: what it printed last is still to be read
            for answer in self._script.due(self._hearing):
                self._stdin.send(answer)

    def _take_back(self) -> None:
        """What the last client did not wait for is not for the next one."""
        with suppress(OSError):  # there is nothing
            while True:
                self._its_stdin.recv(1, socket.MSG_DONTWAIT)


class _Script:
    """Which answers are due, for one connection after the other."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self._connection = 0

    def due(self, hearing: Hearing) -> Iterator[bytes]:
        if hearing.connections != self._connection:
            self._connection = hearing.connections
            self._next = self._seen = 0
        while self._next < len(self._steps):
            step = self._steps[self._next]
            at = hearing.received.find(step.after, self._seen)
            if at < 0:
                return
            self._seen = at + len(step.after)
            self._next += 1
            yield from step.answers


class AsyncServer:
    """An echo server for thousands of connections at once, in a process of its own.

    It sends back what it receives, byte for byte. Python's ssl module, TLS 1.2 and 1.3;
    with `mutual` it demands a certificate that the Pki's CA for clients signed.
    """

    def __init__(self, pki: Pki, *, mutual: bool = False, host: str = "127.0.0.1") -> None:
        """Nothing is started yet."""
        self.pki = pki
        self.host = host
        self.port = 0
        """Known once it is started."""
        self._mutual = mutual

    def __enter__(self) -> "AsyncServer":
        """Starts it; ServerError where it does not listen within 10 s."""
        files = [self.pki.server.cert_path, self.pki.server.key_path]
        if self._mutual:
            files.append(self.pki.root_ca_of_client)
        argv = [sys.executable, "-I", *map(str, (_CROWD, self.host, *files))]
        self._process = start(argv, stdout=subprocess.PIPE)
        stdout: IO[bytes] | None = self._process.stdout
        assert stdout is not None
        line = stdout.readline() if select.select([stdout], [], [], START_TIMEOUT)[0] else b""
        if not line.strip().isdigit():
            self.__exit__(None, None, None)
            raise ServerError(f"does not say its port within {START_TIMEOUT:g} s: {argv}")
        self.port = int(line)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the server and every connection to it."""
        with self._process:
            self._process.kill()
