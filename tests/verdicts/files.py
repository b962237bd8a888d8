"""Rows about the files themselves: f_ca in one-way mode, f_cert and f_key in mutual (RFC 7468)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from spwf import Slot
from spwf.outcome import Cause

from .chains import OTHER
from .der import oid
from .making import Cert, cert_pem, der, key, key_pem, pem
from .row import CA, DOMAIN, Says

CLIENT_CA = replace(CA, cn="client CA", key="p256 client CA")
CLIENT = Cert("client", issuer=CLIENT_CA, key="p256 client")
CAP = 3072  # bytes of all files together [design 10, "Sizes"]

UNREADABLE = {
    Slot.CA: (Cause.CA_FILE, "Unable to load CA certificate"),
    Slot.CERT: (Cause.CERT_FILE, "Unable to load certificate"),
    Slot.KEY: (Cause.KEY_FILE, "Unable to load key"),
}
TOO_LARGE = "Argument exceeds allowed size"


@dataclass(frozen=True)
class FileRow:
    """One file, and what SOCKON says to it; all else that is loaded is good."""

    slot: Slot
    name: str
    data: Callable[[], bytes]
    rfc: str = "7468 2"
    says: Says = Says.ACCEPT
    cause: Cause = Cause.NONE
    reply: str = ""
    """What the module says behind `ERROR: `; "": it connects."""
    why: str = ""


def good(slot: Slot) -> bytes:
    """What is loaded there where the row says nothing of it."""
    if slot is Slot.CA:
        return cert_pem(CA)
    return cert_pem(CLIENT) if slot is Slot.CERT else key_pem(CLIENT.key)


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


def one_line(data: bytes) -> bytes:
    begin, *lines, end, _ = data.split(b"\n")
    return b"%b\n%b\n%b\n" % (begin, b"".join(lines), end)


def damaged(data: bytes) -> bytes:
    """Still PEM, but of a certificate or key that is none: its outermost length is wrong."""
    begin, first, *rest = data.split(b"\n")
    return b"\n".join([begin, first[:2] + b"AA" + first[4:], *rest])


# What may be done to each of the three files.
CHANGES: tuple[tuple[str, Callable[[bytes], bytes], bool], ...] = (  # name, change, whether good
    ("as it is", lambda data: data, True),
    ("text before it", lambda data: b"subject=CN = CA\nissuer=CN = CA\n" + data, True),
    ("text behind it", lambda data: data + b"the end\n", True),
    ("binary garbage behind it", lambda data: data + b"\x00\xff\x17\r\n", True),
    ("CRLF", lambda data: data.replace(b"\n", b"\r\n"), True),
    ("no last line end", lambda data: data.rstrip(b"\n"), True),
    ("all in one line", one_line, True),
    ("cut in the middle", lambda data: cut(data, 0.5), False),
    ("the last line is missing", lambda data: data[: data.index(b"-----END")], False),
    ("the first line is missing", lambda data: data[data.index(b"\n") + 1 :], False),
    ("only the first line", lambda data: data[: data.index(b"\n") + 1], False),
    ("no PEM", lambda data: b"hello\n", False),
    ("a character that is not of base64", lambda data: data.replace(b"\nM", b"\n!", 1), False),
    ("damaged within", damaged, False),
)


def changed(slot: Slot) -> list[FileRow]:
    rows = []
    for name, change, fine in CHANGES:

        def data(change: Callable[[bytes], bytes] = change) -> bytes:
            return change(good(slot))

        if fine:
            rows.append(FileRow(slot, name, data))
        else:
            rows.append(FileRow(slot, name, data, "7468 2", Says.REFUSE, *UNREADABLE[slot]))
    return rows


def refused(slot: Slot, name: str, rfc: str, data: Callable[[], bytes], why: str = "") -> FileRow:
    return FileRow(slot, name, data, rfc, Says.REFUSE, *UNREADABLE[slot], why)


def private(encoding: Encoding, form: PrivateFormat, secret: bytes = b"") -> bytes:
    kind = BestAvailableEncryption(secret) if secret else NoEncryption()
    return key(CLIENT.key).private_bytes(encoding, form, kind)


def padded(size: int) -> bytes:
    """A CA file of so many bytes."""
    return cert_pem(CA).rjust(size, b"#")


P256 = oid("1.2.840.10045.3.1.7")
PKCS8, SEC1 = PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL

ROWS = [
    *changed(Slot.CA),
    refused(Slot.CA, "DER", "7468 2", lambda: der(CA)),
    refused(Slot.CA, "a private key", "7468 5.1", lambda: key_pem(CA.key)),
    FileRow(Slot.CA, "two", lambda: cert_pem(OTHER, CA), "7468 5.1"),
    FileRow(Slot.CA, "a key, and then the CA", lambda: key_pem("p256 x") + cert_pem(CA)),
    FileRow(
        Slot.CA,
        f"{CAP} bytes, f_domain counted",
        lambda: padded(CAP - len(DOMAIN)),
        "7468 5.2",
    ),
    FileRow(
        Slot.CA,
        f"{CAP + 1} bytes",
        lambda: padded(CAP + 1),
        "7468 5.2",
        Says.MAY,
        Cause.NONE,
        TOO_LARGE,
        "the note's limit; TLSCERT says so",
    ),
    FileRow(
        Slot.CA,
        "good, and a second one that is cut",
        lambda: cert_pem(CA) + cut(cert_pem(OTHER), 0.5),
        "7468 5.1",
        Says.MAY,
        why="what comes before it is loaded",
    ),
    *changed(Slot.CERT),
    refused(Slot.CERT, "DER", "7468 2", lambda: der(CLIENT)),
    FileRow(Slot.CERT, "with its CA behind it", lambda: cert_pem(CLIENT, CLIENT_CA), "5246 7.4.6"),
    FileRow(
        Slot.CERT,
        "of another key",
        lambda: cert_pem(replace(CLIENT, key="p256 other")),
        "5246 7.4.8",
        Says.REFUSE,
        Cause.PAIR,
        "SSL/TLS unable to connect",
    ),
    *changed(Slot.KEY),
    refused(Slot.KEY, "DER", "7468 2", lambda: private(Encoding.DER, PKCS8)),
    FileRow(Slot.KEY, "PKCS #8", lambda: private(Encoding.PEM, PKCS8), "7468 10"),
    refused(
        Slot.KEY, "PKCS #8, encrypted", "7468 11", lambda: private(Encoding.PEM, PKCS8, b"secret")
    ),
    refused(
        Slot.KEY, "SEC 1, encrypted", "1421 4.6.1.1", lambda: private(Encoding.PEM, SEC1, b"secret")
    ),
    FileRow(
        Slot.KEY,
        "its parameters before it",
        lambda: pem(P256, "EC PARAMETERS") + key_pem(CLIENT.key),
        "5915 4",
    ),
    FileRow(
        Slot.KEY,
        "of another certificate",
        lambda: key_pem("p256 other"),
        "5246 7.4.8",
        Says.REFUSE,
        Cause.PAIR,
        "SSL/TLS unable to connect",
    ),
    refused(Slot.KEY, "a certificate", "7468 10", lambda: cert_pem(CLIENT)),
    refused(Slot.KEY, "a public key", "7468 13", lambda: pem(der(CLIENT), "PUBLIC KEY")),
]
