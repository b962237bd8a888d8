"""The server that all contestants connect to, and how they connect.

Used by handshakes.py and bulk.py; run as a program it is the server.

One suite of Table 2, TLS 1.2, P-256, certificates of both sides verified, no tickets, so that each
handshake is a whole one. One connection after the other: the client says in 16 bytes how many more
it sends, and how many it wants then, in records of the size that SOCKW has.
"""

import select
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import spwf
from spwf.connection import SECURE_MAX
from spwf.pki import Certificate
from spwf.processes import start

SUITE = "ECDHE-ECDSA-AES128-SHA256"
NAME = "server.test"
GROUP = "prime256v1"
HOST = "127.0.0.1"
RECORD = SECURE_MAX
BLOB = bytes(range(256)) * (RECORD // 256)


class Peer:
    """The server, from `with` to its end."""

    def __init__(self, folder: Path) -> None:
        """Makes the certificates in `folder`."""
        named = Certificate(sans=(f"DNS:{NAME}",))
        self.pki = spwf.Pki(folder, spwf.PkiSpec(key="p256", server=named))

    def __enter__(self) -> Self:
        files = [self.pki.server.cert_path, self.pki.server.key_path, self.pki.root_ca_of_client]
        self._process = start(
            [sys.executable, "-I", __file__, *map(str, files)], stdout=subprocess.PIPE
        )
        stdout: IO[bytes] | None = self._process.stdout
        assert stdout is not None
        line = stdout.readline() if select.select([stdout], [], [], 10)[0] else b""
        if not line:
            sys.exit("the server does not start")
        self.port = int(line)
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.kill()

    def client(self) -> ssl.SSLContext:
        """What Python's ssl connects with."""
        context = settle(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        context.load_cert_chain(self.pki.client.cert_path, self.pki.client.key_path)
        context.load_verify_locations(self.pki["ca"].cert_path)
        return context

    def module(self) -> spwf.Module:
        """A module with everything that mutual authentication takes."""
        module = spwf.open("spwf://")
        module.join("lab")
        module.set_time()
        module.load(spwf.Slot.CA, self.pki["ca"].cert_pem)
        module.load(spwf.Slot.CERT, self.pki.client.cert_pem)
        module.load(spwf.Slot.KEY, self.pki.client.key_pem)
        module.set_domain(NAME)
        return module

    def connect(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        """Python's ssl, connected."""
        plain = socket.socket()
        plain.connect((HOST, self.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the module's
        return context.wrap_socket(plain, server_hostname=NAME)


def settle(context: ssl.SSLContext) -> ssl.SSLContext:
    """What both ends have in common."""
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITE)
    context.set_ecdh_curve(GROUP)
    context.options |= ssl.OP_NO_TICKET
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def talk(connection: ssl.SSLSocket) -> None:
    """Takes and gives what the client says, until it leaves."""
    counts = connection.recv(16)
    take, give = int.from_bytes(counts[:8], "big"), int.from_bytes(counts[8:], "big")
    while take > 0 and (data := connection.recv(1 << 16)):
        take -= len(data)
    if counts:
        connection.sendall(b"\n")  # all has come
    while give > 0:
        give -= connection.send(BLOB[:give])
    while connection.recv(1):
        pass


def serve(cert: str, key: str, ca: str) -> None:
    """Serves until the process is killed."""
    context = settle(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.load_cert_chain(cert, key)
    context.load_verify_locations(ca)
    with socket.create_server((HOST, 0), backlog=64) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            plain, _ = listener.accept()
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                talk(secure)


if __name__ == "__main__":
    serve(*sys.argv[1:])
