"""The commands of `spwf`.

Each command's work is in a module of its own, imported when the command runs, so that `spwf --help`
is quick. What a user can cause ends in one line on stderr: exit status 2 for a wrong command line,
1 for everything that failed.
"""

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spwf.cli_capture import FILE, capture_options, open_module
from spwf.cli_emulate import emulate
from spwf.cli_files import READABLE, material_options, peer, read_material
from spwf.cli_flash import flash
from spwf.cli_ladder import ladder
from spwf.cli_module import bind_option, check_network, join, network_options, reset_option
from spwf.errors import HarnessError, ModuleError, OpenSSLError
from spwf.matrix.command import matrix

if TYPE_CHECKING:
    from spwf.capture import Capture


class Commands(click.Group):
    """A group whose commands fail with one line instead of a traceback."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line; --help and --version print here."""
        with one_line():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with one_line():
            return super().invoke(ctx)


@contextmanager
def one_line() -> Iterator[None]:
    """Make HarnessError, ModuleError and OSError click's own error."""
    try:
        yield
    except (HarnessError, ModuleError, OSError) as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            raise  # `spwf pki DIR | head`: click ends quietly
        raise click.ClickException(describe(error)) from error


def describe(error: Exception) -> str:
    """Return one line; an OSError reads "what: why" without its number."""
    if isinstance(error, OSError) and error.strerror:
        file = error.filename2 or error.filename
        return f"{file}: {error.strerror}" if file else error.strerror
    return str(error) or type(error).__name__


def show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    """Print what this installation is made of."""
    if wanted and not ctx.resilient_parsing:
        from spwf import _core
        from spwf.openssl import OpenSSL

        click.echo(f"spwf {_core.VERSION}, firmware {_core.BUILD}")
        click.echo(f"wolfSSL {_core.WOLFSSL_VERSION}")
        try:
            click.echo(OpenSSL.find().version)
        except OpenSSLError as error:
            click.echo(f"openssl: {error}")
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
@click.pass_context
def main(ctx: click.Context) -> None:
    """An ST SPWF01S Wi-Fi module, emulated, and a harness to test it or a real one over TLS.

    Start with `spwf demo`.
    """
    # As after Ctrl-C, folders with keys are removed, and servers end.
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    ctx.call_on_close(lambda: signal.signal(signal.SIGTERM, before))


main.add_command(matrix)
main.add_command(flash)
main.add_command(ladder)
main.add_command(emulate)


@main.command()
@click.option(
    "--url", default="spwf://", show_default=True, help="The module: any pySerial URL or device."
)
@click.option(
    "--real", metavar="NAME", help="Instead, run this example against the host of the note."
)
@bind_option
@network_options("lab", "passphrase", "The network that the module joins.")
@reset_option
@capture_options
def demo(
    url: str,
    real: str | None,
    bind: str,
    ssid: str,
    psk: str,
    reset: str,
    capture: "Capture | None",
) -> None:
    """Run the note's five examples over real openssl servers, and every way they fail.

    On a real module, name its network, and this machine's address there.
    """
    from spwf import real as real_host
    from spwf.demo import run

    if real is not None:
        scenario, host = real_host.find(real)
        with open_module(url, capture, reset=reset) as module:
            real_host.run(module, scenario, host, ssid, psk)
        return
    with open_module(url, capture, relayed=True, reset=reset) as module:
        status = run(module, url, bind, ssid, psk, capture)
    raise SystemExit(status)


@main.command()
@click.argument("url", default="spwf://")
@reset_option
@capture_options
def repl(url: str, reset: str, capture: "Capture | None") -> None:
    """Open a Python prompt with a module at hand. URL: any pySerial URL or device [spwf://]."""
    from spwf.repl import run

    with open_module(url, capture, reset=reset) as module:
        run(module, url)


@main.command()
@click.argument("scenario", required=False)
@click.option("--list", "listed", is_flag=True, help="Show the scenarios that there are.")
@click.option("--port", type=click.IntRange(0, 65535), default=4433, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--keylog", type=FILE, metavar="FILE", help="Append the secrets of TLS to FILE.")
@click.option(
    "--program",
    default="openssl",
    show_default=True,
    metavar="NAME",
    help="openssl, nss, mbedtls, or openssl-weak.",
)
def serve(
    scenario: str | None, listed: bool, port: int, host: str, keylog: Path | None, program: str
) -> None:
    """Run a server in the foreground: the one of SCENARIO, or of a TOML file."""
    from spwf import serve as server

    if listed or scenario is None:
        server.show_scenarios()
    else:
        server.run(scenario, host, port, keylog, program)


class Pki(Commands):
    """`spwf pki DIR` is `spwf pki write DIR`; a folder called "show" is ./show."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the command that is left out."""
        known = (*self.commands, *ctx.help_option_names)
        if args and args[0] not in known:
            args = ["write", *args]
        return super().parse_args(ctx, args)


@main.group(cls=Pki)
def pki() -> None:
    """Write test certificates (`spwf pki DIR`), or show what is in one (`spwf pki show FILE`)."""


@pki.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=READABLE)
def show(files: tuple[Path, ...]) -> None:
    """Tell what is in certificates and keys, and whether a module can use it.

    The distinguished name (in the order of the certificate), dates, key, digest, extensions, and
    the size, of which the module allows 3072 bytes for all its files. A private key is compared
    with the certificates given beside it.
    """
    from spwf.show import describe as lines

    for line in lines(list(files)):
        click.echo(line)


@pki.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
def write(directory: Path, force: bool) -> None:
    """Write certificates and keys for the note's Example 1 and 2 into folders below DIR."""
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table

    from spwf import examples

    file = Column("File", no_wrap=True)
    table = Table(file, Column("Bytes", justify="right"), "What it is", box=box.SIMPLE_HEAD)
    for path in examples.write(directory, force=force):
        name = str(path.relative_to(directory))
        table.add_row(name, str(path.stat().st_size), examples.WHAT[path.name])
    click.echo(f"In {directory}:")
    Console(highlight=False).print(table)


@main.command()
@click.argument("server", metavar="HOST:PORT", type=peer)
@material_options
@click.option("--url", help="Ask the module at this pySerial URL or device too.")
@network_options("", "", "With --url: join this network first.")
@reset_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@capture_options
def probe(
    server: tuple[str, int],
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    domain: str,
    url: str | None,
    ssid: str,
    psk: str,
    reset: str,
    as_json: bool,
    capture: "Capture | None",
) -> None:
    """Find out whether a module with these files can connect to a server; if not, why.

    An emulated module connects from this machine. With --url the module there does, and its answer
    counts; it must know a network, or be told one, keeps the files in its flash, and is reset
    before and after. --pcap and --keylog are of the emulated one's connections.
    Exit status: 0 it connects, 1 it is refused, 2 the command is wrong.
    """
    from spwf import probe as prober

    check_network(ssid, psk)
    if ssid and url is None:
        raise click.UsageError("--ssid is for the module that --url names")
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together: the module uses neither alone.")
    material = read_material(ca, cert, key, domain)
    identity = ("-cert", str(cert), "-key", str(key)) if cert else ()
    if url is None:
        report = prober.probe(*server, material, identity, capture)
    else:
        with open_module(url, reset=reset) as module:
            if ssid:
                join(module, ssid, psk)
            report = prober.probe_real(url, module, *server, material, identity, capture)
    for line in [report.json()] if as_json else report.lines():
        click.echo(line)
    raise SystemExit(0 if report.connects else 1)


@main.command()
@click.argument("url")
@material_options
@network_options("", "", "Join this network, now and after each reset.")
@reset_option
def provision(
    url: str,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    domain: str,
    ssid: str,
    psk: str,
    reset: str,
) -> None:
    """Load TLS files into the flash of the module at URL, and join a network.

    URL is any pySerial URL or device. Files that are not given stay as they are in the module.
    Nothing is sent before all are found to be PEM of the right kind, and to fit together.
    """
    from spwf import provision as provisioner

    material = read_material(ca, cert, key, domain)
    if not (material.sizes or ssid):
        raise click.UsageError("nothing to do: give files, a domain, or --ssid")
    check_network(ssid, psk)
    provisioner.check(material, {})
    if not material.paired:
        raise click.UsageError("--key does not belong to --cert")
    with open_module(url, reset=reset) as module:
        provisioner.run(module, material, ssid, psk)
        provisioner.show(module)


@main.command()
@click.argument("url")
@reset_option
def files(url: str, reset: str) -> None:
    """Show which TLS files are in the flash of the module at URL, with their sizes."""
    from spwf.provision import show as show_files

    with open_module(url, reset=reset) as module:
        show_files(module)
