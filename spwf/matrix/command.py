"""The command `spwf matrix`; for cli.py, and quick to import."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spwf.cli_capture import capture_options
from spwf.cli_module import bind_option, network_options, reset_option

if TYPE_CHECKING:
    from spwf.capture import Capture

OUTPUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.option(
    "--url", default="spwf://", show_default=True, help="The module: any pySerial URL or device."
)
@click.option(
    "--server", "servers", multiple=True, metavar="NAME", help="Only this program. Repeatable."
)
@bind_option
@network_options("lab", "passphrase", "The network that the module joins.")
@reset_option
@click.option("-k", "expression", metavar="EXPR", help="Only these: 'C027 and not mutual'.")
@click.option("--html", "page", type=OUTPUT, help="Write the matrix as one page to look at.")
@click.option("--json", "data", type=OUTPUT, help="Write it as data.")
@capture_options
def matrix(
    url: str,
    servers: tuple[str, ...],
    bind: str,
    ssid: str,
    psk: str,
    reset: str,
    expression: str | None,
    page: Path | None,
    data: Path | None,
    capture: "Capture | None",
) -> None:
    """Put each suite, version, curve and key that the note promises to real servers.

    Each cell is one server and one module, and what must come of their meeting: version, suite,
    curve, data both ways, a clean end, or the right refusal. For a
    real module, name its network, and this machine's address there; it loses its settings and the
    TLS files in its flash. Exit status: 0 all as expected, 1 not, or nothing ran, 2 the command is
    wrong.
    """
    from rich.console import Console

    from spwf import listening
    from spwf.errors import ProgramMissing
    from spwf.matrix import expression as language
    from spwf.matrix import show
    from spwf.matrix.cells import cells
    from spwf.matrix.page import render
    from spwf.matrix.report import Report
    from spwf.matrix.run import SERVERS, Plan, Site
    from spwf.programs import cache

    if unknown := [name for name in servers if name not in SERVERS]:
        raise click.UsageError(f"no server program {unknown[0]!r}: there are {', '.join(SERVERS)}")
    known = {word for name in SERVERS for cell in cells(name) for word in cell.words}
    try:
        test = language.parse(expression, known) if expression is not None else None
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="-k") from error
    plan = Plan.make(servers or SERVERS, lambda cell: test is None or test(cell.words))
    for name in servers:
        if name in plan.absent:
            raise ProgramMissing(plan.absent[name])
    if not plan.cells and not any(plan.left_out.values()):
        raise click.UsageError(f"no cell is meant by -k {expression!r}")
    site = Site(url, bind, ssid, psk, reset)
    if capture and not site.emulated:
        raise click.UsageError("a real module is captured by `spwf demo`, `ladder`, or pytest")
    listening.check(bind)
    console, begin = Console(highlight=False), time.monotonic()
    running = plan.run(site, cache() / "pki", capture)
    results = list(show.watch(running, len(plan.cells), console))
    report = Report.make(url, plan, results, time.monotonic() - begin)
    show.show(report, console)
    if data:
        data.write_text(report.json() + "\n")
    if page:
        page.write_text(render(report))
    raise SystemExit(0 if report.good else 1)
