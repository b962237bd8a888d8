"""spwf.at: bytes to events, whole and in pieces."""

import random
from collections.abc import Iterator

import pytest

from spwf.at import Event, Indication, Noise, Parser, Reply

WIND_55 = b"\r\n+WIND:55:Pending Data:0:ENC\r\n"
WIND_2 = b"\r\n+WIND:2:RESET\r\n"
END = b"\r\nOK\r\n"

# What was asked, whether SOCKQ had said that the bytes are there, and what came: one row for each
# form of at-reference 2.3 and for each thing that can stand next to it.
STREAMS = {
    "ok": ("AT", False, END),
    "error": ("AT+S.NO", False, b"\r\nERROR: Command not found\r\n"),
    "error without text": ("AT+S.NO", False, b"\r\nERROR: \r\n"),
    "id": ("AT+S.SOCKON=h,1,s", False, b"\r\n ID: 00\r\n" + END),
    "id of the note": ("AT+S.SOCKON=h,1,s", False, b"\r\n  ID: 00\r\n" + END),
    "datalen": ("AT+S.SOCKQ=00", False, b"\r\n DATALEN: 483\r\n" + END),
    "setting": ("AT+S.GCFG=user_desc", False, b"\r\n#  user_desc = a = b\r\n" + END),
    "setting, no lead": ("AT+S.GCFG=user_desc", False, b"#  user_desc = x\r\n" + END),
    "dump": ("AT&V", False, b"\r\n#  a = 1\r\n#  b = \r\n#  c = \xff\r\n" + END),
    "echo": ("AT+S.STS=x", False, b"AT+S.STS=x\r\r\n#  x = 1\r\n" + END),
    "echo of a line end": ("AT", False, b"AT\r\n" + END),
    "late indication": ("AT", False, WIND_55 + END),
    "reset": ("AT+CFUN=1", False, WIND_55 + WIND_2 + b"\r\n+WIND:0:Console active\r\n"),
    "reset, echoed": ("AT+CFUN=1", False, b"AT+CFUN=1\r" + WIND_2),
    "reset, hidden": ("AT+CFUN=0", False, b"\r\n+WIND:1:Poweron (x)\r\n"),
    "power state": ("AT+CFUN=3", False, END),
    "body": ("AT+S.SOCKR=00,5", True, b"he\r\nl" + END + WIND_55),
    "body, unannounced": ("AT+S.SOCKR=00,5", False, b"he\r\nl" + END + WIND_55),
    "body of a line end": ("AT+S.SOCKR=0,2", False, b"\r\n" + END),
    "body that ends early": ("at+s.sockr=0,12", True, END + END + END),
    "body like an error": ("AT+S.SOCKR=0,13", True, b"\r\nERROR: no\r\n" + END),
    "body like an indication": ("AT+S.SOCKR=0,31", True, WIND_55 + END),
    "body after an indication": ("AT+S.SOCKR=0,4", True, WIND_55 + WIND_55 + b"\r\n+W" + END),
    "body after the same": ("AT+S.SOCKR=0,31", True, WIND_55 + WIND_55 + END),
    "body after the echo": ("AT+S.SOCKR=0,3", True, b"AT+S.SOCKR=0,3\rabc" + END),
    "body after echo and wind": ("AT+S.SOCKR=0,3", False, WIND_55 + b"AT+S.SOCKR=0,3\rabc" + END),
    "empty body": ("AT+S.SOCKR=0,0", False, END),
    "short of data": ("AT+S.SOCKR=0,9", False, b"\r\nERROR: Not enough data in buffer\r\n"),
    "short, after a wind": ("AT+S.SOCKR=0,99", False, WIND_55 + b"\r\nERROR: Not enough\r\n"),
    "SOCKR without a size": ("AT+S.SOCKR=0", False, b"\r\nERROR: Missing argument(s)\r\n"),
    "body that does not fit": ("AT+S.SOCKR=0,3", True, b"abcdefghijkl\r\n" + END),
    "noise": ("", False, b"\x00\x7f\r\n" + WIND_55 + END),
    "no number": ("", False, b"\r\n+WIND:x:y\r\n\r\n+WIND:5\r\n"),
}


def parse(command: str, available: bool, pieces: Iterator[bytes] | list[bytes]) -> list[Event]:
    parser = Parser()
    if command:
        parser.expect(command, available=available)
    return [event for piece in pieces for event in parser.feed(piece)]


def events_of(name: str) -> list[Event]:
    command, available, stream = STREAMS[name]
    return parse(command, available, [stream])


def reply_of(name: str) -> Reply:
    (reply,) = (event for event in events_of(name) if isinstance(event, Reply))
    return reply


@pytest.mark.parametrize("name", STREAMS)
def test_a_cut_at_any_byte_gives_the_same_events(name: str) -> None:
    command, available, stream = STREAMS[name]
    whole = parse(command, available, [stream])
    for at in range(len(stream) + 1):
        assert parse(command, available, [stream[:at], stream[at:]]) == whole


@pytest.mark.parametrize("name", STREAMS)
def test_single_bytes_and_random_pieces_give_the_same_events(name: str) -> None:
    command, available, stream = STREAMS[name]
    whole = parse(command, available, [stream])
    assert parse(command, available, [bytes([byte]) for byte in stream]) == whole
    dice = random.Random(name)
    for _ in range(100):
        cuts = sorted(dice.choices(range(len(stream) + 1), k=5))
        pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
        assert parse(command, available, pieces) == whole


@pytest.mark.parametrize("name", STREAMS)
def test_every_byte_of_the_stream_belongs_to_one_event(name: str) -> None:
    command, available, stream = STREAMS[name]
    parser = Parser()
    if command:
        parser.expect(command, available=available)
    assert b"".join(event.raw for event in parser.feed(stream)) + parser.pending == stream


def test_random_bodies_survive_whatever_they_look_like() -> None:
    dice = random.Random(4683)
    parts = [b"\r", b"\n", b"\r\n", END, b"\r\nERROR: x\r\n", WIND_55, b"AT", b"x", b"\x00"]
    for _ in range(500):
        body = b"".join(dice.choices(parts, k=dice.randrange(6)))
        parser = Parser()
        parser.expect(f"AT+S.SOCKR=0,{len(body)}", available=True)
        (reply,) = parser.feed(body + END)
        assert isinstance(reply, Reply)
        assert reply.body == body


def test_reply_has_lines_error_and_value() -> None:
    assert reply_of("ok") == Reply("AT", (), None, b"", END)
    assert reply_of("error").error == "Command not found"
    assert reply_of("error without text").error == ""
    assert reply_of("id").lines == (" ID: 00",)
    assert reply_of("id").value == reply_of("id of the note").value == "00"
    assert reply_of("datalen").value == "483"
    assert reply_of("setting").value == "a = b"
    assert reply_of("setting, no lead").value == "x"
    assert reply_of("dump").lines == ("#  a = 1", "#  b = ", "#  c = \udcff")
    assert reply_of("echo").lines == ("#  x = 1",)
    assert reply_of("echo of a line end").lines == ()


def test_body_is_counted() -> None:
    assert reply_of("body").body == b"he\r\nl"
    assert reply_of("body").raw == b"he\r\nl" + END
    assert reply_of("body, unannounced").body == b"he\r\nl"
    assert reply_of("body that ends early").body == END + END
    assert reply_of("body like an error").body == b"\r\nERROR: no\r\n"
    assert reply_of("body like an indication").body == WIND_55
    assert reply_of("body after the same").body == WIND_55
    assert reply_of("body after the echo").body == b"abc"
    assert reply_of("body after echo and wind").body == b"abc"
    assert reply_of("empty body").body == b""


def test_short_body_is_an_error_where_nothing_was_announced() -> None:
    assert reply_of("short of data").error == "Not enough data in buffer"
    assert reply_of("short, after a wind").error == "Not enough"
    assert reply_of("SOCKR without a size").error == "Missing argument(s)"


def test_body_that_does_not_fit_is_noise() -> None:
    (event,) = parse("AT+S.SOCKR=0,3", True, [b"abcdefghijkl"])
    assert event == Noise(b"abcdefghi")


def test_indications_keep_their_order_around_a_reply() -> None:
    kinds = [type(event) for event in events_of("body after an indication")]
    assert kinds == [Indication, Indication, Reply]
    assert [type(event) for event in events_of("body")] == [Reply, Indication]


def test_reset_is_answered_by_the_first_indication_of_the_boot() -> None:
    kinds = [type(event) for event in events_of("reset")]
    assert kinds == [Indication, Reply, Indication, Indication]
    assert [type(event) for event in events_of("reset, hidden")] == [Reply, Indication]
    assert reply_of("reset, echoed").raw == b"AT+CFUN=1\r"


def test_indication_has_fields_and_a_socket() -> None:
    pending = Indication(55, "Pending Data:3:ENC", b"")
    assert pending.fields == ("Pending Data", "3", "ENC")
    assert pending.socket == 3
    assert Indication(58, "Socket Closed:7", b"").socket == 7
    assert Indication(24, "WiFi Up:192.168.1.5", b"").socket is None
    assert Indication(58, "Socket Closed", b"").socket is None


def test_what_is_neither_reply_nor_indication_is_noise() -> None:
    events = events_of("noise")
    assert events == [
        Noise(b"\x00\x7f\r\n"),
        Indication(55, "Pending Data:0:ENC", WIND_55),
        Noise(END),
    ]
    assert [type(event) for event in events_of("no number")] == [Noise, Noise]


def test_indication_cut_before_the_command_still_leads_the_body() -> None:
    parser = Parser()
    assert parser.feed(WIND_55[:9]) == []
    parser.expect("AT+S.SOCKR=0,2", available=True)
    event, reply = parser.feed(WIND_55[9:] + b"hi" + END)
    assert isinstance(event, Indication)
    assert isinstance(reply, Reply)
    assert reply.body == b"hi"


def test_wanted_counts_down_to_the_end_of_an_announced_body() -> None:
    parser = Parser()
    assert parser.wanted == 1
    parser.expect("AT+S.SOCKR=0,10", available=True)
    assert parser.wanted == 16
    parser.feed(b"0123")
    assert parser.wanted == 12
    assert parser.waiting
    parser.feed(b"456789" + END)
    assert parser.wanted == 1
    assert not parser.waiting


def test_forgotten_reply_leaves_a_parser_that_starts_afresh() -> None:
    parser = Parser()
    parser.expect("AT")
    parser.feed(b"\r\n#  half")
    assert parser.forget() == b"\r\n#  half"
    assert parser.pending == b""
    parser.expect("AT")
    assert parser.feed(END) == [Reply("AT", (), None, b"", END)]
