"""A module by the bytes of its UART, as a program drives it that has no more than spwf._core.

Used by handshakes.py, bulk.py and many.py.
"""

from spwf import Module
from spwf._core import Core

END = b"\r\nOK\r\n"
PATIENCE = 10.0  # s for a reply
PACE = 0.001  # s between two questions for data that has not come


def core_of(module: Module) -> Core:
    """The same module, from below."""
    assert module.emulation is not None
    core = module.emulation.core
    assert isinstance(core, Core)
    return core


def finish(core: Core) -> bytes:
    """The reply, up to its OK, to the command that was written."""
    reply = core.read(65536, 0)
    while END not in reply:
        if b"ERROR" in reply or not core.run(PATIENCE):
            raise RuntimeError(f"the module answers {reply!r}")
        reply += core.read(65536, 0)
    return reply


def ask(core: Core, command: bytes) -> bytes:
    """One command, with its CR and body."""
    core.write(command)
    return finish(core)


def connect(core: Core, port: int) -> None:
    """Socket 0, secure, to this machine."""
    ask(core, b"AT+S.SOCKON=127.0.0.1,%d,s\r" % port)


def receive(core: Core) -> int:
    """Takes what has come from socket 0, once there is some; how many bytes."""
    while (size := int(ask(core, b"AT+S.SOCKQ=0\r").partition(b": ")[2].split()[0])) == 0:
        core.run(PACE)
    core.write(b"AT+S.SOCKR=0,%d\r" % size)
    reply = core.read(size + len(END), PATIENCE)
    if len(reply) < size + len(END) or not reply.endswith(END):
        raise RuntimeError(f"the module answers {reply!r}")
    return size


def close(core: Core) -> None:
    """Ends socket 0."""
    ask(core, b"AT+S.SOCKC=0\r")
