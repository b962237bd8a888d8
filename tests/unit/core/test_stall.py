"""A server that takes nothing for a while, and what a secure socket may still say of it."""

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import spwf
from spwf._core import Core

NewCore = Callable[..., Core]
Ask = Callable[[Core, bytes], bytes]
DEADLINE = 20.0
OK = b"\r\nOK\r\n"
FAILED = b"\r\nERROR: Write failed\r\n"


def sockw(body: bytes) -> bytes:
    return b"AT+S.SOCKW=0,%d\r%b" % (len(body), body)


def test_a_record_that_stalled_is_the_last_that_is_sent(
    new_core: NewCore, ask: Ask, pki: spwf.Pki, listener: socket.socket
) -> None:
    """What is told as refused may be out in part, so that nothing can follow it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki["server"].cert_path, pki["server"].key_path)

    def accept() -> ssl.SSLSocket:
        return context.wrap_socket(listener.accept()[0], server_side=True)

    with ThreadPoolExecutor(1) as pool:
        accepted = pool.submit(accept)
        core = new_core(joined=True)
        port = listener.getsockname()[1]
        assert ask(core, b"AT+S.SOCKON=127.0.0.1,%d,s\r" % port).endswith(OK)
        peer = accepted.result(DEADLINE)
    peer.settimeout(DEADLINE)
    told, started = 0, core.time
    core.write(sockw(b"x" * 3072))
    while core.read(len(OK), 0) == OK:  # else the kernel's buffers are full
        told += 3072
        started = core.time
        core.write(sockw(b"x" * 3072))
    core.skip(9)
    early = core.read(len(FAILED), 0)
    assert early == b"" or core.time - started >= 10  # of a machine that stood still
    core.skip(2)
    assert early + core.read(len(FAILED) - len(early), DEADLINE) == FAILED
    peer.sendall(b"go on")
    taken = 0
    while taken < told:
        taken += len(peer.recv(65536))
    assert ask(core, sockw(b"tail")) == FAILED
    assert ask(core, b"AT+S.SOCKQ=0\r") == b"\r\n DATALEN: 5\r\n" + OK
    assert ask(core, b"AT+S.SOCKR=0,5\r") == b"go on" + OK
    assert ask(core, b"AT+S.SOCKC=0\r") == OK
    peer.close()
