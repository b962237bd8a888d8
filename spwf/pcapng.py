"""Writes pcapng, the file format of Wireshark (draft-ietf-opsawg-pcapng), with secrets inside.

Called by capture.py. The libraries that write pcapng (python-pcapng, scapy, dpkt) do not write the
block for secrets, and these are all the blocks there are here.
"""

import struct
from collections.abc import Iterable

SECTION, INTERFACE, PACKET, SECRETS = 0x0A0D0D0A, 1, 6, 10
TLS_KEY_LOG = 0x544C534B
ETHERNET = 1
APPLICATION, NAME, RESOLUTION = 4, 2, 9  # options: of a section, of an interface, likewise
NANOSECONDS = b"\x09"


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    texts = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(texts) + bytes(4)


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def begin(application: str, interface: str) -> bytes:
    """The head of a file with one Ethernet interface, whose times are ns."""
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    section += _options([(APPLICATION, application.encode())])
    wire = struct.pack("<HHI", ETHERNET, 0, 0)
    wire += _options([(NAME, interface.encode()), (RESOLUTION, NANOSECONDS)])
    return _block(SECTION, section) + _block(INTERFACE, wire)


def packet(time: int, frame: bytes) -> bytes:
    """One Ethernet frame; `time` is ns since 1970."""
    high, low = divmod(time, 1 << 32)
    head = struct.pack("<IIIII", 0, high, low, len(frame), len(frame))
    return _block(PACKET, head + _padded(frame))


def secrets(line: bytes) -> bytes:
    """Lines of a key log; to stand before the first packet that they open."""
    return _block(SECRETS, struct.pack("<II", TLS_KEY_LOG, len(line)) + _padded(line))
