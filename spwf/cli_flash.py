"""The command `spwf flash`; for cli.py."""

from contextlib import closing
from pathlib import Path

import click


def flash_address(_ctx: click.Context, _param: click.Parameter, text: str) -> int:
    """Read --address."""
    from spwf.flash import read_address

    try:
        return read_address(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


@click.command()
@click.argument("port")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "--address",
    default="0x08000000",
    show_default=True,
    callback=flash_address,
    help="Where the image goes: the papers that come with it say so.",
)
def flash(port: str, image: Path, address: int) -> None:
    """Put one of ST's firmware images on a real SPWF01S.

    PORT is the serial port of its UART1, IMAGE one of ST's as a raw binary (.bin). First set the
    module's BOOT0 high and reset it: that starts the bootloader of its microcontroller. Only the
    part of the flash that the image covers is erased.
    """
    from spwf import flash as flasher

    data = flasher.load(image, address)
    try:
        opened = flasher.Port(port)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    with closing(opened):
        flasher.program(opened, data, address)
    click.echo(f"{len(data)} bytes written and verified. Set BOOT0 low and reset the module.")
