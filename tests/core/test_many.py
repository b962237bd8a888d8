"""Thousands of modules in one process: sessions in one Loop, and what an idle module costs."""

import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from spwf._core import Core, Loop
from spwf.pki import Pki
from spwf.server import AsyncServer

SESSIONS = 1000
IDLE = 10_000
RESIDENT = 16 * 1024  # bytes that an idle module may cost
JOIN = b"AT+S.SSIDTXT=lab\rAT+S.SCFG=wifi_priv_mode,0\rAT+S.SCFG=wifi_mode,1\rAT&W\rAT+CFUN=1\r"


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process have as many descriptors as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Talk:
    """One module, and what it has said since the last command."""

    def __init__(self, port: int) -> None:
        self.core = Core(routes=[("echo", 443, "127.0.0.1", port)], timeout=60)
        self.heard = b""

    def say(self, data: bytes) -> None:
        self.heard = b""
        self.core.write(data)

    def hears(self, end: bytes) -> bool:
        self.heard += self.core.read(65536, 0)
        assert b"ERROR" not in self.heard, self.heard
        return re.search(end, self.heard) is not None


def until_all_hear(end: bytes, talks: list[Talk], loop: Loop) -> None:
    """Run all modules until each has said what `end` matches, within 60 s."""
    waiting = {talk.core: talk for talk in talks if not talk.hears(end)}
    deadline = time.monotonic() + 60
    while waiting:
        assert time.monotonic() < deadline, (
            f"{len(waiting)} of {len(talks)} modules wait for {end!r}"
        )
        for core in loop.run(1.0):
            if core in waiting and waiting[core].hears(end):
                del waiting[core]


@pytest.mark.usefixtures("many_files")
def test_a_thousand_modules_have_live_sessions_in_one_loop(pki: Pki) -> None:
    with AsyncServer(pki) as server:
        loop, talks = Loop(), [Talk(server.port) for _ in range(SESSIONS)]
        for talk in talks:
            loop.add(talk.core)
            talk.core.power(True)
        until_all_hear(b":WiFi Hardware Started\r\n", talks, loop)
        for talk in talks:
            talk.say(JOIN)
        until_all_hear(b":WiFi Up:[0-9.]+\r\n", talks, loop)
        for talk in talks:
            talk.say(b"AT+S.SOCKON=echo,443,s,ind\r")
        until_all_hear(b"ID: 00\r\n\r\nOK\r\n", talks, loop)
        # All are connected now, and only now does any of them speak.
        for n, talk in enumerate(talks):
            talk.say(b"AT+S.SOCKW=0,4\r%04d" % n)
        until_all_hear(b"Pending Data:0:ENC\r\n", talks, loop)
        for talk in talks:
            talk.say(b"AT+S.SOCKQ=0\r")
        until_all_hear(b" DATALEN: 4\r\n\r\nOK\r\n", talks, loop)
        for talk in talks:
            talk.say(b"AT+S.SOCKR=0,4\r")
        until_all_hear(b"OK\r\n", talks, loop)
        assert [talk.heard for talk in talks] == [b"%04d\r\nOK\r\n" % n for n in range(SESSIONS)]
        for talk in talks:
            talk.core.close()


IDLERS = """
import os, sys
from spwf._core import Core, Loop

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def join(core):
    loop.add(core)
    core.power(True)
    core.write(b"AT+S.SSIDTXT=lab\\rAT+S.SCFG=wifi_mode,1\\rAT&W\\rAT+CFUN=1\\r")
    heard = b""
    while b"WiFi Up" not in heard:
        loop.run(5.0)
        heard += core.read(65536, 0)
    return core

loop = Loop()
first = join(Core())
before = resident()
cores = [join(Core()) for _ in range(int(sys.argv[1]))]
print((resident() - before) // len(cores))
"""


def test_an_idle_module_in_the_network_costs_at_most_16_kilobytes(
    record_property: Callable[[str, object], None],
) -> None:
    """In a process of its own, so that no memory that another test has freed is used again."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", IDLERS, str(IDLE)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    record_property("resident bytes per idle module", done.stdout.strip())
    assert int(done.stdout) <= RESIDENT
