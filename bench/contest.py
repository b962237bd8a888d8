"""Contests: who does more in a second of its CPU. Used by handshakes.py and bulk.py.

The contestants take turns in one run, A B C A B C, so that whatever else the machine does meets all
of them alike; what counts is the ratio of two within a round, and the median of these. Only the
client's CPU counts, user and system: all talk to the one server of peer.py, a process of its own.
"""

import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Turn = Callable[[], float]
"""One turn of a contestant: what it did in a second of its CPU."""


@dataclass(frozen=True)
class Contest:
    """What came of it; `rounds` has a figure for each contestant and round."""

    what: str
    rounds: Mapping[str, list[float]]

    def ratios(self, ours: str, theirs: str) -> list[float]:
        """Ours by theirs, from the lowest round to the highest."""
        return sorted(a / b for a, b in zip(self.rounds[ours], self.rounds[theirs], strict=True))

    def median(self, name: str) -> float:
        """One contestant's own figure."""
        return median(self.rounds[name])


@dataclass(frozen=True)
class Line:
    """Ours beside theirs."""

    contest: Contest
    ours: str
    theirs: str
    wanted: float = 0.0

    @property
    def ratios(self) -> list[float]:
        """From the lowest round to the highest."""
        return self.contest.ratios(self.ours, self.theirs)

    @property
    def good(self) -> bool:
        """Whether the median is what is wanted."""
        return median(self.ratios) >= self.wanted


def hold(what: str, contestants: Mapping[str, Turn], rounds: int) -> Contest:
    """Lets each have its turn in each round."""
    done: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, turn in contestants.items():
            done[name].append(turn())
    return Contest(what, done)


def cpu(who: int = resource.RUSAGE_SELF) -> float:
    """Seconds of CPU, user and system, of this process or of the children it has waited for."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime
