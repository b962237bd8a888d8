"""Reads a pcapng back: written from the format's description, not from spwf/pcapng.py."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spwf.frames import Unframer
from spwf.handshake import Conversation, Message
from spwf.tap import Event, Kind


@dataclass
class File:
    secrets: dict[bytes, bytes] = field(default_factory=dict)  # client random to master secret
    frames: list[Event] = field(default_factory=list)
    late: bool = False  # secrets stand behind frames that need them

    def events(self) -> list[Event]:
        unframer = Unframer()
        return [event for frame in self.frames for event in unframer.events(frame)]

    def messages(self) -> list[Message]:
        conversation = Conversation(self.secrets.get)
        return [
            message
            for event in self.events()
            if event.kind in (Kind.SENT, Kind.RECEIVED)
            for message in conversation.feed(event.kind is Kind.SENT, event.data, event.time)
        ]


def blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        kind, size = struct.unpack_from("<II", data)
        assert size % 4 == 0
        assert struct.unpack_from("<I", data, size - 4) == (size,)
        yield kind, data[8 : size - 4]
        data = data[size:]


def read(path: Path) -> File:
    found = list(blocks(path.read_bytes()))
    assert [kind for kind, _ in found[:2]] == [0x0A0D0D0A, 1]
    file = File()
    for kind, body in found[2:]:
        if kind == 10:
            what, size = struct.unpack_from("<4sI", body)
            assert what == b"KSLT"  # TLSK, the least significant byte first
            word, random, secret = body[8 : 8 + size].split()
            assert word == b"CLIENT_RANDOM"
            file.secrets[bytes.fromhex(random.decode())] = bytes.fromhex(secret.decode())
        else:
            assert kind == 6
            interface, high, low, here, there = struct.unpack_from("<5I", body)
            assert (interface, here) == (0, there)
            file.frames.append(Event(high << 32 | low, Kind.FRAME, data=body[20 : 20 + here]))
    return file
