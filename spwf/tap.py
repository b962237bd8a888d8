"""What passes over a module's connections, as events: the common form of every source.

A source has `tap(on)` and `tapped(timeout)`: spwf._core.Core, the board of qemu.py, and relay.py in
front of a real module. capture.py takes the records and hands the events on.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Protocol

RECORD = struct.Struct("=QIi4s4sHHBB2x")  # struct tap_record (csrc/port/world.h)
JOINED = 16384  # bytes, to which no more are joined
RANDOM, SECRET = 32, 48  # bytes of struct spwf_keylog (csrc/core/spwf.h)
REFUSED, RESET = -6, -9  # enum spwf_error

Address = tuple[str, int]


class Kind(IntEnum):
    """enum tap_kind (csrc/port/world.h), and one that only a board in QEMU has."""

    OPENED = 1
    CONNECTED = 2
    SENT = 3
    RECEIVED = 4
    ENDED = 5
    FAILED = 6
    CLOSED = 7
    ABORTED = 8
    SECRETS = 9
    FRAME = 10
    """A whole Ethernet frame, which says itself whose it is."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one of the module's connections."""

    time: int
    """ns since 1970."""
    kind: Kind
    socket: int = 0
    """The module's number for it; reused by later connections."""
    local: Address = ("0.0.0.0", 0)
    """The module's end; port 0: not known."""
    peer: Address = ("0.0.0.0", 0)
    error: int = 0
    """Where FAILED, enum spwf_error."""
    data: bytes = b""
    """What was sent or received, the frame, or client random and master secret."""


class Source(Protocol):
    """Where records come from; see spwf/_core.pyi."""

    def tap(self, on: bool, /) -> bool:
        """Begins or ends recording; False: it is so already."""

    def tapped(self, timeout: float | None, /) -> bytes:
        """Waits for records and takes them; empty for ever after the end."""


def read(block: bytes) -> Iterator[Event]:
    """The events in a block of whole records; pieces received one after another are joined."""
    last: Event | None = None
    for event in _records(block):
        if last and _joins(last, event):
            last = replace(last, data=last.data + event.data)
            continue
        if last:
            yield last
        last = event
    if last:
        yield last


def _joins(last: Event, event: Event) -> bool:
    both = last.kind is event.kind is Kind.RECEIVED and last.socket == event.socket
    return both and len(last.data) < JOINED


def _records(block: bytes) -> Iterator[Event]:
    at = 0
    while at < len(block):
        time, size, error, local, peer, local_port, peer_port, kind, socket = RECORD.unpack_from(
            block, at
        )
        at += RECORD.size
        yield Event(
            time,
            Kind(kind),
            socket,
            (str(IPv4Address(local)), local_port),
            (str(IPv4Address(peer)), peer_port),
            error,
            block[at : at + size],
        )
        at += size


def write(event: Event) -> bytes:
    """The record of an event: the inverse of read()."""
    local, peer = (IPv4Address(address[0]).packed for address in (event.local, event.peer))
    head = RECORD.pack(
        *(event.time, len(event.data), event.error, local, peer, event.local[1], event.peer[1]),
        *(event.kind, event.socket),
    )
    return head + event.data
