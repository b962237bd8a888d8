"""TCP as frames: what Wireshark would have seen of a module's connections, and back.

Called by capture.py. Framer makes Ethernet frames of events, as if each read and write of the
module had been acknowledged at once; Unframer finds the events in the frames of a board in QEMU.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

from spwf.tap import REFUSED, RESET, Address, Event, Kind

MODULE, OTHERS = bytes.fromhex("0080e1000001"), bytes.fromhex("020000000001")
IPV4, TCP = 0x0800, 6
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
SEGMENT = 1460  # bytes that one frame carries
MAXIMUM = struct.pack(">BBH", 2, 4, SEGMENT)  # TCP option of a SYN
WINDOW = 0xFFFF
FIRST_PORT = 49152  # for a module's end whose port nobody knows


def checksum(data: bytes) -> int:
    """RFC 1071: the sum of 16-bit words that carry around is a remainder, of the 0 that is 0xFFFF.

    So this is never 0xFFFF, which only data that is all 0 has; Wireshark calls it wrong (RFC 1624).
    """
    return -int.from_bytes(data + bytes(len(data) % 2)) % 0xFFFF


@dataclass
class _End:
    """One end of a connection."""

    mac: bytes
    ip: bytes
    port: int
    next: int = 0  # the number of its next byte


@dataclass
class _Connection:
    module: _End
    peer: _End
    open: bool = False
    over: bool = False  # nothing can follow
    ended: bool = False  # the peer has sent FIN


class Framer:
    """Makes frames of one source's events."""

    def __init__(self) -> None:
        self._connections: dict[int, _Connection] = {}
        self._unknown = FIRST_PORT
        self._count = 0

    def frames(self, event: Event) -> Iterator[bytes]:
        """The frames that an event stands for; none for one that no wire shows."""
        if event.kind is Kind.OPENED:
            self._connections[event.socket] = self._begin(event)
        connection = self._connections.get(event.socket)
        if connection is None or connection.over:
            return
        module, peer = connection.module, connection.peer
        match event.kind:
            case Kind.OPENED:
                yield self._frame(module, peer, SYN)
            case Kind.CONNECTED:
                connection.open = True
                yield self._frame(peer, module, SYN | ACK)
                yield self._frame(module, peer, ACK)
            case Kind.SENT:
                yield from self._data(module, peer, event.data)
            case Kind.RECEIVED:
                yield from self._data(peer, module, event.data)
            case Kind.ENDED:
                yield self._frame(peer, module, FIN | ACK)
                yield self._frame(module, peer, ACK)
                connection.ended = True
            case Kind.CLOSED | Kind.ABORTED | Kind.FAILED:
                connection.over = True
                yield from self._end(connection, event)

    def _begin(self, event: Event) -> _Connection:
        port = event.local[1]
        if port == 0:
            port, self._unknown = self._unknown, self._unknown + 1
        ends = [IPv4Address(address[0]).packed for address in (event.local, event.peer)]
        return _Connection(_End(MODULE, ends[0], port), _End(OTHERS, ends[1], event.peer[1]))

    def _data(self, sender: _End, receiver: _End, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), SEGMENT):
            yield self._frame(sender, receiver, PSH | ACK, data[at : at + SEGMENT])
        yield self._frame(receiver, sender, ACK)

    def _end(self, connection: _Connection, event: Event) -> Iterator[bytes]:
        module, peer = connection.module, connection.peer
        if not connection.open:
            if event.kind is Kind.FAILED and event.error == REFUSED:
                yield self._frame(peer, module, RST | ACK)
        elif event.kind is Kind.FAILED and event.error == RESET:
            yield self._frame(peer, module, RST | ACK)
        elif event.kind is Kind.ABORTED:
            yield self._frame(module, peer, RST | ACK)
        elif event.kind is Kind.CLOSED:
            yield self._frame(module, peer, FIN | ACK)
            yield self._frame(peer, module, ACK)

    def _frame(self, sender: _End, receiver: _End, flags: int, data: bytes = b"") -> bytes:
        self._count += 1
        option = MAXIMUM if flags & SYN else b""
        acknowledged = receiver.next if flags & ACK else 0
        offset = (20 + len(option)) // 4 << 4
        head = (sender.port, receiver.port, sender.next, acknowledged, offset, flags, WINDOW)
        segment = struct.pack(">HHIIBBHHH", *head, 0, 0) + option + data
        pseudo = sender.ip + receiver.ip + struct.pack(">HH", TCP, len(segment))
        total = checksum(pseudo + segment)
        segment = segment[:16] + struct.pack(">H", total) + segment[18:]
        size = 20 + len(segment)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, size, self._count & 0xFFFF, 0x4000, 64, TCP, 0)
        ip += sender.ip + receiver.ip
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        sender.next = sender.next + len(data) + bool(flags & (SYN | FIN)) & 0xFFFFFFFF
        return receiver.mac + sender.mac + struct.pack(">H", IPV4) + ip + segment


@dataclass
class _Stream:
    """One connection as a board's frames show it."""

    socket: int
    local: Address
    peer: Address
    open: bool = False
    over: bool = False
    next: dict[bool, int] = field(default_factory=dict)  # by `from the module`: bytes seen so far


class Unframer:
    """Finds a module's connections in its frames. Frames must come in their order, as QEMU's do."""

    def __init__(self, mac: bytes = MODULE) -> None:
        self._mac = mac
        self._streams: dict[tuple[Address, Address], _Stream] = {}

    def events(self, frame: Event) -> Iterator[Event]:
        """The events that a frame stands for; what is sent again counts once."""
        data = frame.data
        if len(data) < 54 or data[12:14] != b"\x08\x00" or data[14] >> 4 != 4 or data[23] != TCP:
            return
        ours = data[6:12] == self._mac
        ip = data[14 : 14 + int.from_bytes(data[16:18])]
        segment = ip[(ip[0] & 15) * 4 :]
        source, target, number, _, offset, flags = struct.unpack_from(">HHIIBB", segment)
        ends = (str(IPv4Address(ip[12:16])), source), (str(IPv4Address(ip[16:20])), target)
        local, peer = ends if ours else ends[::-1]
        if flags & SYN and ours and (local, peer) not in self._streams:
            self._streams[local, peer] = _Stream(len(self._streams), local, peer)
            yield replace(self._event(frame, self._streams[local, peer], Kind.OPENED), data=b"")
        stream = self._streams.get((local, peer))
        if stream is not None and not stream.over:
            payload = segment[(offset >> 4) * 4 :]
            yield from self._follow(frame, stream, ours, number, flags, payload)

    def _follow(
        self, frame: Event, stream: _Stream, ours: bool, number: int, flags: int, payload: bytes
    ) -> Iterator[Event]:
        if flags & RST:
            stream.over = True
            error = RESET if stream.open else REFUSED
            kind = Kind.ABORTED if ours else Kind.FAILED
            yield replace(self._event(frame, stream, kind), error=0 if ours else error)
            return
        if flags & SYN:
            stream.next[ours] = number + 1
            if not ours and not stream.open:
                stream.open = True
                yield self._event(frame, stream, Kind.CONNECTED)
            return
        known = stream.next.setdefault(ours, number) - number & 0xFFFFFFFF
        if known > len(payload):  # all of it was there before
            return
        if fresh := payload[known:]:
            stream.next[ours] = number + len(payload) & 0xFFFFFFFF
            kind = Kind.SENT if ours else Kind.RECEIVED
            yield replace(self._event(frame, stream, kind), data=fresh)
        if flags & FIN:
            stream.next[ours] = number + len(payload) + 1 & 0xFFFFFFFF
            yield self._event(frame, stream, Kind.CLOSED if ours else Kind.ENDED)

    def _event(self, frame: Event, stream: _Stream, kind: Kind) -> Event:
        return Event(frame.time, kind, stream.socket, stream.local, stream.peer)
