"""The 18 rules that decide whether real drivers work [at-ref 1], each where it can be seen."""

import time
from collections.abc import Callable
from typing import Any

import pytest

import spwf

OK = b"\r\nOK\r\n"
WIND_MEDIUM_55 = f"0x{1 << (55 - 32):08X}"

Serve = Callable[..., spwf.Server]


def sockon(peer: Any, rest: bytes = b"t") -> bytes:
    return b"AT+S.SOCKON=%s,%d,%s\r" % (peer.host.encode(), peer.port, rest)


def opened(wire: Any, peer: Any, rest: bytes = b"t") -> None:
    wire.ask(sockon(peer, rest), b"\r\n ID: 00\r\n" + OK)
    assert peer.connection is not None


def test_1_one_space_leads_id_and_datalen(wire: Any, peer: Any) -> None:
    wire.ask(sockon(peer), b"\r\n ID: 00\r\n" + OK)
    wire.ask(b"AT+S.SOCKQ=00\r", b"\r\n DATALEN: 0\r\n" + OK)


def test_2_sockon_tells_two_digits_indications_one(wire: Any, peer: Any) -> None:
    opened(wire, peer, b"t,ind")
    peer.send(b"hello")
    wire.expect(b"\r\n+WIND:55:Pending Data:0:5\r\n")
    peer.close()
    wire.expect(b"\r\n+WIND:58:Socket Closed:0\r\n")


def test_3_ids_are_taken_as_hosts_write_them(wire: Any, peer: Any) -> None:
    opened(wire, peer)
    for number in (b"00", b"0", b" 00", b"  0", b"000"):
        wire.ask(b"AT+S.SOCKQ=" + number + b"\r", b"\r\n DATALEN: 0\r\n" + OK)


def test_4_replies_end_with_ok_or_error_behind_a_line_end(wire: Any) -> None:
    wire.ask(b"AT\r", b"\r\nOK\r\n")
    wire.ask(b"AT+S.NOTHING\r", b"\r\nERROR: Command not found\r\n")
    wire.ask(b"AT+S.GCFG=nothing\r", b"\r\nERROR: Variable not found\r\n")


def test_5_a_blank_line_parts_value_and_ok(wire: Any) -> None:
    wire.ask(b"AT+S.GCFG=user_desc\r", b"\r\n#  user_desc = anonymous\r\n\r\nOK\r\n")
    wire.ask(b"AT+S.SSIDTXT=my net, mine\r")
    wire.ask(b"AT+S.SSIDTXT\r", b"\r\nmy net, mine\r\n\r\nOK\r\n")


def test_5_lists_are_framed_like_one_value(module: spwf.Module) -> None:
    for line in ("AT&V", "AT+S.STS", "AT+S.HELP"):
        reply = module.command(line)
        assert len(reply.lines) > 10
        rows = "".join(f"{row}\r\n" for row in reply.lines).encode()
        assert reply.raw == b"\r\n" + rows + OK
        assert all(row.startswith("#  ") for row in reply.lines)


def test_6_each_indication_has_its_own_line_ends(module: spwf.Module) -> None:
    assert len(module.indications) > 10
    for indication in module.indications:
        expected = f"\r\n+WIND:{indication.number}:{indication.text}\r\n"
        assert indication.raw == expected.encode()


def test_7_no_indication_within_a_command(wire: Any, peer: Any) -> None:
    opened(wire, peer, b"t,ind")
    wire.ask(b"AT\rA")
    assert wire.came(0.1) == b""  # by then the A has come too
    peer.send(b"hello")
    assert wire.came(0.3) == b""
    wire.send(b"T+S.GCFG=user_desc")
    assert wire.came(0.1) == b""
    wire.send(b"\r")
    wire.expect(b"\r\n#  user_desc = anonymous\r\n" + OK)
    wire.expect(b"\r\n+WIND:55:Pending Data:0:5\r\n")


def test_7_an_a_without_t_is_no_command(wire: Any, peer: Any) -> None:
    opened(wire, peer, b"t,ind")
    wire.send(b"Ax")
    peer.send(b"hello")
    wire.expect(b"\r\n+WIND:55:Pending Data:0:5\r\n")


def test_8_sockr_begins_with_the_data(wire: Any, peer: Any) -> None:
    opened(wire, peer, b"t,ind")
    for data in (b"hello", b"\r\nERROR: x\r\n", OK + OK, bytes(range(256))):
        peer.send(data)
        wire.expect(b"\r\n+WIND:55:Pending Data:0:%d\r\n" % len(data))
        wire.ask(b"AT+S.SOCKR=00,%d\r" % len(data), data + OK)


def test_9_echo_is_off_until_it_is_asked_for(wire: Any) -> None:
    wire.ask(b"AT+S.GCFG=localecho1\r", b"\r\n#  localecho1 = 0\r\n" + OK)
    wire.ask(b"AT+S.SCFG=localecho1,1\r", OK)
    wire.ask(b"AT\r", b"AT\r" + OK)
    wire.ask(b"AT+S.SCFG=localecho1,0\r", b"AT+S.SCFG=localecho1,0\r" + OK)
    wire.ask(b"AT\r")


def test_9_echo_never_repeats_data(wire: Any, peer: Any) -> None:
    opened(wire, peer)
    wire.ask(b"AT+S.SCFG=localecho1,1\r")
    wire.ask(b"AT+S.SOCKW=00,5\rhello", b"AT+S.SOCKW=00,5\r" + OK)
    assert peer.receive(5) == b"hello"


def test_9_factory_settings_leave_echo_as_it_is(wire: Any) -> None:
    wire.ask(b"AT&F\r")
    wire.ask(b"AT+S.SCFG=localecho1,1\r")
    wire.ask(b"AT&F\r", b"AT&F\r" + OK)
    wire.ask(b"AT\r", b"AT\r" + OK)


def test_10_masks_act_at_once(wire: Any, peer: Any) -> None:
    opened(wire, peer, b"t,ind")
    wire.ask(b"AT+S.SCFG=wind_off_medium,%s\r" % WIND_MEDIUM_55.encode())
    peer.send(b"hello")
    wire.wait_for_data(5)
    wire.ask(b"AT+S.SCFG=wind_off_medium,0x00000000\r")
    peer.send(b"again")
    wire.expect(b"\r\n+WIND:55:Pending Data:0:10\r\n")
    wire.ask(b"AT+S.SOCKR=00,10\r", b"helloagain" + OK)


def test_11_commands_may_be_sent_without_waiting(wire: Any, peer: Any) -> None:
    opened(wire, peer)
    wire.send(
        b"AT+S.TLSCERT2=clean,all\r"
        b"AT+S.TLSCERT=f_ca,9\rAT\rAT\rAT\r"
        b"AT+S.SOCKW=00,3\rAT\r"
        b"AT+S.GCFG=user_desc\r"
        b"AT+S.NOTHING\r"
        b"AT\r"
    )
    wire.expect(OK + OK + OK + b"\r\n#  user_desc = anonymous\r\n" + OK)
    wire.expect(b"\r\nERROR: Command not found\r\n" + OK)
    assert peer.receive(3) == b"AT\r"


NOISE = (b"\r", b"\n", b"\r\n\r\n", b"\0" * 1024, b"FLUSH", b"-----\n", b"x\x80\xff", b"A A\rA")


def test_12_what_is_no_command_is_ignored(wire: Any) -> None:
    for noise in NOISE:
        wire.ask(noise + b"AT\r")
        wire.ask(b"AT+S.TLSCERT=f_ca,4\rPEM\n" + noise + b"AT\r", OK + OK)


def test_13_data_begins_right_behind_the_cr(wire: Any, peer: Any) -> None:
    opened(wire, peer)
    wire.ask(b"AT+S.SOCKW=00,3\r\nab")
    assert peer.receive(3) == b"\nab"
    wire.ask(b"AT\r\n")
    wire.ask(b"AT\r")


@pytest.mark.parametrize("command", [b"AT+CFUN=1\r", b"AT+CFUN=0\r"])
def test_14_reset_is_answered_by_wind_2_without_ok(wire: Any, command: bytes) -> None:
    wire.ask(command, b"\r\n+WIND:2:RESET\r\n\r\n+WIND:1:Poweron (")
    wire.until(b"\r\n+WIND:0:Console active\r\n")
    wire.until(b"\r\n+WIND:24:WiFi Up:")
    wire.until(b"\r\n")
    wire.ask(b"AT\r")


def test_15_boot_says_what_drivers_wait_for_in_order(module: spwf.Module) -> None:
    module.reset()
    module.wait_for(24)
    boot = [indication for indication in module.indications if indication.number != 46]
    last = max(i for i, indication in enumerate(boot) if indication.number == 2)
    numbers = [indication.number for indication in boot[last:]]
    assert numbers == [2, 1, 13, 3, 0, 32, 21, 35, 19, 25, 51, 24]
    texts = {indication.number: indication.text for indication in boot[last:]}
    assert texts[0] == "Console active"
    assert texts[1].startswith("Poweron (")
    assert "SPWF01S" in texts[1]
    assert texts[32] == "WiFi Hardware Started"


def test_16_no_space_before_the_address(module: spwf.Module) -> None:
    (up,) = (i for i in module.indications if i.number == 24)
    assert up.text == f"WiFi Up:{module.status('ip_ipaddr')}"


def test_17_closed_socket_is_told_and_stays_until_sockc(wire: Any, peer: Any) -> None:
    opened(wire, peer)
    peer.send(b"last words")
    peer.close()
    wire.expect(b"\r\n+WIND:58:Socket Closed:0\r\n")
    wire.ask(b"AT+S.SOCKQ=0\r", b"\r\n DATALEN: 10\r\n" + OK)
    wire.ask(b"AT+S.SOCKC=0\r", b"\r\nERROR: Pending data\r\n")
    wire.ask(b"AT+S.SOCKR=0,10\r", b"last words" + OK)
    wire.ask(b"AT+S.SOCKC=0\r")
    wire.ask(b"AT+S.SOCKC=0\r", b"\r\nERROR: Illegal Socket ID\r\n")


def test_18_reply_and_boot_take_their_time(module: spwf.Module) -> None:
    emulation = module.emulation
    clock = time.monotonic if emulation is None else lambda: emulation.time
    before = clock()
    module.command("AT")
    assert clock() - before >= 0.002
    before = clock()
    module.reset()
    module.wait_for(32)
    assert clock() - before >= 0.1
