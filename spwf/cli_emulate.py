"""The command `spwf emulate`; for cli.py, and quick to import."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spwf.cli_capture import attach, capture_options
from spwf.cli_files import endpoint
from spwf.ports.options import OPTIONS, Option

if TYPE_CHECKING:
    from spwf.capture import Capture
    from spwf.wires import Wire

# `spwf emulate` has the options of spwf:// but `pace`: who connects to it lives in real time.
OPTION_HELP = {
    "nv": "Keep the module's flash in this file [in memory].",
    "route": "Where the module finds NAME:PORT. Repeatable.",
    "ap": "An access point in reach. Repeatable [any network joins].",
    "seed": "Make the module's randomness repeat.",
    "limits": "TLS files: 3072 bytes together as in the note, or 6144 [note].",
    "sni": "Send the server's name in the ClientHello [0].",
    "prng": "The module's generator [drbg].",
    "min_version": "The lowest version that the module accepts [ssl3].",
    "timeout": "Limit of one handshake [10].",
    "echo": "Factory value of localecho1 [0].",
    "heap": "Most dynamic memory in use at a time, in bytes [unlimited].",
    "settime": "Whether a second SETTIME is an error or OK [once].",
}


def module_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` all options of OPTION_HELP, read as in the URL but with nothing escaped."""

    def reader(option: Option) -> Callable[[str], Any]:
        def read(text: str) -> Any:
            try:
                return option.read(text.replace("%", "%25"))
            except ValueError as error:
                raise click.BadParameter(f"{error}.") from error

        return read

    for name, text in reversed(OPTION_HELP.items()):
        option = OPTIONS[name]
        command = click.option(
            "--" + name.replace("_", "-"),
            option.argument,
            type=reader(option),
            multiple=option.repeats,
            metavar=option.allowed,
            help=text,
        )(command)
    return command


@click.command()
@click.option("--tcp", type=endpoint, metavar="HOST:PORT", help="Listen here; 0: any free port.")
@click.option(
    "--pty", type=click.Path(path_type=Path), metavar="PATH", help="Link a terminal here."
)
@module_options
@capture_options
def emulate(
    tcp: tuple[str, int] | None, pty: Path | None, capture: "Capture | None", **options: Any
) -> None:
    """Emulate one module on a TCP port or a pseudo-terminal.

    The first line of output is "listening on HOST:PORT" or "listening on PATH". The module is
    powered on when the first host connects, and then keeps its state; what it says while nobody is
    connected is lost, as on a UART. One host at a time: a second TCP connection is closed at once.
    How each TLS handshake ended is printed on stderr, and last what the flash has borne.
    """
    from spwf._core import Core
    from spwf.emulate import Emulator, stop_signals

    given = {name: value for name, value in options.items() if value is not None}
    try:
        core = Core(pace="real", **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    attach(capture, core)
    with closing(core), closing(open_wire(tcp, pty)) as wire, stop_signals() as stop:
        click.echo(f"listening on {wire.where}")
        Emulator(core, wire).run(stop)


def open_wire(tcp: tuple[str, int] | None, pty: Path | None) -> "Wire":
    """Return the one wire that was asked for."""
    from spwf.wires import PtyWire, TcpWire

    if tcp is not None and pty is None:
        return TcpWire(*tcp)
    if pty is not None and tcp is None:
        return PtyWire(pty)
    raise click.UsageError("give either --tcp HOST:PORT or --pty PATH")
