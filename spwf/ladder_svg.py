"""A ladder as an SVG by itself: no script, no font, no link; light or dark as its reader is.

Called by cli.py with what ladder.py has made.
"""

import textwrap
from collections.abc import Iterator
from html import escape

from spwf.handshake import counted
from spwf.ladder import Ladder, Step

WIDTH, LEFT, RIGHT = 760, 96, 724  # px: the picture, the module's line, the server's
TOP, STEP, LINE = 138, 34, 17  # the first step, an arrow with its name, a line of details
CHARACTERS = 84  # of a line of details, in a font that nobody knows
COLOURS = {  # light and dark; no variables, which not every program that shows SVG knows
    ".paper": ("fill", "#ffffff", "#10161d"),
    ".paper, .box": ("stroke", "#d5dbe1", "#2c3742"),
    ".box": ("fill", "#f3f6f8", "#1a232d"),
    ".veil": ("fill", "#edf5f1", "#15231e"),
    ".life": ("stroke", "#c3ccd4", "#3a4753"),
    "text": ("fill", "#1d2733", "#e4eaf0"),
    ".dim, .detail, .time, .tcp .name, .tcp .head": ("fill", "#5d6b7a", "#93a1b0"),
    ".tcp .arrow": ("stroke", "#5d6b7a", "#93a1b0"),
    ".ours .name, .ours .head": ("fill", "#0a6c86", "#56c5e0"),
    ".ours .arrow": ("stroke", "#0a6c86", "#56c5e0"),
    ".theirs .name, .theirs .head": ("fill", "#a34c00", "#f3a95b"),
    ".theirs .arrow": ("stroke", "#a34c00", "#f3a95b"),
    ".alarm .name, .alarm .head, .bad": ("fill", "#c0202b", "#ff7b80"),
    ".alarm .arrow": ("stroke", "#c0202b", "#ff7b80"),
    ".good": ("fill", "#1a7f45", "#63cf8d"),
}
STYLE = """
  text { font: 13px system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif }
  .title { font-size: 17px; font-weight: 600 }
  .name, .good, .bad { font-weight: 600 }
  .detail { font-size: 12px }
  .time { font-size: 11px }
  .end { text-anchor: end }
  .middle { text-anchor: middle }
  .arrow { stroke-width: 1.6; fill: none }
  .life { stroke-width: 2 }
  .tcp .name { font-weight: 400 }
  .tcp .arrow { stroke-width: 1 }
  .sealed .arrow { stroke-dasharray: 6 4 }
"""


def _style() -> str:
    light, dark = (
        "\n".join(f"  {what} {{ {row[0]}: {row[i]} }}" for what, row in COLOURS.items())
        for i in (1, 2)
    )
    return f"{STYLE}{light}\n  @media (prefers-color-scheme: dark) {{\n{dark}\n  }}\n"


def picture(ladder: Ladder) -> str:
    """The whole file."""
    y: float = TOP
    rows: list[str] = []
    for step in ladder.steps:
        size = _height(step)
        rows += list(_step(step, y))
        y += size
    bottom = y + 6
    height = bottom + 50
    verdict = "good" if ladder.connected else "bad"
    words = textwrap.wrap(ladder.verdict, CHARACTERS)
    height += LINE * (len(words) - 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">',
        f'<title id="title">{escape(f"{ladder.title}: {ladder.verdict}")}</title>',
        f"<style>{_style()}</style>",
        _rect("paper", 0.5, 0.5, WIDTH - 1, height - 1),
        _text("title", 24, 36, ladder.title),
        _text("dim", 24, 57, ladder.agreed),
        _life(LEFT, bottom),
        _life(RIGHT, bottom),
        *_over(LEFT, "SPWF01S module", 24),
        *_over(RIGHT, f"server {ladder.server}", WIDTH - 24),
        *rows,
        *(_text(verdict, LEFT, bottom + 28 + LINE * i, line) for i, line in enumerate(words)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'


def _rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6" ry="6"/>'


def _life(x: float, bottom: float) -> str:
    return f'<line class="life" x1="{x}" y1="{TOP - 30}" x2="{x}" y2="{bottom}"/>'


def _over(x: float, text: str, edge: float) -> Iterator[str]:
    """The box over a side's line; it reaches to the picture's edge."""
    width = max(len(text) * 7.6 + 24, 2 * abs(edge - x))
    start = edge if edge < x else edge - width
    yield _rect("box", start, TOP - 60, width, 30)
    yield _text("name middle", start + width / 2, TOP - 40, text)


def _details(step: Step) -> list[str]:
    return [line for text in step.message.details for line in textwrap.wrap(text, CHARACTERS)]


def _height(step: Step) -> float:
    return STEP + LINE * len(_details(step)) + (4 if step.message.details else 0)


def _step(step: Step, y: float) -> Iterator[str]:
    message = step.message
    start, end = (LEFT, RIGHT) if message.ours else (RIGHT, LEFT)
    way = 1 if message.ours else -1
    side = "tcp" if step.tcp else "ours" if message.ours else "theirs"
    kinds = ["alarm" if message.alarm else side] + ["sealed"] * message.encrypted
    near, far = ("", " end") if message.ours else (" end", "")
    yield f'<g class="{" ".join(kinds)}">'
    if message.encrypted:
        yield _rect("veil", LEFT + 1, y - 14, RIGHT - LEFT - 2, _height(step) - 2)
    yield _text("time end", LEFT - 10, y + 8, f"{step.seconds * 1000:.1f} ms")
    yield _text("name" + near, start + 12 * way, y + 2, message.name)
    if message.size:
        sealed = ", encrypted" if message.encrypted else ""
        size = counted(message.size, "byte") + sealed
        yield _text("dim" + far, end - 12 * way, y + 2, size)
    line = y + 9
    tip, barb = end - 2 * way, end - 11 * way
    yield f'<path class="arrow" d="M{start + way} {line}H{barb}"/>'
    yield f'<path class="head" d="M{tip} {line}L{barb} {line - 4.5}V{line + 4.5}Z"/>'
    for i, text in enumerate(_details(step)):
        yield _text("detail" + near, start + 12 * way, line + LINE * (i + 1), text)
    yield "</g>"
