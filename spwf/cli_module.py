"""What commands of `spwf` share: a module's network, how it is reset, where servers listen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spwf.module import Module

# As the options of the pytest plugin, without its "--spwf-".
reset_option = click.option(
    "--reset",
    default="at",
    show_default=True,
    metavar="METHOD",
    help="How the module is reset: at, rts, dtr, or a command of the shell.",
)
bind_option = click.option(
    "--bind",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="What servers listen on: this machine, as the module sees it.",
)


def network_options(ssid: str, psk: str, what: str) -> Callable[..., Any]:
    """--ssid and --psk with these defaults; `what` is the sentence about --ssid."""

    def give(command: Callable[..., None]) -> Callable[..., None]:
        shown = bool(ssid)
        command = click.option(
            "--psk", default=psk, show_default=shown, help='Its WPA passphrase, "" for an open one.'
        )(command)
        return click.option("--ssid", default=ssid, show_default=shown, help=what)(command)

    return give


def check_network(ssid: str, psk: str) -> None:
    """A passphrase alone is the user's mistake."""
    if psk and not ssid:
        raise click.UsageError("--psk needs --ssid, the name of the network")


def join(module: "Module", ssid: str, psk: str) -> str:
    """Join the network; tell a terminal meanwhile, for it may take a minute. The address there."""
    from rich.console import Console

    with Console(stderr=True).status(f"Joining {ssid}: this may take a minute"):
        return module.join(ssid, psk)
