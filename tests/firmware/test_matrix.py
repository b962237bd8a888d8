"""The matrix on the firmware: the machine's openssl, which is 22 of Table 2's 72 pairs."""

from pathlib import Path

import pytest

from spwf.matrix.cells import Group
from spwf.matrix.report import Report
from spwf.matrix.run import Plan
from spwf.outcome import Mode

BOARD = "qemu://lm3s6965evb"
SERVER = "openssl"
GROUPS = (Group.SUITES, Group.CLIENTS, Group.DOWNGRADE, Group.MINIMUM)


def test_the_firmware_meets_22_pairs_in_three_modes(request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue("_pki_root")  # tests share certificates
    plan = Plan.make([SERVER], lambda cell: cell.group in GROUPS)
    report = Report.make(BOARD, plan, plan.run(BOARD, folder), 0)
    wrong = [f"{result.cell.name}: {result.why}" for result in report.failures]
    assert not wrong, "\n".join(wrong)
    assert [len(report.pairs(mode)) for mode in Mode] == [22, 22, 22]
