"""What a board in QEMU does on its network, and the secrets that its firmware tells, as records.

Fed by qemu_process.py: the frames come from a filter of QEMU's own, which writes a pcap into a
pipe; the secrets come on the side channel, where the firmware was started with keylog=1. The lock
is the caller's.
"""

import struct
import time

from spwf import tap
from spwf.tap import Event, Kind

FILTER = "tap"  # its name among QEMU's objects
FILE_HEAD = 24  # bytes at the begin of a pcap
PACKET_HEAD = struct.Struct("<4I")  # seconds, microseconds, bytes here, bytes on the wire
WORD = b"keylog "


class BoardTap:
    """Turns both into records; keeps nothing while it is off."""

    def __init__(self) -> None:
        self.on = False
        self.records = bytearray()
        self._pcap = bytearray()
        self._skip = 0

    def begin(self) -> None:
        """A filter begins its file."""
        self._pcap.clear()
        self._skip = FILE_HEAD

    def frames(self, data: bytes) -> None:
        """So much more of the file."""
        self._pcap += data
        if self._skip and len(self._pcap) >= self._skip:
            del self._pcap[: self._skip]
            self._skip = 0
        while not self._skip and len(self._pcap) >= PACKET_HEAD.size:
            seconds, micros, size, _ = PACKET_HEAD.unpack_from(self._pcap)
            end = PACKET_HEAD.size + size
            if len(self._pcap) < end:
                return
            frame = bytes(self._pcap[PACKET_HEAD.size : end])
            del self._pcap[:end]
            self._add(Event((seconds * 1000000 + micros) * 1000, Kind.FRAME, data=frame))

    def secrets(self, line: bytes) -> None:
        """A line of the firmware's that begins with WORD."""
        self._add(
            Event(time.time_ns(), Kind.SECRETS, data=bytes.fromhex(line[len(WORD) :].decode()))
        )

    def _add(self, event: Event) -> None:
        if self.on:
            self.records += tap.write(event)
