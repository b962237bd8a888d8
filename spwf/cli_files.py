"""Arguments that several commands of `spwf` have: a module's TLS files, HOST:PORT; for cli.py."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from spwf.certificates import Material

READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:4000")
    return host, int(port)


def material_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the TLS files of a module: --ca, --cert, --key and --domain."""
    for option in reversed(
        (
            click.option("--ca", type=READABLE, help="CA certificate, PEM: checks the server."),
            click.option("--cert", type=READABLE, help="The module's certificate, PEM."),
            click.option("--key", type=READABLE, help="Its private key, PEM."),
            click.option("--domain", default="", help="Name that the server's certificate bears."),
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
