"""Thousands of modules in one process: what one costs, resident, and how many come up in a second.

Called by run.py. Each figure is of a process of its own, so that no memory that was used before is
used again: run as a program, this file measures one of CASES and prints the figure.

    many.py CASE COUNT
"""

import resource
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from contest import cpu

import spwf
from spwf._core import Core, Loop
from spwf.server import AsyncServer

JOIN = b"AT+S.SSIDTXT=lab\rAT+S.SCFG=wifi_mode,1\rAT&W\rAT+CFUN=1\r"
SOCKON = b"AT+S.SOCKON=echo,443,s,ind\r"


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@contextmanager
def echo_server() -> Iterator[int]:
    """The port of a server for many at once."""
    with tempfile.TemporaryDirectory() as folder, AsyncServer(spwf.Pki(Path(folder))) as server:
        yield server.port


def until_all_say(end: bytes, cores: list[Core], loop: Loop) -> None:
    """Runs all modules until each has said `end`."""
    heard = dict.fromkeys(cores, b"")
    news = cores
    while heard:
        for core in news:
            said = heard.get(core, b"") + core.read(65536, 0)
            if end in said:
                heard.pop(core, None)
            elif core in heard:
                heard[core] = said
        news = loop.run(10.0) if heard else []
        if heard and not news:
            raise RuntimeError(f"{len(heard)} modules do not say {end!r}")


def tell_all(command: bytes, end: bytes, cores: list[Core], loop: Loop) -> None:
    """The same command for each."""
    for core in cores:
        core.write(command)
    until_all_say(end, cores, loop)


def raise_all(count: int, loop: Loop, port: int = 0) -> list[Core]:
    """So many modules, powered on and in the network."""
    cores = [Core(routes=[("echo", 443, "127.0.0.1", port or 1)], timeout=60) for _ in range(count)]
    for core in cores:
        loop.add(core)
        core.power(True)
    tell_all(JOIN, b":WiFi Up:", cores, loop)
    return cores


# ---- the cases: one figure each --------------------------------------------------------------


def modules_a_second(count: int) -> float:
    """Made, booted, told a network, reset and joined, in a second of CPU."""
    loop = Loop()
    before = cpu()
    cores = raise_all(count, loop)
    return len(cores) / (cpu() - before)


def echoes_a_second(count: int) -> float:
    """Sessions in a second of CPU: all connect, each sends a line and reads it back, all close."""
    with echo_server() as port:
        loop = Loop()
        cores = raise_all(count, loop, port)
        before = cpu()
        tell_all(SOCKON, b"OK\r\n", cores, loop)
        tell_all(b"AT+S.SOCKW=0,6\rhello\n", b"Pending Data", cores, loop)
        tell_all(b"AT+S.SOCKQ=0\r", b"DATALEN: 6\r\n\r\nOK\r\n", cores, loop)
        tell_all(b"AT+S.SOCKR=0,6\r", b"hello\n\r\nOK\r\n", cores, loop)
        tell_all(b"AT+S.SOCKC=0\r", b"OK\r\n", cores, loop)
        return len(cores) / (cpu() - before)


def idle(count: int) -> float:
    """Resident KB of a module that is in the network."""
    loop = Loop()
    kept = raise_all(1, loop)
    before = resident()
    kept += raise_all(count, loop)
    return (resident() - before) / count / 1024


def connected(count: int) -> float:
    """Resident KB of a module with a secure socket open."""
    with echo_server() as port:
        loop = Loop()
        tell_all(SOCKON, b"OK\r\n", raise_all(1, loop, port), loop)
        before = resident()
        tell_all(SOCKON, b"OK\r\n", raise_all(count, loop, port), loop)
        return (resident() - before) / count / 1024


def python_connected(count: int) -> float:
    """Resident KB of a connection of Python's ssl, of one context for all."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with echo_server() as port:

        def connect() -> ssl.SSLSocket:
            return context.wrap_socket(socket.create_connection(("127.0.0.1", port)))

        first = connect()
        before = resident()
        sockets = [connect() for _ in range(count)]
        used = (resident() - before) / count / 1024
        for each in (first, *sockets):
            each.close()
        return used


CASES: dict[str, Callable[[int], float]] = {
    case.__name__: case
    for case in (modules_a_second, echoes_a_second, idle, connected, python_connected)
}


def measure(case: str, count: int) -> float:
    """The figure, of a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, case, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(CASES[sys.argv[1]](int(sys.argv[2])))
