"""The messages of SSL 3.0 to TLS 1.2 in the bytes of a connection [note 1.1].

Called by ladder.py. It reads what both sides said, whatever that was: what makes no sense is shown
as such, and nothing raises. With the master secret it reads what is encrypted too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cryptography import x509

from spwf.certificates import digest, distinguished_name, key_text, printable, public_key, subject
from spwf.decrypt import Opener, openers
from spwf.outcome import ALERTS, GROUPS
from spwf.suites import BY_CODE, KeyExchange, Suite, Version

CHANGE, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
HEAD, MESSAGE_HEAD = 5, 4  # bytes of a record's, of a message's
LARGEST = (1 << 14) + 2048  # bytes of a record (RFC 5246 6.2.3)
SHOWN = 48  # characters of application data

HASHES = {1: "MD5", 2: "SHA-1", 3: "SHA-224", 4: "SHA-256", 5: "SHA-384", 6: "SHA-512"}
SIGNATURES = {1: "RSA", 2: "DSA", 3: "ECDSA"}
CERTIFICATE_TYPES = {1: "RSA", 2: "DSA", 64: "ECDSA", 65: "RSA fixed ECDH", 66: "ECDSA fixed ECDH"}
SERVER_NAME, CURVES, POINTS, ALGORITHMS = 0, 10, 11, 13  # extensions
VERSIONS = {version.code: version for version in Version}


@dataclass(frozen=True)
class Message:
    """One message, or one record of data."""

    time: int
    """ns since 1970, of its last byte."""
    ours: bool
    """From the module."""
    name: str
    """As RFC 5246 and the note write it."""
    size: int
    """Bytes: of a handshake message with its head, else of the record's content."""
    details: tuple[str, ...] = ()
    """What it carried, a line each."""
    encrypted: bool = False
    alarm: bool = False
    """A fatal alert, or no TLS."""


class Truncated(Exception):
    """A message ends before its parts do."""


class Cursor:
    """Reads the parts of a message."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        """The next bytes."""
        part = self._data[self._at : self._at + size]
        if len(part) < size:
            raise Truncated
        self._at += size
        return part

    def number(self, size: int) -> int:
        """In network order."""
        return int.from_bytes(self.take(size))

    def vector(self, size: int) -> bytes:
        """As many bytes as the `size` bytes before them say."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def __bool__(self) -> bool:
        return self._at < len(self._data)


def numbers(data: bytes) -> list[int]:
    """The list of 16-bit numbers."""
    return [int.from_bytes(data[at : at + 2]) for at in range(0, len(data) - 1, 2)]


def version_name(code: int) -> str:
    """`TLSv1.2`, or the number."""
    return VERSIONS.get(code, "TLSv1.3" if code == 0x0304 else f"version 0x{code:04x}")


def algorithm(code: int) -> str:
    """`ECDSA with SHA-256` (RFC 5246 7.4.1.4.1), or the number."""
    hash_name, signature = HASHES.get(code >> 8), SIGNATURES.get(code & 255)
    return f"{signature} with {hash_name}" if hash_name and signature else f"0x{code:04x}"


def group(code: int) -> str:
    """`P-256`, or the number."""
    return GROUPS.get(code, f"group {code}")


def text(data: bytes) -> str:
    """The beginning of what was sent, as a Python string would show it."""
    shown = repr(data[:SHOWN].decode("latin-1"))
    return shown + (" ..." if len(data) > SHOWN else "")


def counted(count: int, thing: str) -> str:
    """`1 suite`, `27 suites`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


@dataclass
class _Side:
    """What one side has said."""

    record: bytes = b""
    message: bytes = b""
    strange: bool = False  # no TLS
    changed: bool = False  # its records are encrypted
    finished: bool = False
    random: bytes = b""
    time: int = 0  # of its last bytes
    opener: Opener | None = None


class Conversation:
    """Both sides of one connection."""

    def __init__(self, master: Callable[[bytes], bytes | None] = lambda random: None) -> None:
        """`master`: from the client's random to the master secret, where that is known."""
        self._master = master
        self._sides = {True: _Side(), False: _Side()}
        self.version: Version | None = None
        self.suite: Suite | None = None

    def feed(self, ours: bool, data: bytes, time: int) -> Iterator[Message]:
        """The messages that these bytes of one side complete."""
        side = self._sides[ours]
        side.record += data
        side.time = time
        while side.record and (record := self._record(side)):
            kind, content = record
            for message in self._read(ours, side, kind, content):
                yield replace(message, time=time)

    def rest(self) -> Iterator[Message]:
        """What has come of records and messages that were never completed."""
        for ours, side in self._sides.items():
            for what, part in (("message", side.message), ("record", side.record)):
                if part:
                    name, shown = f"part of a {what}", (text(part),)
                    yield Message(side.time, ours, name, len(part), shown)

    def _record(self, side: _Side) -> tuple[int, bytes] | None:
        head = side.record[:HEAD]
        kind, size = head[0], int.from_bytes(head[3:5])
        spoken = CHANGE <= kind <= DATA and (len(head) < 2 or head[1] == 3) and size <= LARGEST
        if side.strange or not spoken:
            side.strange = True
            content, side.record = side.record, b""
            return -1, content
        if len(head) < HEAD or len(side.record) < HEAD + size:
            return None
        content, side.record = side.record[HEAD : HEAD + size], side.record[HEAD + size :]
        return kind, content

    def _read(self, ours: bool, side: _Side, kind: int, content: bytes) -> Iterator[Message]:
        message = Message(0, ours, "", len(content), encrypted=side.changed)
        if kind == -1:
            yield replace(message, name="no TLS", details=(text(content),), alarm=True)
            return
        plain: bytes | None = content
        if side.changed:
            plain = side.opener(content) if side.opener else None
        if kind == CHANGE:
            side.changed = True
            side.opener = self._opener(ours)
            yield replace(message, name="ChangeCipherSpec")
        elif kind == HANDSHAKE:
            yield from self._handshake(message, side, plain)
        elif kind == ALERT:
            yield self._alert(message, plain)
        else:
            yield replace(message, name="application data", details=self._data(plain))

    def _opener(self, ours: bool) -> Opener | None:
        client, server = self._sides[True].random, self._sides[False].random
        master = self._master(client)
        if master is None or self.version is None or self.suite is None or not server:
            return None
        return openers(self.version, self.suite, master, client, server)[0 if ours else 1]

    def _data(self, plain: bytes | None) -> tuple[str, ...]:
        if plain is None:
            return ()
        return (f"{counted(len(plain), 'byte')}: {text(plain)}" if plain else "0 bytes",)

    def _alert(self, message: Message, plain: bytes | None) -> Message:
        if plain is None or len(plain) != 2:
            return replace(message, name="Alert")
        level = "fatal" if plain[0] == 2 else "warning"
        name = ALERTS.get(plain[1], f"alert {plain[1]}")
        return replace(message, name="Alert", details=(f"{level}: {name}",), alarm=plain[0] == 2)

    def _handshake(self, record: Message, side: _Side, plain: bytes | None) -> Iterator[Message]:
        if plain is None:
            name, side.finished = "handshake" if side.finished else "Finished", True
            yield replace(record, name=name)
            return
        side.message += plain
        while len(side.message) >= MESSAGE_HEAD:
            kind, size = side.message[0], int.from_bytes(side.message[1:4])
            if len(side.message) < MESSAGE_HEAD + size:
                return
            body = side.message[MESSAGE_HEAD : MESSAGE_HEAD + size]
            side.message = side.message[MESSAGE_HEAD + size :]
            name, reader = READERS.get(kind, (f"handshake {kind}", _nothing))
            try:
                details = tuple(reader(self, side, Cursor(body)))
            except Truncated:
                details = ("cannot be read",)
            size = record.size if side.changed else MESSAGE_HEAD + size
            yield replace(record, name=name, size=size, details=details)

    # ---- what each message carries --------------------------------------------------------------

    def client_hello(self, side: _Side, body: Cursor) -> Iterator[str]:
        """What the client can do."""
        version = version_name(body.number(2))
        side.random = body.take(32)
        body.vector(1)
        suites = numbers(body.vector(2))
        yield f"up to {version}, {counted(len(suites), 'suite')}"
        body.vector(1)
        yield from self._extensions(body)

    def _extensions(self, body: Cursor) -> Iterator[str]:
        extensions = Cursor(body.vector(2) if body else b"")
        while extensions:
            kind, content = extensions.number(2), Cursor(extensions.vector(2))
            if kind == SERVER_NAME:
                names = Cursor(content.vector(2))
                names.number(1)
                yield f"server_name {printable(names.vector(2).decode('latin-1'))}"
            elif kind == CURVES:
                yield f"curves {', '.join(map(group, numbers(content.vector(2))))}"
            elif kind == ALGORITHMS:
                yield f"signatures {', '.join(map(algorithm, numbers(content.vector(2))))}"

    def server_hello(self, side: _Side, body: Cursor) -> Iterator[str]:
        """What the server chose."""
        version, side.random = body.number(2), body.take(32)
        body.vector(1)
        suite = body.number(2)
        self.version, self.suite = VERSIONS.get(version), BY_CODE.get(suite)
        yield version_name(version)
        yield self.suite.name if self.suite else f"suite 0x{suite:04x}, not of Table 2"

    def certificate(self, side: _Side, body: Cursor) -> Iterator[str]:
        """A chain, the sender's own first."""
        chain = Cursor(body.vector(3))
        if not chain:
            yield "none"
        while chain:
            der = chain.vector(3)
            try:
                found = x509.load_der_x509_certificate(der)
                key = key_text(public_key(found))
                yield f"{distinguished_name(subject(found))}: {key}, {digest(found)}"
            except ValueError:
                yield f"a certificate of {len(der)} bytes that cannot be read"

    def server_key_exchange(self, side: _Side, body: Cursor) -> Iterator[str]:
        """The server's key for this session, signed by its certificate."""
        named = body.number(1) == 3
        if not named or self.suite is None or self.suite.key_exchange is not KeyExchange.ECDHE:
            return
        yield f"ECDHE key on {group(body.number(2))}"
        body.vector(1)
        yield f"signed by {self._signature(body)}"

    def _signature(self, body: Cursor) -> str:
        """Before TLS 1.2 the kind of key decides (RFC 4346 7.4.3, RFC 8422 5.4)."""
        if self.version is Version.TLS1_2:
            return algorithm(body.number(2))
        kind = self.suite.auth if self.suite else ""
        return "RSA with MD5 and SHA-1" if kind == "RSA" else f"{kind} with SHA-1"

    def certificate_request(self, side: _Side, body: Cursor) -> Iterator[str]:
        """What the server takes from a client."""
        kinds = [CERTIFICATE_TYPES.get(kind, f"type {kind}") for kind in body.vector(1)]
        yield f"keys {', '.join(kinds)}"
        if self.version is Version.TLS1_2:
            yield f"{counted(len(body.vector(2)) // 2, 'signature algorithm')}"
        authorities = Cursor(body.vector(2))
        while authorities:
            name = authorities.vector(2)
            try:
                yield f"CA {distinguished_name(_name(Cursor(name)))}"
            except (Truncated, ValueError):
                yield f"CA of {len(name)} bytes that cannot be read"

    def client_key_exchange(self, side: _Side, body: Cursor) -> Iterator[str]:
        """The client's part of the secret."""
        kind = self.suite.key_exchange if self.suite else None
        if kind is KeyExchange.RSA:
            yield "premaster secret, encrypted for the server's RSA key"
        elif kind is not None:
            yield f"{KeyExchange.ECDHE} key, a point of {len(body.vector(1))} bytes"

    def certificate_verify(self, side: _Side, body: Cursor) -> Iterator[str]:
        """The client's proof that its key is its own."""
        if self.version is Version.TLS1_2:
            yield f"signed by {algorithm(body.number(2))}"

    def finished(self, side: _Side, body: Cursor) -> Iterator[str]:
        """The first message under the new keys."""
        side.finished = True
        yield "confirms all messages before it"


def _nothing(conversation: Conversation, side: _Side, body: Cursor) -> Iterator[str]:
    return iter(())


def _der(data: Cursor) -> Cursor:
    """What a DER value holds, whatever its type."""
    data.number(1)
    size = data.number(1)
    return Cursor(data.take(data.number(size & 0x7F) if size & 0x80 else size))


def _oid(data: Cursor) -> x509.ObjectIdentifier:
    first = data.number(1)
    arcs, arc = [first // 40, first % 40], 0
    while data:
        byte = data.number(1)
        arc = arc << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(arc)
            arc = 0
    return x509.ObjectIdentifier(".".join(map(str, arcs)))


def _name(data: Cursor) -> x509.Name:
    """A distinguished name by itself, which `cryptography` does not read."""
    attributes: list[x509.NameAttribute[str]] = []
    parts = _der(data)
    while parts:
        pairs = _der(parts)
        while pairs:
            pair = _der(pairs)
            kind, value = _oid(_der(pair)), _der(pair).rest().decode()
            attributes.append(x509.NameAttribute(kind, value))
    return x509.Name(attributes)


Reader = Callable[[Conversation, _Side, Cursor], Iterator[str]]
READERS: dict[int, tuple[str, Reader]] = {
    0: ("HelloRequest", _nothing),
    1: ("ClientHello", Conversation.client_hello),
    2: ("ServerHello", Conversation.server_hello),
    4: ("NewSessionTicket", _nothing),
    11: ("Certificate", Conversation.certificate),
    12: ("ServerKeyExchange", Conversation.server_key_exchange),
    13: ("CertificateRequest", Conversation.certificate_request),
    14: ("ServerHelloDone", _nothing),
    15: ("CertificateVerify", Conversation.certificate_verify),
    16: ("ClientKeyExchange", Conversation.client_key_exchange),
    20: ("Finished", Conversation.finished),
    22: ("CertificateStatus", _nothing),
}
"""RFC 5246 7.4 HandshakeType, and what reads each."""
