"""Addresses of this machine for servers to listen on, and what to say where one cannot be had.

Called by whatever listens: server.py and programs/base.py, tcp.py, relay.py, wires.py, demo.py and
the matrix.
"""

import socket

from spwf.errors import ServerError


def bound(host: str, port: int) -> socket.socket:
    """A socket that has this address, and does not listen yet; port 0: any that is free.

    ServerError, which names the address, where it cannot be had.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except (OSError, UnicodeError) as error:
        sock.close()
        why = getattr(error, "strerror", None) or error
        raise ServerError(f"cannot listen on {host}:{port}: {why}") from error
    return sock


def listening(host: str, port: int) -> socket.socket:
    """The same, listening."""
    sock = bound(host, port)
    sock.listen()
    return sock


def check(host: str) -> None:
    """ServerError where no server can listen on `host`: before a hundred of them try."""
    bound(host, 0).close()
