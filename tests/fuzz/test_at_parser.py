"""Fuzz target: bytes of a wire that may say anything, through spwf.at.

The corpus and seeded mutations of it: the parser raises nothing, every byte belongs to one event or
is pending, any cutting gives the same events, and its work grows with the bytes and not with their
square. `make fuzz` goes on from other seeds for SPWF_FUZZ_SECONDS.
"""

import os
import random
import time
from itertools import count
from pathlib import Path

import pytest

from spwf.at import Event, Indication, Parser, Reply

CORPUS = Path(__file__).parent / "corpus" / "at"
COUNT = 3000  # mutations of one seed
SECONDS = float(os.environ.get("SPWF_FUZZ_SECONDS", "0"))
FILES = {path.name: path.read_bytes() for path in sorted(CORPUS.iterdir())}
TOKENS = [b"\r\n", b"\r", b"\nOK\r\n", b"\r\nOK\r\n", b"\r\nERROR: x\r\n", b"\r\n+WIND:", b":",
          b"AT", b"AT+S.SOCKR=0,", b"AT+CFUN=1\r", b"7", b"\x00", b"\xff"]  # fmt: skip


def parse(data: bytes, cuts: list[int]) -> tuple[list[Event], bytes]:
    """The events of a corpus file's bytes, cut at these places, and what is pending after them."""
    line, _, stream = data.partition(b"\r")
    available = line.startswith(b"!")
    command = line.removeprefix(b"!").decode("utf-8", "surrogateescape")
    parser = Parser()
    if command:
        parser.expect(command, available=available)
    events: list[Event] = []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        assert parser.wanted >= 1
        events += parser.feed(stream[start:stop])
    replies = [event for event in events if isinstance(event, Reply)]
    assert len(replies) + parser.waiting <= bool(command)
    # An indication may stand between the lines of a reply: then their order is another.
    whole = b"".join(event.raw for event in events) + parser.pending
    assert sorted(whole) == sorted(stream)
    for reply in replies:
        assert reply.error is None or reply.body == b""
        str(reply.value)
    for event in events:
        if isinstance(event, Indication):
            assert 0 <= event.number < 1000
            assert event.socket is None or event.socket >= 0
    return events, parser.pending


def check(data: bytes, dice: random.Random) -> None:
    whole = parse(data, [])
    size = len(data.partition(b"\r")[2])
    assert parse(data, list(range(1, size))) == whole
    assert parse(data, sorted(dice.choices(range(size + 1), k=3))) == whole


def mutate(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    after = min(len(data), at + dice.choice((0, 0, 1, 4, 40)))
    donor = dice.choice(list(FILES.values()))
    start = dice.randrange(len(donor))
    piece = dice.choice((dice.choice(TOKENS), dice.randbytes(1), donor[start : start + 50], b""))
    return data[:at] + piece + data[after:]


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_the_corpus_holds(name: str) -> None:
    check(FILES[name], random.Random(name))


@pytest.mark.timeout(120 + SECONDS)
def test_mutations_of_the_corpus_hold() -> None:
    deadline = time.monotonic() + SECONDS
    for seed in count(1):
        dice = random.Random(seed)
        for _ in range(COUNT):
            data = dice.choice(list(FILES.values()))
            for _ in range(dice.randint(1, 6)):
                data = mutate(data, dice)
            try:
                check(data, dice)
            except Exception as error:
                error.add_note(f"seed {seed}: {data!r}")
                raise
        if time.monotonic() >= deadline:
            break


ENDLESS = {
    "line without end": (b"AT\r", b"x"),
    "list without end": (b"AT&V\r", b"#  a = 1\r\n"),
    "blank lines": (b"AT\r", b"\r\n"),
    "noise": (b"\r", b"x\r\n"),
    "indications": (b"AT\r", b"\r\n+WIND:55:Pending Data:0:1\r\n"),
    "indications before a body": (b"AT+S.SOCKR=0,9\r", b"\r\n+WIND:55:Pending Data:0:1\r\n"),
    "indication without end": (b"AT+S.SOCKR=0,9\r\r\n+WIND:", b"9"),
    "error without end": (b"AT+S.SOCKR=0,9\r\r\nERROR: ", b"x"),
    "body": (b"!AT+S.SOCKR=0,9999999\r", b"x"),
    "body, not counted": (b"AT+S.SOCKR=0,9999999\r", b"x"),
}


def cost(head: bytes, unit: bytes, pieces: int) -> float:
    """CPU seconds of one parser for so many pieces of 64 bytes and more, the best of three."""
    line, _, rest = head.partition(b"\r")
    piece = unit * (64 // len(unit) + 1)
    times = []
    for _ in range(3):
        parser = Parser()
        if line:
            parser.expect(line.decode().removeprefix("!"), available=line.startswith(b"!"))
        parser.feed(rest)
        began = time.process_time()
        for _ in range(pieces):
            parser.feed(piece)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize("name", ENDLESS)
def test_work_grows_with_the_bytes_and_not_with_their_square(name: str) -> None:
    few, many = (cost(*ENDLESS[name], pieces) for pieces in (500, 4000))
    # 8 times the bytes: a square would cost 64 times as much. Below 50 ms nothing can be told.
    assert many < max(0.05, 24 * few)
