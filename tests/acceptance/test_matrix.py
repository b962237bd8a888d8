"""The matrix on this module: every promise of the note about TLS, put to real servers.

The machine's own servers in `make test`; with those that `make servers` builds in `make test-full`.
A failure names its cells; `spwf matrix -k ... --html FILE` shows what passed in them.
"""

from pathlib import Path

import pytest

from spwf.matrix.cells import Group
from spwf.matrix.report import Report
from spwf.matrix.run import Plan
from spwf.outcome import Mode

# Pairs of suite and version that each serves, of 72 [tls-facts 2].
OWN = {"openssl": 22}


@pytest.fixture
def url(_url: str) -> str:
    return _url


@pytest.fixture
def folder(_pki_root: Path) -> Path:
    """Of certificates, which all tests share."""
    return _pki_root


def run(url: str, servers: dict[str, int], groups: set[Group], folder: Path) -> Report:
    plan = Plan.make(servers, lambda cell: cell.group in groups)
    assert plan.absent == {}
    report = Report.make(url, plan, plan.run(url, folder), 0)
    wrong = [f"{result.cell.name}: {result.why}" for result in report.failures]
    assert not wrong, "\n".join(wrong)
    assert report.disagreements == ()
    return report


@pytest.mark.parametrize("group", list(Group))
def test_every_cell_of_the_machine_s_own_servers_is_as_expected(
    url: str, folder: Path, group: Group
) -> None:
    report = run(url, OWN, {group}, folder)
    if group is Group.SUITES:
        for server, number in OWN.items():
            for mode in Mode:
                assert len(report.pairs(mode, server)) == number
