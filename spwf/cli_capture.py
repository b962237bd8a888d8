"""The options --pcap and --keylog of the commands that connect somewhere; for cli.py."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spwf.capture import Capture

FILE = click.Path(dir_okay=False, path_type=Path)


def capture_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options, and their Capture, or None, as its argument `capture`."""

    @wraps(command)
    def run(*args: Any, pcap: Path | None, keylog: Path | None, **kwargs: Any) -> None:
        with open_capture(pcap, keylog) as capture:
            command(*args, capture=capture, **kwargs)

    for option in (
        click.option(
            "--keylog", type=FILE, metavar="FILE", help="Append the secrets of TLS to FILE."
        ),
        click.option(
            "--pcap",
            type=FILE,
            metavar="FILE",
            help="Write a pcapng with the secrets inside, for Wireshark.",
        ),
    ):
        run = option(run)
    return run


@contextmanager
def open_capture(pcap: Path | None, keylog: Path | None) -> "Iterator[Capture | None]":
    """A Capture where at least one of the files is wanted."""
    if pcap is None and keylog is None:
        yield None
        return
    from spwf.capture import Capture

    with Capture(pcap=pcap, keylog=keylog) as capture:
        yield capture
