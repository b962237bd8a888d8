"""The server for many clients at once; Python's ssl module is the client."""

import asyncio
import socket
import ssl

import pytest

from spwf.pki import Pki
from spwf.server import AsyncServer


def client_context(pki: Pki, client: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki["ca"].cert_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if client:
        context.load_cert_chain(pki[client].cert_path, pki[client].key_path)
    return context


@pytest.mark.parametrize("mutual", [False, True])
def test_connections_at_once_are_echoed(pki: Pki, mutual: bool) -> None:
    async def talk(port: int, number: int, everybody: asyncio.Barrier) -> bytes:
        context = client_context(pki, "client" if mutual else "")
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        await everybody.wait()
        writer.write(b"%d\0\n" % number)
        data = await reader.readexactly(len(b"%d\0\n" % number))
        writer.close()
        await writer.wait_closed()
        return data

    async def crowd(port: int) -> list[bytes]:
        everybody = asyncio.Barrier(100)
        async with asyncio.timeout(60):
            return await asyncio.gather(*(talk(port, n, everybody) for n in range(100)))

    with AsyncServer(pki, mutual=mutual) as server:
        assert asyncio.run(crowd(server.port)) == [b"%d\0\n" % n for n in range(100)]


def test_one_that_is_mutual_demands_a_certificate(pki: Pki) -> None:
    with (
        AsyncServer(pki, mutual=True) as server,
        socket.create_connection((server.host, server.port), timeout=10) as plain,
        pytest.raises(ssl.SSLError),
        client_context(pki).wrap_socket(plain) as sock,
    ):
        sock.recv(1)
