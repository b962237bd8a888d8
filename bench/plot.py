"""The picture of what run.py measured, for the README. Needs matplotlib."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from contest import Line
from handshakes import AT, MODULE
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

COLOURS = {AT: "#1f5fa8", MODULE: "#8db8e8"}
OTHERS = "#b5b5b5"
INK = "#303030"
THICK = 0.36  # of a bar, where a row is 1
DOT: Mapping[str, Any] = {
    "marker": "o",
    "ms": 3.8,
    "mfc": INK,
    "mec": "white",
    "mew": 0.6,
    "ls": "",
}
MEMORY = {  # cases of many.py
    "idle": ("module in\nthe network", COLOURS[AT]),
    "connected": ("with a secure\nsocket open", COLOURS[AT]),
    "python_connected": ("Python ssl,\na connection", OTHERS),
}


def draw(file: Path, lines: Sequence[Line], figures: Mapping[str, float], machine: str) -> None:
    """Ratios on the left, memory on the right; opaque, so that it can be read on a dark page."""
    picture = Figure(figsize=(9.6, 3.9), dpi=150, facecolor="white", layout="constrained")
    left, right = picture.subplots(1, 2, width_ratios=[2.3, 1])
    draw_ratios(left, lines)
    draw_memory(right, figures)
    for axes in (left, right):
        axes.tick_params(length=0, labelcolor=INK, labelsize=9)
        axes.spines[:].set_visible(False)
    picture.supxlabel(machine, fontsize=8, color="#606060")
    picture.savefig(file)


def draw_ratios(axes: Axes, lines: Sequence[Line]) -> None:
    """A row for each contest and opponent; a bar for each of ours, a dot for each round."""
    rows = list(dict.fromkeys(name_of(line) for line in lines))
    for line in lines:
        at = rows.index(name_of(line)) + (THICK / 2 if line.ours == MODULE else -THICK / 2)
        axes.barh(at, median(line.ratios), THICK, color=COLOURS[line.ours])
        axes.plot(line.ratios, [at] * len(line.ratios), **DOT)
        label = f"{median(line.ratios):.2f}"
        axes.text(max(line.ratios) + 0.04, at, label, va="center", fontsize=9, color=INK)
    axes.axvline(1, color=INK, lw=1)
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.set_xticks([0, 1, 2], ["0", "as much", "twice as much"])
    axes.set_title("Done in the same CPU time", fontsize=11, loc="left", color=INK)
    handles: list[Artist] = [Patch(color=colour, label=name) for name, colour in COLOURS.items()]
    handles.append(Line2D([], [], label="one round", **DOT))
    axes.legend(handles=handles, frameon=False, fontsize=9, loc="lower right", labelcolor=INK)


def name_of(line: Line) -> str:
    """What a row is called."""
    return f"{line.contest.what}\nbeside {line.theirs}"


def draw_memory(axes: Axes, figures: Mapping[str, float]) -> None:
    """A bar for each case."""
    for at, (case, (_, colour)) in enumerate(MEMORY.items()):
        axes.barh(at, figures[case], 2 * THICK, color=colour)
        axes.text(figures[case] + 0.4, at, f"{figures[case]:.0f} KB", va="center", color=INK)
    axes.set_yticks(range(len(MEMORY)), [name for name, _ in MEMORY.values()])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.margins(x=0.25)
    axes.set_title("Memory of each", fontsize=11, loc="left", color=INK)
