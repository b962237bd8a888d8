"""`kill -9` of an emulator while it writes its flash: every record is old or new, and whole.

A child process writes for ever and says what its module has confirmed. It is killed at a random
moment; then a module with the same flash must have what was confirmed, or what was being written.
Which CA the file f_ca holds is proved by a handshake: only the whole one verifies the server.
"""

import random
import select
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import spwf
from spwf import _core

KILLS = 100
LONGEST = 0.03  # seconds of writing before the kill; a round of writes takes about one millisecond
WRITER = """
import itertools, sys
sys.path.append(sys.argv.pop(1))  # the extension alone: all of spwf would take longer than the test
from _core import Core

def ask(command):
    core.write(command)
    reply = b""
    while not reply.endswith(b"\\r\\nOK\\r\\n"):
        assert b"ERROR" not in reply, reply
        reply += core.read(1, 5.0)

nv, first, *files = sys.argv[1:]
authorities = [open(name, "rb").read() for name in files]
core = Core(nv=nv)
core.power(True)
for n in itertools.count(int(first)):
    ca = authorities[n % 2]
    ask(b"AT+S.TLSCERT=f_ca,%d\\r%s" % (len(ca), ca))
    print("f_ca", n, flush=True)
    ask(b"AT+S.SCFG=user_desc,%d\\r" % n)
    ask(b"AT&W\\r")
    print("user_desc", n, flush=True)
"""


def write_until_killed(arguments: list[str], seconds: float) -> tuple[str, int]:
    """Run the writer and kill it `seconds` after its first round; return what it confirmed last."""
    command = [sys.executable, "-I", "-S", "-c", WRITER, str(Path(_core.__file__).parent)]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, bufsize=0) as child:
        assert child.stdout is not None
        said = child.stdout.readline() + child.stdout.readline()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([child.stdout], [], [], left)[0]:
                said += child.stdout.read(65536)
        child.kill()
        said += child.stdout.read()
    assert said, "the writer failed; its traceback is above"
    name, n = said.decode().split("\n")[-2].split(" ")  # the kill may have cut the line after it
    return name, int(n)


def trusts(module: spwf.Module, server: spwf.Server) -> bool:
    """Say whether the CA in flash verifies `server`; every other failure than that is an error."""
    module.join("lab")
    module.set_time(datetime.now(UTC))
    try:
        module.connect(server.host, server.port).close()
    except spwf.ModuleError:
        assert module.emulation is not None
        assert module.emulation.outcome is not None
        assert module.emulation.outcome.cause == spwf.Cause.CHAIN
        return False
    return True


@pytest.mark.long
def test_every_record_is_old_or_new_and_whole_after_a_kill(
    tmp_path: Path, serve: Callable[..., spwf.Server]
) -> None:
    chance = random.Random(20150507)
    server = serve("example2")
    files = [tmp_path / "even.pem", tmp_path / "odd.pem"]
    files[0].write_bytes(server.pki["ca"].cert_pem)
    files[1].write_bytes(server.pki["wrong_ca"].cert_pem)
    nv, n = str(tmp_path / "flash.nv"), -1
    for kill in range(KILLS):
        arguments = [nv, str(n + 1), *map(str, files)]
        name, n = write_until_killed(arguments, chance.uniform(0, LONGEST))
        certificates, settings = ({n}, {n - 1, n}) if name == "f_ca" else ({n, n + 1}, {n})
        with spwf.open(f"spwf://?nv={nv}") as module:
            assert int(module.config["user_desc"]) in settings, f"kill {kill} after {name} {n}"
            assert trusts(module, server) in {c % 2 == 0 for c in certificates}, f"kill {kill}"
