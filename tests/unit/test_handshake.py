"""The messages of TLS: whatever comes, something is shown and nothing raises."""

import random

import pytest

from spwf.handshake import Conversation, Message

RANDOM = bytes(range(32))
SUITES = bytes.fromhex("c027002f")
CURVES = bytes.fromhex("000a0006000400170018")  # P-256, P-384
NAME = bytes.fromhex("0000000e000c000009") + b"my.st.com"
ALGORITHMS = bytes.fromhex("000d00060004 04030401".replace(" ", ""))


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size) + data


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


def record(kind: int, content: bytes) -> bytes:
    return bytes([kind, 3, 3]) + vector(2, content)


HELLO = message(
    1,
    b"\3\3" + RANDOM + b"\0" + vector(2, SUITES) + b"\1\0" + vector(2, NAME + CURVES + ALGORITHMS),
)
ANSWER = message(2, b"\3\3" + RANDOM + b"\0" + b"\xc0\x27" + b"\0")
KEY = message(12, b"\3\0\x17" + vector(1, b"\4" + bytes(64)) + b"\4\1" + vector(2, bytes(128)))
DONE = message(14, b"")
CHANGE = record(20, b"\1")
SEALED = record(22, bytes(64))


def read(*pieces: tuple[bool, bytes]) -> list[Message]:
    conversation = Conversation()
    found = [each for ours, data in pieces for each in conversation.feed(ours, data, 7)]
    return found + list(conversation.rest())


def test_a_client_hello_tells_what_the_client_can_do() -> None:
    (hello,) = read((True, record(22, HELLO)))
    assert (hello.name, hello.size, hello.ours, hello.time) == ("ClientHello", len(HELLO), True, 7)
    assert hello.details == (
        "up to TLSv1.2, 2 suites",
        "server_name my.st.com",
        "curves P-256, P-384",
        "signatures ECDSA with SHA-256, RSA with SHA-256",
    )


def test_a_server_chooses() -> None:
    flight = record(22, ANSWER) + record(22, KEY) + record(22, DONE)
    hello, key, done = read((False, flight))
    assert hello.details == ("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256")
    assert key.details == ("ECDHE key on P-256", "signed by RSA with SHA-256")
    assert (done.name, done.size) == ("ServerHelloDone", 4)


def test_messages_may_share_a_record_or_take_several() -> None:
    flight = ANSWER + KEY + DONE
    names = ["ServerHello", "ServerKeyExchange", "ServerHelloDone"]
    assert [each.name for each in read((False, record(22, flight)))] == names
    cut = b"".join(record(22, flight[at : at + 10]) for at in range(0, len(flight), 10))
    assert [each.name for each in read((False, cut))] == names


def test_single_bytes_make_no_difference() -> None:
    data = record(22, HELLO) + CHANGE + SEALED + record(23, bytes(32))
    assert read(*((True, data[at : at + 1]) for at in range(len(data)))) == read((True, data))


def test_without_secrets_what_is_encrypted_keeps_its_kind_and_size() -> None:
    found = read((True, CHANGE + SEALED + record(23, bytes(48)) + record(21, bytes(32))))
    assert [(each.name, each.size, each.encrypted, each.details) for each in found] == [
        ("ChangeCipherSpec", 1, False, ()),
        ("Finished", 64, True, ()),
        ("application data", 48, True, ()),
        ("Alert", 32, True, ()),
    ]


@pytest.mark.parametrize(
    ("content", "details", "alarm"),
    [
        (b"\2\x28", "fatal: handshake_failure", True),
        (b"\1\0", "warning: close_notify", False),
        (b"\2\xee", "fatal: alert 238", True),
    ],
)
def test_an_alert_has_its_name(content: bytes, details: str, alarm: bool) -> None:
    (alert,) = read((False, record(21, content)))
    assert (alert.name, alert.details, alert.alarm) == ("Alert", (details,), alarm)


def test_what_is_not_tls_is_shown() -> None:
    (strange,) = read((False, b"HTTP/1.1 400 Bad Request\r\n"))
    assert (strange.name, strange.alarm) == ("no TLS", True)
    assert strange.details == ("'HTTP/1.1 400 Bad Request\\r\\n'",)


def test_what_was_never_completed_is_shown() -> None:
    (part,) = read((False, record(22, ANSWER)[:-1]))
    assert (part.name, part.size) == ("part of a record", len(ANSWER) + 4)
    (part,) = read((False, record(22, ANSWER[:-1])))
    assert part.name == "part of a message"


def test_a_certificate_that_is_none_is_counted() -> None:
    body = vector(3, vector(3, b"no DER") + vector(3, b""))
    (certificate,) = read((False, record(22, message(11, body))))
    assert certificate.details == (
        "a certificate of 6 bytes that cannot be read",
        "a certificate of 0 bytes that cannot be read",
    )


def test_no_garbage_raises() -> None:
    """Every byte changed, every end cut, and noise in the form of records."""
    data = record(22, HELLO) + record(22, ANSWER + KEY + DONE) + CHANGE + SEALED
    chance = random.Random(5)
    for at in range(len(data)):
        read((False, data[:at]))
        read((False, data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]))
    for _ in range(300):
        kind = chance.choice((1, 2, 4, 11, 12, 13, 14, 15, 16, 20, 99))
        noise = message(kind, chance.randbytes(chance.randrange(80)))
        found = read((True, record(22, HELLO)), (False, record(22, ANSWER) + record(22, noise)))
        assert len(found) >= 2
