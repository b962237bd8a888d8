"""The matrix on this module: every promise of the note about TLS, put to real servers.

The machine's own servers in `make test`; with those that `make servers` builds in `make test-full`.
A failure names its cells; `spwf matrix -k ... --html FILE` shows what passed in them.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from spwf.matrix.cells import Group
from spwf.matrix.report import PAIRS, Report
from spwf.matrix.run import SERVERS, Plan, Site
from spwf.outcome import Mode

OWN = {"openssl": 22, "nss": 70}
"""Of Table 2's 72 pairs of suite and version, how many each program of Debian's serves."""


@pytest.fixture
def url(_url: str) -> str:
    return _url


@pytest.fixture
def folder(_pki_root: Path) -> Path:
    """Of certificates, which all tests share."""
    return _pki_root


def run(url: str, servers: Iterable[str], groups: Iterable[Group], folder: Path) -> Report:
    plan = Plan.make(servers, lambda cell: cell.group in groups)
    assert plan.absent == {}
    report = Report.make(url, plan, plan.run(Site(url), folder), 0)
    wrong = [f"{result.cell.name}: {result.why}" for result in report.failures]
    assert not wrong, "\n".join(wrong)
    assert report.disagreements == ()
    return report


@pytest.mark.long
@pytest.mark.parametrize("group", list(Group))
def test_every_cell_of_the_machine_s_own_servers_is_as_expected(
    url: str, folder: Path, group: Group
) -> None:
    report = run(url, OWN, [group], folder)
    if group is Group.SUITES:
        told = {(name, mode): len(report.pairs(mode, name)) for name in OWN for mode in Mode}
        assert told == {(name, mode): number for name, number in OWN.items() for mode in Mode}


@pytest.mark.full
@pytest.mark.timeout(600)
def test_72_of_72_pairs_pass_in_each_mode_and_what_is_outside_table_2_does_not(
    url: str, folder: Path
) -> None:
    report = run(url, SERVERS, Group, folder)
    for mode in Mode:
        assert report.pairs(mode) == set(PAIRS)
    refused = {
        (result.cell.suite, result.cell.version)
        for result in report.results
        if result.cell.group is Group.POLICY and result.outcome and not result.outcome.connected
    }
    assert len(refused) == 27 * 4 - len(PAIRS) - 2  # AES with SHA connects in SSL 3.0 [design 10]
