"""The matrix on a terminal: a bar while it runs, then a grid, counts, and what went wrong."""

import shlex
from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from spwf.matrix.cells import Group, lawful
from spwf.matrix.judge import Result, Status
from spwf.matrix.report import PAIRS, Report
from spwf.outcome import Cause, Mode
from spwf.suites import SUITES, Suite, Version

FAILURES_MAX = 20  # that are told in full


def watch(results: Iterable[Result], total: int, console: Console) -> Iterator[Result]:
    """The same results, with a bar on a terminal while they come."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("cells", total=total)
        failed = 0
        for result in results:
            failed += result.status is Status.FAIL
            words = f"[bold red]{failed} failed[/]" if failed else "cells"
            progress.update(task, advance=1, description=words)
            yield result


def show(report: Report, console: Console) -> None:
    """All of it, the most important last."""
    if any(result.cell.suite for result in report.results):
        console.print(_grid(report))
    console.print(_counts(report))
    _tell_failures(report, console)
    for name, why in report.plan.absent.items():
        console.print(f"[yellow]not run: {report.plan.left_out[name]} cells of {name}[/]: {why}")
    modes = ", ".join(f"{len(report.pairs(mode))} {mode.replace('_', '-')}" for mode in Mode)
    if any(result.cell.group is Group.SUITES for result in report.results):
        console.print(f"Of Table 2's {len(PAIRS)} pairs of suite and version: {modes}.")
    if not report.ran:
        console.print("[bold red]No cell ran.[/]")
    passed, failed, never = (report.count(status) for status in Status)
    console.print(
        Text(
            f"{passed} of {passed + failed} cells as expected, {never} impossible, "
            f"{sum(report.plan.left_out.values())} not run, in {report.seconds:.1f} s.",
            "bold green" if report.good else "bold red",
        )
    )


def _grid(report: Report) -> Table:
    """Suites by versions: what the servers and modes together say of each pair."""
    table = Table(
        *("Code", Column("Suite", no_wrap=True)),
        *(Column(version, justify="center") for version in Version),
        box=box.SIMPLE_HEAD,
        caption="✓ passed, of all servers and modes; ⊘ refused, for Table 2 does not have it; "
        "∅ no server here has it",
    )
    met: dict[tuple[Suite | None, Version], list[Result]] = {}
    for result in report.results:
        if result.cell.group in (Group.SUITES, Group.POLICY):
            met.setdefault((result.cell.suite, result.cell.version), []).append(result)
    for suite in SUITES:
        pairs = [met.get((suite, version), []) for version in Version]
        if any(pairs):
            table.add_row(f"{suite.code:04X}", suite.openssl, *map(_pair, pairs))
    return table


def _pair(results: list[Result]) -> Text:
    ran = [result for result in results if result.status is not Status.IMPOSSIBLE]
    passed = sum(result.status is Status.PASS for result in ran)
    if not ran:
        legal = any(r.cell.suite and lawful(r.cell.suite, r.cell.version) for r in results)
        return Text("∅" if legal else "·", "yellow" if legal else "dim")
    if passed < len(ran):
        return Text(f"{passed}/{len(ran)} ✗", "bold red")
    if ran[0].cell.cause is not Cause.NONE:
        return Text(f"{len(ran)} ⊘", "cyan")
    return Text(f"{len(ran)} ✓", "green")


def _counts(report: Report) -> Table:
    """Groups by servers."""
    servers = report.plan.programs
    table = Table(
        "Cells",
        *(Column(name, justify="right") for name in servers),
        box=box.SIMPLE_HEAD,
        caption="passed, failed, impossible",
        pad_edge=False,
    )
    for group in Group:
        if any(result.cell.group is group for result in report.results):
            table.add_row(group, *(_count(report, group, name) for name in servers))
    return table


def _count(report: Report, group: Group, server: str) -> Text:
    passed, failed, never = (report.count(s, group=group, server=server) for s in Status)
    return Text.assemble(
        (f"{passed}", "green" if passed else "dim"),
        (f"  {failed} ✗" if failed else "", "bold red"),
        (f"  {never} ∅" if never else "", "dim"),
    )


def _tell_failures(report: Report, console: Console) -> None:
    for result in report.failures[:FAILURES_MAX]:
        console.print(Text(result.cell.name, "bold red"))
        console.print(Text(f"  Why:     {result.why}"))
        if result.outcome:
            console.print(Text(f"  Outcome: {result.outcome}"))
        if result.command:
            console.print(Text(f"  Server:  {result.command}"), soft_wrap=True)
        again = shlex.quote(" and ".join(result.cell.words))
        console.print(Text(f"  Again:   spwf matrix -k {again} --html page.html"), soft_wrap=True)
    if (more := len(report.failures) - FAILURES_MAX) > 0:
        console.print(f"[bold red]and {more} more: --html or --json FILE has them all[/]")
    for disagreement in report.disagreements:
        console.print(Text(f"Servers differ: {disagreement}", "bold red"), soft_wrap=True)
