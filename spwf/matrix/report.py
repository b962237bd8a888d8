"""What a run of the matrix comes to: numbers for a person, and JSON for a program and the page."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spwf import _core
from spwf.matrix.cells import Group, lawful
from spwf.matrix.judge import Result, Status, disagreements
from spwf.matrix.run import Plan
from spwf.outcome import Mode
from spwf.suites import SUITES, Suite, Version

PAIRS = tuple((suite, version) for suite in SUITES for version in Version if lawful(suite, version))
"""The 72 of Table 2."""


@dataclass(frozen=True)
class Report:
    """One run."""

    url: str
    plan: Plan
    results: Sequence[Result]
    """In the order of the plan."""
    seconds: float
    disagreements: tuple[str, ...]
    """Of servers about one cell."""

    @classmethod
    def make(cls, url: str, plan: Plan, results: Iterable[Result], seconds: float) -> "Report":
        """From the results in any order."""
        places = {cell.name: i for i, cell in enumerate(plan.cells)}
        ordered = sorted(results, key=lambda result: places[result.cell.name])
        return cls(url, plan, ordered, seconds, tuple(disagreements(ordered)))

    def count(self, status: Status, **axes: object) -> int:
        """How many results have this status, and these values of a cell's fields."""
        return sum(
            result.status is status
            and all(getattr(result.cell, axis) == value for axis, value in axes.items())
            for result in self.results
        )

    @property
    def failures(self) -> list[Result]:
        """What did not end as it had to."""
        return [result for result in self.results if result.status is Status.FAIL]

    @property
    def ran(self) -> bool:
        """Whether any cell did."""
        return any(result.status is not Status.IMPOSSIBLE for result in self.results)

    @property
    def good(self) -> bool:
        """Whether something ran, and ended as it had to, on all servers alike."""
        return self.ran and not self.failures and not self.disagreements

    def pairs(self, mode: Mode, server: str = "") -> set[tuple[Suite, Version]]:
        """Which of PAIRS went well in this mode with this server, or with some and badly with none.

        `server`: its name; "": any.
        """
        mine = [
            (result.status, (result.cell.suite, result.cell.version))
            for result in self.results
            if result.cell.group is Group.SUITES
            and result.cell.mode is mode
            and server in (result.cell.server, "")
        ]
        good = {pair for status, pair in mine if status is Status.PASS}
        bad = {pair for status, pair in mine if status is Status.FAIL}
        return {(suite, version) for suite, version in good - bad if suite}

    def fields(self) -> dict[str, Any]:
        """For --json; keys are only ever added."""
        return {
            "module": self.url,
            "spwf": _core.VERSION,
            "wolfssl": _core.WOLFSSL_VERSION,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "pairs": {mode.value: len(self.pairs(mode)) for mode in Mode},
            "servers": [
                {
                    "name": name,
                    "version": program.version,
                    **{status.value: self.count(status, server=name) for status in Status},
                    "not_run": 0,
                }
                for name, program in self.plan.programs.items()
            ]
            + [
                {"name": name, "missing": why, "not_run": self.plan.left_out[name]}
                for name, why in self.plan.absent.items()
            ],
            "disagreements": list(self.disagreements),
            "cells": [_fields(result) for result in self.results],
        }

    def json(self) -> str:
        """fields() as text."""
        return json.dumps(self.fields(), indent=1)


def _fields(result: Result) -> dict[str, Any]:
    cell, outcome, told = result.cell, result.outcome, result.server_says
    return {
        "group": cell.group.value,
        "suite": cell.suite and cell.suite.name,
        "version": cell.version.value,
        "mode": cell.mode.value,
        "key": cell.key,
        "server": cell.server,
        "ca": cell.ca or None,
        "client": cell.client or None,
        "curve": cell.curve or None,
        "digest": cell.digest,
        "min_version": cell.min_version and cell.min_version.value,
        "expected": cell.cause.value,
        "status": result.status.value,
        "cause": result.why or None,
        "reply": result.reply or None,
        "outcome": outcome and outcome.summary(),
        "server_says": told and list(told),
        "milliseconds": round(result.seconds * 1000, 1),
    }
