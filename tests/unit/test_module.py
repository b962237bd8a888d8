"""spwf.module and spwf.connection on a port that says what a test wants."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest

import spwf
from spwf.transcript import escape

OK = b"\r\nOK\r\n"
WIND_55 = b"\r\n+WIND:55:Pending Data:0:ENC\r\n"
WIND_58 = b"\r\n+WIND:58:Socket Closed:0\r\n"
NOTHING = b"\r\n DATALEN: 0\r\n" + OK


def datalen(size: int) -> bytes:
    return b"\r\n DATALEN: %d\r\n" % size + OK


class Script:
    """A port without a module: it answers each write as `replies` says, else with OK."""

    def __init__(self) -> None:
        self.replies: dict[bytes, list[bytes]] = {}
        self.sent: list[bytes] = []
        self.output = b""
        self.timeout: float | None = None
        self.closed = False

    @property
    def in_waiting(self) -> int:
        return len(self.output)

    def read(self, size: int, /) -> bytes:
        if not self.output:
            threading.Event().wait(self.timeout)
        data, self.output = self.output[:size], self.output[size:]
        return data

    def write(self, data: bytes, /) -> int:
        self.sent.append(data)
        replies = self.replies.get(data.partition(b"\r")[0])
        self.output += OK if replies is None else replies.pop(0) if replies else b""
        return len(data)

    def close(self) -> None:
        self.closed = True

    def says(self, command: bytes, *replies: bytes) -> None:
        """To these commands, one after the other; then to none."""
        self.replies[command] = list(replies)


@pytest.fixture
def port() -> Script:
    return Script()


@pytest.fixture
def module(port: Script) -> spwf.Module:
    return spwf.Module(port, timeout=0.2)


@pytest.fixture
def connect(module: spwf.Module, port: Script) -> Callable[..., spwf.Socket]:
    """Opens socket 0."""

    def connect(*, secure: bool = True, indicate: bool = False) -> spwf.Socket:
        kind = ("s" if secure else "t") + (",ind" if indicate else "")
        port.says(f"AT+S.SOCKON=host,1,{kind}".encode(), b"\r\n ID: 00\r\n" + OK)
        return module.connect("host", 1, secure=secure, indicate=indicate)

    return connect


# ---- the conversation ---------------------------------------------------------------------------


def test_error_is_raised_with_the_words_of_the_module(module: spwf.Module, port: Script) -> None:
    port.says(b"AT+S.X", b"\r\nERROR: Command not found\r\n", b"\r\nERROR: Command not found\r\n")
    with pytest.raises(spwf.ModuleError, match=r"AT\+S\.X: Command not found"):
        module.command("AT+S.X")
    assert module.command("AT+S.X", check=False).error == "Command not found"


def test_missing_reply_shows_what_came_and_leaves_a_module(
    module: spwf.Module, port: Script
) -> None:
    port.says(b"AT+S.STS", b"\r\n#  ver")
    with pytest.raises(spwf.ReplyTimeout, match=r"AT\+S\.STS in 0\.2 s.*\\r\\n#  ver"):
        module.command("AT+S.STS")
    assert module.command("AT").raw == OK


def test_missing_reply_says_that_nothing_came(module: spwf.Module, port: Script) -> None:
    port.says(b"AT")
    with pytest.raises(spwf.ReplyTimeout, match="what came: nothing"):
        module.command("AT", timeout=0.05)


def test_late_reply_is_told_as_what_it_is(module: spwf.Module, port: Script) -> None:
    port.says(b"AT")
    with pytest.raises(spwf.ReplyTimeout):
        module.command("AT", timeout=0.05)
    port.output += OK
    with pytest.raises(spwf.ReplyTimeout):
        module.wait_for(55, timeout=0.05)
    with pytest.raises(spwf.Desync, match=r"\\r\\nOK\\r\\n"):
        module.command("AT&W")
    assert module.command("AT&W").raw == OK


def test_body_that_does_not_fit_is_a_desync(module: spwf.Module, port: Script) -> None:
    port.says(b"AT+S.SOCKR=00,3", b"abcdefghi")
    with pytest.raises(spwf.Desync, match="abcdefghi"):
        module.command("AT+S.SOCKR=00,3", available=True)


def test_what_no_module_can_take_is_not_sent(module: spwf.Module, port: Script) -> None:
    with pytest.raises(ValueError, match="one line"):
        module.command("AT\rAT")
    with pytest.raises(ValueError, match="at most 4096 bytes, not 4097"):
        module.command("AT+S.SOCKW=00,4097", b"x" * 4097)
    assert port.sent == []


def test_indications_are_kept_whenever_they_come(module: spwf.Module, port: Script) -> None:
    port.says(b"AT", WIND_55 + OK + WIND_58 + WIND_55)
    module.command("AT")
    assert [indication.number for indication in module.indications] == [55, 58, 55]
    assert module.wait_for(58).socket == 0
    assert module.wait_for(55).raw == WIND_55
    assert module.wait_for(55).raw == WIND_55
    with pytest.raises(spwf.ReplyTimeout, match=r"no \+WIND:55 in 0\.05 s; what else came: none"):
        module.wait_for(55, timeout=0.05)


def test_missing_indication_shows_the_others(module: spwf.Module, port: Script) -> None:
    port.output = WIND_58
    with pytest.raises(spwf.ReplyTimeout, match="what else came: 58:Socket Closed:0"):
        module.wait_for(24, timeout=0.1)


def test_reset_forgets_what_came_before(module: spwf.Module, port: Script) -> None:
    console = b"\r\n+WIND:0:Console active\r\n"
    port.output = console
    port.says(b"AT+CFUN=1", b"\r\n+WIND:2:RESET\r\n" + console)
    module.command("AT")
    module.reset()
    with pytest.raises(spwf.ReplyTimeout):
        module.wait_for(0, timeout=0.05)


def test_greeting_survives_noise_and_late_answers(port: Script) -> None:
    port.says(b"AT", b"+WIND:3:Watch", b"dog\r\n" + OK + OK)
    module = spwf.Module(port, timeout=5)
    module.greet()
    assert port.sent == [b"AT\r"] * 2
    assert module.command("AT&W").raw == OK


def test_greeting_loses_nothing_of_an_indication_that_is_under_way(port: Script) -> None:
    console, hardware = (b"\r\n+WIND:%b\r\n" % text for text in (b"0:Console active", b"32:WiFi"))
    for cut in range(len(hardware)):
        port.output = console + hardware[:cut]
        port.says(b"AT", hardware[cut:] + OK)
        module = spwf.Module(port, timeout=5)
        module.wait_for(0)
        module.greet()
        assert [indication.raw for indication in module.indications] == [console, hardware]
        assert module.transcript.heard == console + hardware + OK


def test_greeting_of_nobody_says_so(port: Script) -> None:
    port.says(b"AT")
    with pytest.raises(spwf.ReplyTimeout, match="no module answers AT"):
        spwf.Module(port, timeout=0).greet()


def test_transcript_is_exact_and_keeps_secrets(module: spwf.Module, port: Script) -> None:
    psk = b"\r\n#  wifi_wpa_psk_text = my secret\r\n" + OK
    port.says(b"AT+S.GCFG=wifi_wpa_psk_text", psk)
    port.says(b"AT", WIND_55 + OK)
    module.load(spwf.Slot.CA, b"public\r\n")
    module.load(spwf.Slot.KEY, b"private key")
    module.load(spwf.Slot.RAM_KEY, b"private key, too")
    module.config["wifi_wpa_psk_text"] = "my secret"
    assert module.config["wifi_wpa_psk_text"] == "my secret"
    module.command("AT")
    assert [f"{entry.direction} {escape(entry.data)}" for entry in module.transcript] == [
        r"> AT+S.TLSCERT=f_ca,8\r",
        r"> public\r\n",
        r"< \r\nOK\r\n",
        r"> AT+S.TLSCERT=f_key,11\r",
        r"> <11 bytes>",
        r"< \r\nOK\r\n",
        r"> AT+S.TLSCERT=key,16\r",
        r"> <16 bytes>",
        r"< \r\nOK\r\n",
        r"> AT+S.SCFG=wifi_wpa_psk_text,<9 bytes>\r",
        r"< \r\nOK\r\n",
        r"> AT+S.GCFG=wifi_wpa_psk_text\r",
        r"< \r\n#  wifi_wpa_psk_text = <9 bytes>\r\n\r\nOK\r\n",
        r"> AT\r",
        r"< \r\n+WIND:55:Pending Data:0:ENC\r\n",
        r"< \r\nOK\r\n",
    ]
    assert str(module.transcript).count("\n") == 15
    times = [entry.time for entry in module.transcript]
    assert times == sorted(times)


def test_long_entry_is_shown_in_part(module: spwf.Module, port: Script) -> None:
    module.load(spwf.Slot.CA, b"\\" * 1000)
    shown = str(list(module.transcript)[1])
    assert "...<1000 bytes>..." in shown
    assert len(shown) < 500


def test_wrong_use_is_told_before_anything_is_sent(module: spwf.Module, port: Script) -> None:
    with pytest.raises(ValueError, match="time zone"):
        module.set_time(datetime(2015, 5, 7))
    with pytest.raises(ValueError, match="set_domain"):
        module.load(spwf.Slot.DOMAIN, b"name")
    with pytest.raises(ValueError, match="f_domain or domain"):
        module.set_domain("name", spwf.Slot.CA)
    assert port.sent == []


def test_clean_without_slots_cleans_the_flash(module: spwf.Module, port: Script) -> None:
    module.clean()
    module.clean(spwf.Slot.CA, spwf.Slot.RAM_KEY)
    assert port.sent == [
        b"AT+S.TLSCERT2=clean,all\r",
        b"AT+S.TLSCERT2=clean,f_ca\r",
        b"AT+S.TLSCERT2=clean,key\r",
    ]


def test_join_gives_the_commands_of_the_note(module: spwf.Module, port: Script) -> None:
    port.says(b"AT+CFUN=1", b"\r\n+WIND:2:RESET\r\n\r\n+WIND:24:WiFi Up:10.0.0.7\r\n")
    assert module.join("my net", "my, secret") == "10.0.0.7"
    assert port.sent == [
        b"AT+S.SCFG=wifi_mode,0\r",
        b"AT+S.SCFG=wifi_priv_mode,2\r",
        b"AT+S.SSIDTXT=my net\r",
        b"AT+S.SCFG=wifi_wpa_psk_text,my, secret\r",
        b"AT+S.SCFG=wifi_mode,1\r",
        b"AT&W\r",
        b"AT+CFUN=1\r",
    ]


def test_module_closes_its_port(port: Script) -> None:
    with spwf.Module(port) as module:
        assert module.emulation is None
    assert port.closed


# ---- sockets ------------------------------------------------------------------------------------


def test_sockon_without_an_id_is_a_desync(module: spwf.Module, port: Script) -> None:
    with pytest.raises(spwf.Desync, match="without a socket"):
        module.connect("host", 1)


@pytest.mark.parametrize(("secure", "sizes"), [(True, [3072, 928]), (False, [730] * 5 + [350])])
def test_write_cuts_what_is_too_long(
    connect: Callable[..., spwf.Socket], port: Script, secure: bool, sizes: list[int]
) -> None:
    socket = connect(secure=secure)
    port.sent.clear()
    socket.write(b"x" * 4000)
    assert port.sent == [b"AT+S.SOCKW=00,%d\r" % size + b"x" * size for size in sizes]


def test_read_until_keeps_what_lies_behind(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect()
    port.says(b"AT+S.SOCKQ=00", NOTHING, datalen(4), datalen(7), datalen(2))
    port.says(b"AT+S.SOCKR=00,4", b"one\r" + OK)
    port.says(b"AT+S.SOCKR=00,7", b"\ntwo\r\nx" + OK)
    assert socket.read_until(b"\r\n") == b"one\r\n"
    assert socket.read(2) == b"tw"
    assert socket.pending() == 4 + 2
    assert socket.read_until(b"\n") == b"o\r\n"


def test_data_that_looks_like_an_error_is_data(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect()
    data = b"\r\nERROR: x\r\n"
    port.says(b"AT+S.SOCKQ=00", datalen(len(data)))
    port.says(b"AT+S.SOCKR=00,12", data + OK)
    assert socket.read(12) == data


def test_at_most_3072_bytes_are_read_at_a_time(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect()
    port.says(b"AT+S.SOCKQ=00", datalen(4000), datalen(928))
    port.says(b"AT+S.SOCKR=00,3072", b"x" * 3072 + OK)
    port.says(b"AT+S.SOCKR=00,928", b"y" * 928 + OK)
    assert socket.read(4000) == b"x" * 3072 + b"y" * 928


def test_data_that_does_not_come_is_a_timeout(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect()
    port.says(b"AT+S.SOCKQ=00", datalen(2), *[NOTHING] * 50)
    port.says(b"AT+S.SOCKR=00,2", b"ab" + OK)
    with pytest.raises(spwf.ReplyTimeout, match="3 bytes did not come in time; what came: b'ab'"):
        socket.read(3, timeout=0.1)
    assert socket.read(2) == b"ab"


def test_indicated_data_is_asked_for_when_it_is_indicated(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect(indicate=True)
    port.says(b"AT+S.SOCKQ=00", NOTHING + WIND_55, datalen(2))
    port.says(b"AT+S.SOCKR=00,2", b"ab" + OK)
    port.sent.clear()
    assert socket.read(2) == b"ab"
    assert port.sent == [b"AT+S.SOCKQ=00\r", b"AT+S.SOCKQ=00\r", b"AT+S.SOCKR=00,2\r"]


def test_data_whose_indication_is_hidden_comes_all_the_same(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect(indicate=True)
    port.says(b"AT+S.SOCKQ=00", NOTHING, datalen(2))
    port.says(b"AT+S.SOCKR=00,2", b"ab" + OK)
    assert socket.read(2, timeout=5) == b"ab"


def test_closed_peer_leaves_its_last_data(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect(indicate=True)
    port.output = WIND_58
    port.says(b"AT+S.SOCKQ=00", datalen(2), NOTHING, NOTHING)
    port.says(b"AT+S.SOCKR=00,2", b"ab" + OK)
    with pytest.raises(spwf.PeerClosed, match="before 3 bytes came; what came: b'ab'"):
        socket.read(3)
    assert socket.closed
    assert socket.read(2) == b"ab"


def test_close_reads_what_nobody_has_read(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    socket = connect()
    port.says(b"AT+S.SOCKC=00", b"\r\nERROR: Pending data\r\n", OK)
    port.says(b"AT+S.SOCKQ=00", datalen(2))
    port.says(b"AT+S.SOCKR=00,2", b"ab" + OK)
    socket.close()
    socket.close()
    assert port.sent[-4:] == [
        b"AT+S.SOCKC=00\r",
        b"AT+S.SOCKQ=00\r",
        b"AT+S.SOCKR=00,2\r",
        b"AT+S.SOCKC=00\r",
    ]


def test_close_that_is_refused_does_not_hide_what_went_wrong_before(
    connect: Callable[..., spwf.Socket], port: Script
) -> None:
    port.says(b"AT+S.SOCKC=00", *[b"\r\nERROR: Illegal Socket ID\r\n"] * 2)
    with pytest.raises(KeyError), connect():
        raise KeyError
    with pytest.raises(spwf.ModuleError, match="Illegal Socket ID"), connect():
        pass


def test_new_socket_does_not_inherit_indications(
    module: spwf.Module, connect: Callable[..., spwf.Socket], port: Script
) -> None:
    connect()
    port.output = WIND_58 + WIND_55
    module.command("AT")
    socket = connect()
    assert not socket.closed
    for number in (55, 58):
        with pytest.raises(spwf.ReplyTimeout):
            module.wait_for(number, timeout=0.05)
