"""The commands `spwf demo`, `repl`, `emulate`, `serve` and `pki`.

Each command's work is in a module of its own, imported when the command runs, so that `spwf --help`
is quick. What a user can cause ends in one line on stderr: exit status 2 for a wrong command line,
1 for everything that failed.
"""

import errno
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spwf.errors import HarnessError, ModuleError

if TYPE_CHECKING:
    from spwf.wires import Wire


class Commands(click.Group):
    """A group whose commands fail with one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; HarnessError, ModuleError and OSError become click's own error."""
        try:
            return super().invoke(ctx)
        except (HarnessError, ModuleError, OSError) as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # `spwf pki DIR | head`: click ends quietly
            raise click.ClickException(describe(error)) from error


def describe(error: Exception) -> str:
    """Return one line; an OSError reads "what: why" without its number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def endpoint(text: str) -> tuple[str, int]:
    """Read HOST:PORT."""
    host, _, port = text.rpartition(":")
    if not (host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:4000")
    return host, int(port)


def route(text: str) -> tuple[str, int, str, int]:
    """Read NAME:PORT=HOST:PORT: what the module asks for, and where it is."""
    asked, equals, real = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not like my.st.com:443=127.0.0.1:4433")
    return *endpoint(asked), *endpoint(real)


def access_point(text: str) -> tuple[str, str]:
    """Read SSID[:PASSPHRASE]; without one the network is open."""
    ssid, _, passphrase = text.partition(":")
    return ssid, passphrase


def show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    """Print what this installation is made of."""
    if wanted and not ctx.resilient_parsing:
        from spwf import _core, openssl

        click.echo(f"spwf {_core.VERSION} ({_core.BUILD})")
        click.echo(f"wolfSSL {_core.WOLFSSL_VERSION}")
        click.echo(openssl.version())
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the versions of the core, wolfSSL and openssl.",
)
def main() -> None:
    """An ST SPWF01S Wi-Fi module, emulated, and a harness to test it or a real one over TLS.

    Start with `spwf demo`.
    """


@main.command()
@click.option(
    "--url", default="spwf://", show_default=True, help="The module: any pySerial URL or device."
)
def demo(url: str) -> None:
    """Connect in the three TLS modes to real openssl servers, and be refused in each."""
    from spwf.demo import run

    raise SystemExit(run(url))


@main.command()
@click.argument("url", default="spwf://")
def repl(url: str) -> None:
    """Open a Python prompt with a module at hand. URL: any pySerial URL or device [spwf://]."""
    from spwf.repl import run

    run(url)


# What `spwf emulate` hands to the emulated module as it is; the URL spwf:// has the same options.
MODULE_OPTIONS = (
    click.option("--nv", metavar="FILE", help="Keep the module's flash in FILE [in memory]."),
    click.option(
        "--route",
        "routes",
        type=route,
        multiple=True,
        metavar="NAME:PORT=HOST:PORT",
        help="Where the module finds NAME:PORT. Repeatable.",
    ),
    click.option(
        "--ap",
        "aps",
        type=access_point,
        multiple=True,
        metavar="SSID[:PASSPHRASE]",
        help="An access point in reach. Repeatable [any network joins].",
    ),
    click.option(
        "--limits",
        type=click.Choice(["note", "off"]),
        help="TLS files: 3072 bytes together as in the note, or 6144 [note].",
    ),
    click.option("--seed", type=bytes.fromhex, metavar="HEX", help="Make its randomness repeat."),
    click.option("--prng", type=click.Choice(["drbg", "rc4"]), help="Its generator [drbg]."),
    click.option(
        "--min-version",
        type=click.Choice(["ssl3", "tls1", "tls1.1", "tls1.2"]),
        help="The lowest version that it accepts [ssl3].",
    ),
    click.option("--timeout", type=float, metavar="SECONDS", help="Limit of a handshake [10]."),
    click.option("--sni/--no-sni", default=None, help="Send the server's name [no]."),
    click.option("--echo/--no-echo", default=None, help="Factory value of localecho1 [no]."),
    click.option(
        "--settime",
        type=click.Choice(["once", "lenient"]),
        help="Whether a second SETTIME is an error or OK [once].",
    ),
)


def module_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` all of MODULE_OPTIONS."""
    for option in reversed(MODULE_OPTIONS):
        command = option(command)
    return command


@main.command()
@click.option("--tcp", type=endpoint, metavar="HOST:PORT", help="Listen here; 0: any free port.")
@click.option(
    "--pty", type=click.Path(path_type=Path), metavar="PATH", help="Link a terminal here."
)
@module_options
def emulate(tcp: tuple[str, int] | None, pty: Path | None, **options: Any) -> None:
    """Emulate one module on a TCP port or a pseudo-terminal.

    The first line of output is "listening on HOST:PORT" or "listening on PATH". The module is
    powered on when the first host connects, and then keeps its state; what it says while nobody is
    connected is lost, as on a UART. One host at a time: a second TCP connection is closed at once.
    How each TLS handshake ended is printed on stderr.
    """
    from spwf._core import Core
    from spwf.emulate import Emulator, stop_signals

    given = {name: value for name, value in options.items() if value is not None}
    try:
        core = Core(pace="real", **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
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
