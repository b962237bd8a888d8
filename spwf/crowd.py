"""The program behind server.AsyncServer: a TLS echo server for thousands of connections at once.

    python crowd.py HOST CERTIFICATE KEY [CA OF CLIENTS]

Prints its port. It imports nothing of spwf, so that it starts fast.
"""

import asyncio
import resource
import ssl
import sys


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, until the peer ends."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # reset by the peer: the others go on
    finally:
        writer.close()


async def serve(host: str, cert: str, key: str, ca: str = "") -> None:
    """Serve until the process is killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # keys of any size that the module has
    context.load_cert_chain(cert, key)
    if ca:
        context.load_verify_locations(ca)
        context.verify_mode = ssl.CERT_REQUIRED
    server = await asyncio.start_server(echo, host, 0, ssl=context, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve(*sys.argv[1:]))
