"""The matrix on the firmware: with the machine's openssl, and with all servers."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from spwf.matrix.cells import Group
from spwf.matrix.report import PAIRS, Report
from spwf.matrix.run import SERVERS, Plan, Site
from spwf.outcome import Mode

BOARD = "qemu://lm3s6965evb"
CHEAP = (Group.SUITES, Group.CLIENTS, Group.DOWNGRADE, Group.MINIMUM)


def run(servers: Iterable[str], groups: Iterable[Group], folder: Path) -> Report:
    plan = Plan.make(servers, lambda cell: cell.group in groups)
    assert plan.absent == {}
    report = Report.make(BOARD, plan, plan.run(Site(BOARD), folder), 0)
    wrong = [f"{result.cell.name}: {result.why}" for result in report.failures]
    assert not wrong, "\n".join(wrong)
    assert report.disagreements == ()
    return report


@pytest.mark.long
def test_the_firmware_meets_openssl_s_22_pairs_in_three_modes(
    request: pytest.FixtureRequest,
) -> None:
    report = run(["openssl"], CHEAP, request.getfixturevalue("_pki_root"))
    assert [len(report.pairs(mode)) for mode in Mode] == [22, 22, 22]


@pytest.mark.full
@pytest.mark.timeout(900)
def test_the_firmware_meets_all_72_pairs_in_three_modes(request: pytest.FixtureRequest) -> None:
    report = run(SERVERS, Group, request.getfixturevalue("_pki_root"))
    assert [report.pairs(mode) for mode in Mode] == [set(PAIRS)] * 3
