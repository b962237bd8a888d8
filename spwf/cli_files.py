"""Arguments that several commands of `spwf` have: a module's TLS files, HOST:PORT; for cli.py."""

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spwf.certificates import Material

HOST_MAX = 100  # bytes: SPWF_NAME_MAX of csrc/core/spwf.h
DOMAIN_MAX = 253  # bytes: no host has a longer name (RFC 1035 3.1), and a command line has 512
READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:4000")
    return host, int(port)


def peer(text: str) -> tuple[str, int]:
    """Read HOST:PORT of a server that a module is to connect to."""
    host, port = endpoint(text)
    if port == 0:
        raise click.BadParameter("no server listens on port 0")
    name = bare(host.strip("[]"), HOST_MAX)
    if ":" in name:
        raise click.BadParameter(f"{name} is an address of IPv6, and the module speaks IPv4 only")
    return host, port


def domain(text: str) -> str:
    """Read the name that a server's certificate must bear."""
    return bare(text, DOMAIN_MAX)


def bare(text: str, most: int) -> str:
    """Read a name or an address of at most so many bytes, and nothing around it."""
    if not text.isprintable():
        raise click.BadParameter(f"{text!r} has characters that no name has")
    if "/" in text or (":" in text and not _is_address(text)):
        raise click.BadParameter(
            f"{text!r} is more than a name: leave out scheme, port and path, as in example.com"
        )
    if (size := len(text.encode())) > most:
        raise click.BadParameter(f"a name of {size} bytes is too long: at most {most}")
    return text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def material_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the TLS files of a module: --ca, --cert, --key and --domain."""
    for option in reversed(
        (
            click.option("--ca", type=READABLE, help="CA certificate, PEM: checks the server."),
            click.option("--cert", type=READABLE, help="The module's certificate, PEM."),
            click.option("--key", type=READABLE, help="Its private key, PEM."),
            click.option(
                "--domain",
                default="",
                type=domain,
                metavar="NAME",
                help="Name that the server's certificate bears.",
            ),
        )
    ):
        command = option(command)
    return command


def read_material(ca: Path | None, cert: Path | None, key: Path | None, domain: str) -> "Material":
    """Read the files; one of the wrong kind, or half a pair, is the user's mistake."""
    from spwf.certificates import FileError, Material

    try:
        return Material.read(ca, cert, key, domain)
    except FileError as error:
        raise click.UsageError(f"{error}.") from error
