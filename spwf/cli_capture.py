"""The options --pcap and --keylog of the commands that connect somewhere; for cli.py.

A command that has them opens its modules here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from spwf.capture import Capture
    from spwf.module import Module
    from spwf.tap import Source

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
            "--pcap", type=FILE, metavar="FILE", help="Write a pcapng, secrets inside, to FILE."
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


def attach(capture: "Capture | None", source: "Source") -> None:
    """Let the capture hear the source, where there is one."""
    if capture is not None:
        capture.attach(source)


def open_module(
    url: str,
    capture: "Capture | None" = None,
    *,
    heard: bool = False,
    relayed: bool = False,
    reset: str = "at",
) -> "Module":
    """Open the module at `url`; one that cannot be, or not be heard, is the user's mistake.

    `heard`: somebody will hear its connections, as `capture` does. `relayed`: a real one will be
    heard on its way to the servers. `reset`: as spwf.open().
    """
    import spwf
    from spwf.capture import needs

    heard = heard or capture is not None
    try:
        module = spwf.open(url, reset=reset, **needs(url, heard))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if heard and module.emulation is None and not relayed:
        module.close()
        raise click.UsageError(
            "nobody here hears the connections of a real module: `spwf ladder --through ADDRESS` "
            "has one pass through this machine, and so have `spwf demo` and pytest"
        )
    if capture is not None and module.emulation is not None:
        capture.attach(core(module))
    return module


def core(module: "Module") -> "Source":
    """What hears the connections of a module that open_module() has found to be emulated."""
    assert module.emulation is not None
    return module.emulation.core
