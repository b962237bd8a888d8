"""The command `spwf ladder`; for cli.py, and quick to import."""

from contextlib import ExitStack
from pathlib import Path

import click

from spwf.cli_capture import FILE, core, open_module
from spwf.cli_files import material_options, peer, read_material


@click.command()
@click.argument("url")
@click.argument("server", metavar="HOST:PORT", type=peer)
@material_options
@click.option("--send", default="", metavar="LINE", help="Send this line once it is connected.")
@click.option("--svg", type=FILE, metavar="FILE", help="Write the picture to FILE too.")
@click.option(
    "--through",
    metavar="ADDRESS",
    help="For a real module: this machine's address, where it can reach it.",
)
@click.option("--keylog", type=FILE, metavar="FILE", help="Append the secrets of TLS to FILE.")
@click.option("--pcap", type=FILE, metavar="FILE", help="Write a pcapng, secrets inside, to FILE.")
def ladder(
    url: str,
    server: tuple[str, int],
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    domain: str,
    send: str,
    svg: Path | None,
    through: str | None,
    pcap: Path | None,
    keylog: Path | None,
) -> None:
    """Draw what passes when the module at URL connects to a server: the note's Figure 2.

    URL is any pySerial URL or device; spwf:// is an emulated module. With --through the module
    connects to this machine, which passes everything on: so a real one can be drawn, though
    nobody can read what it encrypts. Exit status: 0 it connects, 1 it is refused.
    """
    from rich.console import Console

    from spwf.advice import too_large
    from spwf.certificates import CAP, FileError
    from spwf.ladder import record, show
    from spwf.ladder_svg import picture
    from spwf.relay import Relay

    material = read_material(ca, cert, key, domain)
    if material.size > CAP:
        raise FileError(" ".join(too_large(material)))
    with ExitStack() as stack:
        module = stack.enter_context(open_module(url, heard=not through))
        relay = stack.enter_context(Relay(server, through)) if through else None
        drawn = record(
            url,
            module,
            relay or core(module),
            server,
            material,
            send=f"{send}\r\n".encode() if send else b"",
            through=(relay.host, relay.port) if relay else None,
            pcap=pcap,
            keylog=keylog,
        )
    show(drawn, Console(highlight=False))
    if svg is not None:
        svg.write_text(picture(drawn), encoding="utf-8")
    raise SystemExit(0 if drawn.connected else 1)
