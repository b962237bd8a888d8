"""Frames: TCP as Wireshark wants it, made of events and taken apart again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from spwf.frames import FIRST_PORT, MODULE, Framer, Unframer, checksum
from spwf.tap import REFUSED, RESET, Event, Kind

FIN, SYN, RST, ACK = 1, 2, 4, 16
LOCAL, PEER = ("192.168.0.50", 40000), ("10.0.0.1", 443)


def event(kind: Kind, data: bytes = b"", error: int = 0, socket: int = 0) -> Event:
    return Event(1, kind, socket, LOCAL, PEER, error, data)


def frames(*events: Event) -> list[bytes]:
    framer = Framer()
    return [frame for each in events for frame in framer.frames(each)]


def again(frames: list[bytes]) -> Iterator[Event]:
    unframer = Unframer()
    for frame in frames:
        yield from unframer.events(Event(1, Kind.FRAME, data=frame))


def flags(frame: bytes) -> tuple[bool, int]:
    return frame[6:12] == MODULE, frame[47]


WHOLE = [
    event(Kind.OPENED),
    event(Kind.CONNECTED),
    event(Kind.SENT, b"hello"),
    event(Kind.RECEIVED, b"world!"),
    event(Kind.ENDED),
    event(Kind.CLOSED),
]


@pytest.mark.parametrize(
    "events",
    [
        WHOLE,
        [event(Kind.OPENED), event(Kind.FAILED, error=REFUSED)],
        [*WHOLE[:3], event(Kind.FAILED, error=RESET)],
        [*WHOLE[:4], event(Kind.ABORTED)],
        [*WHOLE[:4], event(Kind.CLOSED)],
    ],
    ids=["whole", "refused", "reset", "aborted", "closed"],
)
def test_what_is_framed_is_found_again(events: list[Event]) -> None:
    assert list(again(frames(*events))) == events


def test_numbers_and_flags_are_those_of_tcp() -> None:
    sent = frames(*WHOLE)
    numbers = [
        (int.from_bytes(frame[38:42]), int.from_bytes(frame[42:46]), flags(frame)[1] & ~8)
        for frame in sent
    ]
    assert numbers == [
        *((0, 0, SYN), (0, 1, SYN | ACK), (1, 1, ACK)),
        *((1, 1, ACK), (1, 6, ACK)),  # hello
        *((1, 6, ACK), (6, 7, ACK)),  # world!
        *((7, 6, FIN | ACK), (6, 8, ACK)),
        *((6, 8, FIN | ACK), (8, 7, ACK)),
    ]


def test_large_data_is_cut_into_segments() -> None:
    data = bytes(range(256)) * 20
    sent = frames(*WHOLE[:2], event(Kind.SENT, data))[3:]
    assert [len(frame) - 54 for frame in sent] == [1460, 1460, 1460, 740, 0]
    assert b"".join(frame[54:] for frame in sent) == data


def test_every_checksum_is_right() -> None:
    for frame in frames(*WHOLE, replace(WHOLE[0], socket=1)):
        assert checksum(frame[14:34]) == 0
        pseudo = frame[26:34] + bytes([0, 6]) + (len(frame) - 34).to_bytes(2)
        assert checksum(pseudo + frame[34:]) == 0


def test_a_checksum_of_0_is_not_written_as_its_other_form() -> None:
    number = frames(*WHOLE[:2], event(Kind.SENT, bytes(2)))[3][50:52]
    assert frames(*WHOLE[:2], event(Kind.SENT, number))[3][50:52] == bytes(2)  # RFC 1624


def test_nobody_answers_a_port_that_is_mute() -> None:
    sent = frames(event(Kind.OPENED), event(Kind.ABORTED))
    assert [flags(frame) for frame in sent] == [(True, SYN)]


def test_what_the_module_does_after_its_end_makes_no_frame() -> None:
    opened = event(Kind.OPENED)
    refused = frames(opened, event(Kind.FAILED, error=REFUSED))
    assert frames(opened, event(Kind.FAILED, error=REFUSED), event(Kind.ABORTED)) == refused


def test_an_unknown_port_is_a_new_one_each_time() -> None:
    unknown = replace(event(Kind.OPENED), local=("192.168.0.50", 0))
    ports = [int.from_bytes(frame[34:36]) for frame in frames(unknown, unknown)]
    assert ports == [FIRST_PORT, FIRST_PORT + 1]


def test_what_is_sent_again_counts_once() -> None:
    sent = frames(*WHOLE)
    doubled = [frame for frame in sent for _ in range(2)]
    assert list(again(doubled)) == WHOLE


def test_strange_frames_are_left_alone() -> None:
    whole = frames(*WHOLE)[3]
    for size in range(54):
        assert list(again([whole[:size]])) == []
    assert list(again([whole[:12] + b"\x08\x06" + whole[14:]])) == []  # ARP
    assert list(again([whole])) == []  # of a connection whose begin nobody saw
