#!/usr/bin/env python3
"""Prints what a board's image takes by part, beside its budget; status 1 where it is over.

    firmware_size.py BOARD

Called by `make size`, bench/firmware.py and tests/firmware/test_budget.py. Reads the symbols of
build/firmware/BOARD/spwf.elf: a function counts for the part whose source it comes from, also where
the linker has moved others into it.
"""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = {  # the first that a source's path holds
    "csrc/core/": "core",
    "csrc/port/": "firmware",
    "firmware/": "firmware",
    "/wolfssl-": "wolfSSL",
    "/lwip-": "lwIP",
}
REST = "constants, C library"  # what has no source in the image's debug information


def image_of(board: str) -> Path:
    """The image that `make firmware` has made."""
    return ROOT / "build/firmware" / board / "spwf.elf"


def tool(name: str, *arguments: str | Path) -> str:
    """What a program of the ARM binutils printed."""
    command = [f"arm-none-eabi-{name}", *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def part_of(line: str) -> str:
    """The part that a line of nm belongs to, by the source at its end."""
    return next((part for mark, part in PARTS.items() if mark in line), REST)


def flash_by_part(image: Path) -> Counter[str]:
    """Bytes of flash; together they are all of it."""
    sizes: Counter[str] = Counter()
    for line in tool("nm", "-S", "-l", "--defined-only", image).splitlines():
        if match := re.match(r"\w+ (\w+) [tTrRdDW] ", line):
            sizes[part_of(line)] += int(match[1], 16)
    sizes[REST] += measured(image)["flash"] - sizes.total()
    return sizes


def measured(image: Path) -> dict[str, int]:
    """`flash`, `ram` and `static` of the image in bytes, as the linker counts them."""
    values = {
        name: int(value, 16)
        for value, _, name in (
            line.split()[:3] for line in tool("nm", image).splitlines() if len(line.split()) == 3
        )
    }
    return {
        "flash": values["flash_used"],
        "ram": values["ram_used"],
        "static": values["bss_end"] - values["data_start"],
    }


def budget_of(board: str) -> dict[str, int]:
    """The board's row of budget.toml."""
    table = tomllib.loads((ROOT / "firmware/budget.toml").read_text())
    row: dict[str, int] = table[board]
    return row


def main() -> None:
    """Prints the tables."""
    board = sys.argv[1]
    image, budget = image_of(board), budget_of(board)
    parts = flash_by_part(image)
    for part, size in parts.most_common():
        print(f"{part:24}{size:8}")
    over = False
    for name, size in measured(image).items():
        over |= size > budget[name]
        print(f"{name:24}{size:8} of {budget[name]}{' OVER' if size > budget[name] else ''}")
    sys.exit(over)


if __name__ == "__main__":
    main()
