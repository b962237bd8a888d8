"""The golden transcripts of at-reference 15 and figures 5 to 7 of the note, byte for byte."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import spwf

OK = b"\r\nOK\r\n"
ID = b"\r\n ID: 00\r\n" + OK
WIND_55 = b"\r\n+WIND:55:Pending Data:0:ENC\r\n"
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
REFUSED = b"\r\nERROR: SSL/TLS unable to connect\r\n"

Serve = Callable[..., spwf.Server]


def now() -> bytes:
    return b"%d" % math.ceil(datetime.now(UTC).timestamp())  # a certificate may be as young as that


def sockon(server: spwf.Server, rest: bytes) -> bytes:
    return b"AT+S.SOCKON=%s,%d,%s\r" % (server.host.encode(), server.port, rest)


def tlscert(name: bytes, data: bytes) -> bytes:
    return b"AT+S.TLSCERT=%s,%d\r%s" % (name, len(data), data)


def test_commands_without_tls(module: spwf.Module, wire: Any) -> None:
    address = module.indications[-1].text.removeprefix("WiFi Up:").encode()
    wire.ask(b"AT\r")
    wire.ask(b"AT+S.SCFG=localecho1,0\r")
    wire.ask(b"AT+S.GCFG=console1_speed\r", b"\r\n#  console1_speed = 115200\r\n" + OK)
    wire.ask(b"AT+S.STS=ip_ipaddr\r", b"\r\n#  ip_ipaddr = " + address + b"\r\n" + OK)


def test_secure_session_from_cleaning_to_reset(wire: Any, serve: Serve) -> None:
    server = serve("example5")
    wire.ask(b"AT+S.TLSCERT2=clean,all\r")
    wire.ask(b"AT+S.SETTIME=" + now() + b"\r")
    wire.ask(tlscert(b"f_ca", server.pki["ca"].cert_pem))
    wire.ask(b"AT+S.TLSDOMAIN=f_domain,server domain\r")
    wire.ask(sockon(server, b"s,ind"), ID)
    wire.ask(b"AT+S.SOCKW=00,18\r" + REQUEST)
    wire.expect(WIND_55 + WIND_55)
    wire.ask(b"AT+S.SOCKQ=00\r", b"\r\n DATALEN: 483\r\n" + OK)
    answers = b"".join(server.scenario.script[0].answers)
    wire.ask(b"AT+S.SOCKR=00,483\r", answers + OK)
    wire.ask(b"AT+S.SOCKQ=00\r", b"\r\n DATALEN: 0\r\n" + OK)
    wire.ask(b"AT+S.SOCKC=00\r")
    wire.ask(b"AT+CFUN=1\r", b"\r\n+WIND:2:RESET\r\n")
    wire.expect(b"\r\n+WIND:1:Poweron (")
    assert b"SPWF01S)" in wire.until(b"\r\n")
    wire.until(b"\r\n+WIND:3:Watchdog Running\r\n")
    wire.expect(b"\r\n+WIND:0:Console active\r\n")
    wire.until(b"\r\n+WIND:32:WiFi Hardware Started\r\n")
    wire.until(b"\r\n+WIND:24:WiFi Up:")
    assert re.fullmatch(rb"\d+\.\d+\.\d+\.\d+\r\n", wire.until(b"\r\n"))


def test_refused_server(wire: Any, serve: Serve) -> None:
    server = serve("wrong-domain")
    wire.ask(b"AT+S.SETTIME=" + now() + b"\r")
    wire.ask(tlscert(b"f_ca", server.pki["ca"].cert_pem))
    wire.ask(b"AT+S.TLSDOMAIN=f_domain,server domain\r")
    wire.ask(sockon(server, b"s,ind"), REFUSED)
    wire.ask(b"AT\r")


def test_figure_5_anonymous(wire: Any, serve: Serve) -> None:
    server = serve("echo")
    wire.ask(b"AT+S.TLSCERT2=clean,all\r")
    wire.ask(sockon(server, b"s"), ID)
    wire.ask(b"AT+S.SOCKW=00,6\rhello\n")
    wire.wait_for_data(6)
    wire.ask(b"AT+S.SOCKR=00,6\r", b"olleh\n" + OK)
    wire.ask(b"AT+S.SOCKC=00\r")


def test_figure_6_one_way(wire: Any, serve: Serve) -> None:
    server = serve("example2")
    wire.ask(b"AT+S.TLSCERT2=clean,all\r")
    wire.ask(b"AT+S.SETTIME=" + now() + b"\r")
    wire.ask(tlscert(b"f_ca", server.pki["ca"].cert_pem))
    wire.ask(b"AT+S.TLSDOMAIN=f_domain,server domain\r")
    wire.ask(sockon(server, b"s"), ID)
    wire.ask(b"AT+S.SOCKC=00\r")


def test_figure_7_mutual(wire: Any, serve: Serve) -> None:
    server = serve("example1")
    wire.ask(b"AT+S.TLSCERT2=clean,all\r")
    wire.ask(b"AT+S.SETTIME=" + now() + b"\r")
    wire.ask(tlscert(b"f_ca", server.pki["ca"].cert_pem))
    wire.ask(tlscert(b"f_cert", server.pki.client.cert_pem))
    wire.ask(tlscert(b"f_key", server.pki.client.key_pem))
    wire.ask(b"AT+S.TLSDOMAIN=f_domain,server domain\r")
    wire.ask(sockon(server, b"s"), ID)
    wire.ask(b"AT+S.SOCKC=00\r")
