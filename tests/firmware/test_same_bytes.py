"""One conversation with a module on the host and with one on a board: every byte is the same.

The module's entropy is seeded, its clock is set and its address is static, so nothing that it says
depends on where it runs. What tells real time (system_uptime, current_time) is not asked.
"""

import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields

import serial

import spwf
from spwf._core import Core
from spwf.outcome import Outcome
from spwf.ports.port import Machine, Port
from spwf.ports.protocol_spwf import QUERY
from spwf.qemu import Qemu

DEADLINE = 30.0  # s, for every wait
OK = b"\r\nOK\r\n"
SEED = b"the same bytes everywhere"
STATUS = (
    *("version", "reset_reason", "conf_flag", "system_sleeptime", "gpio_enable", "captiveportal"),
    *("wifi_state", "wifi_bssid", "wifi_aid", "wifi_channelnum", "wifi_sup_rate_mask"),
    *("wifi_bas_rate_mask", "wifi_chan_activity2", "wifi_max_tx_power", "wifi_reg_country"),
    *("wifi_dtim_period", "wifi_sleeping", "wifi_num_assoc", "ip_ipaddr", "ip_netmask", "ip_gw"),
    *("ip_dns", "ip_sock_open", "ip_sockd_port", "free_heap", "min_heap", "no_such_key"),
)
STATIC = {
    "ip_use_dhcp": "0",
    "ip_ipaddr": "192.168.0.77",
    "ip_netmask": "255.255.255.0",
    "ip_gw": "192.168.0.1",
    "ip_dns": "192.168.0.1",
}

Serve = Callable[..., spwf.Server]
Step = tuple[bytes, bytes]


def cert(slot: str, data: bytes) -> bytes:
    return f"AT+S.TLSCERT={slot},{len(data)}\r".encode() + data


def local() -> Iterator[Step]:
    """What needs no network: what is sent, and what ends the answer."""
    yield b"AT\r", OK
    yield b"AT+S.HELP\r", OK
    yield b"AT&V\r", OK
    yield b"AT+S.GCFG=no_such_key\r", b"found\r\n"
    yield b"AT+S.SCFG=localecho1,1\rAT\rAT+S.SCFG=localecho1,0\r", b"localecho1,0\r" + OK
    yield b"AT+S.SOCKON=127.0.0.1,80,t\r", b"send\r\n"
    yield b"AT+S.SSIDTXT=lab\rAT+S.SCFG=wifi_priv_mode,2\r", OK * 2
    yield b"AT+S.SCFG=wifi_wpa_psk_text,passphrase\rAT+S.SCFG=wifi_mode,1\r", OK * 2
    yield b"AT&W\rAT+CFUN=1\r", b"\r\n+WIND:24:WiFi Up:192.168.0.50\r\n"
    for key, value in STATIC.items():
        yield f"AT+S.SCFG={key},{value}\r".encode(), OK
    yield b"AT&W\rAT+CFUN=1\r", b"\r\n+WIND:24:WiFi Up:192.168.0.77\r\n"
    for key in STATUS:
        yield f"AT+S.STS={key}\r".encode(), OK if key != "no_such_key" else b"found\r\n"


def sessions(servers: dict[str, spwf.Server], nobody: int, now: int) -> Iterator[Step]:
    """The three modes, refusals, and a server that is not there."""
    mutual, one_way, anonymous = (servers[name] for name in ("example1", "example2", "example5"))
    refused = b"SSL/TLS unable to connect\r\n"

    def sockon(server: spwf.Server, rest: str = "s") -> bytes:
        return f"AT+S.SOCKON={server.host},{server.port},{rest}\r".encode()

    yield f"AT+S.SOCKON=127.0.0.1,{nobody},t\r".encode(), b"Failed to connect\r\n"
    yield b"AT+S.SOCKON=routed.example,1,s\r", b"Failed to connect\r\n"
    yield sockon(anonymous, "s,ind"), OK
    yield (
        b"AT+S.SOCKW=00,18\rGET / HTTP/1.1\r\n\r\n",
        OK + b"\r\n+WIND:55:Pending Data:0:ENC\r\n" * 2,
    )
    yield b"AT+S.SOCKQ=00\r", b" DATALEN: 483\r\n" + OK
    yield (
        b"AT+S.SOCKR=00,245\rAT+S.SOCKR=00,238\r",
        OK + b"".join(anonymous.scenario.script[0].answers[1:]) + OK,
    )
    yield b"AT+S.SOCKC=00\rAT+S.SOCKC=00\r", b"Illegal Socket ID\r\n"
    yield cert("f_ca", one_way.pki["ca"].cert_pem), OK
    yield sockon(one_way), refused  # the clock is not set
    yield f"AT+S.SETTIME={now}\rAT+S.SETTIME={now}\r".encode(), b"Cannot update DateTime\r\n"
    yield b"AT+S.TLSDOMAIN=f_domain,other domain\r", OK
    yield sockon(one_way), refused
    yield b"AT+S.TLSDOMAIN=f_domain,server domain\r", OK
    yield sockon(one_way), b" ID: 00\r\n" + OK
    yield b"AT+S.SOCKW=00,6\rhello\nAT+S.SOCKQ=00\rAT+S.SOCKC=00\r", OK * 2
    yield cert("f_ca", mutual.pki["ca"].cert_pem), OK
    yield cert("f_cert", mutual.pki.client.cert_pem), OK
    yield cert("f_key", mutual.pki.client.key_pem), OK
    yield b"AT+S.TLSCERT=f_content,0\r", OK
    yield sockon(mutual), b" ID: 00\r\n" + OK
    yield b"AT+S.SOCKW=00,6\rhello\nAT+S.SOCKQ=00\rAT+S.SOCKC=00\r", OK * 2
    yield cert("ca", mutual.pki["wrong_ca"].cert_pem), OK
    yield sockon(mutual), refused
    yield b"AT+S.TLSCERT2=clean,all\rAT+CFUN=1\r", b"\r\n+WIND:24:WiFi Up:192.168.0.77\r\n"


class Conversation:
    """What passes on the wire of one module."""

    def __init__(self, core: Machine) -> None:
        self.core = core
        self.steps: list[tuple[bytes, bytes]] = []

    def play(self, steps: Iterator[Step]) -> None:
        for sent, end in steps:
            self.core.write(sent)
            deadline = time.monotonic() + DEADLINE
            heard = b""
            while not heard.endswith(end):
                assert time.monotonic() < deadline, (sent, heard)
                heard += self.core.read(1, 0.1)
            self.steps.append((sent, heard))


def hello(core: Machine) -> bytes:
    """What the module sends first to a server that answers nothing but an end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)
        got: list[bytes] = []

        def listen() -> None:
            with listener.accept()[0] as connection:
                connection.settimeout(DEADLINE)
                got.append(connection.recv(4096))

        thread = threading.Thread(target=listen)
        thread.start()
        port = listener.getsockname()[1]
        Conversation(core).play(iter([(b"AT+S.SOCKON=127.0.0.1,%d,s\r" % port, b"connect\r\n")]))
        thread.join()
    return got[0]


@contextmanager
def module_at(url: str, nobody: int) -> Iterator[Core | Qemu]:
    """A module that was just powered on, and that nobody has spoken to."""
    query = QUERY.write(seed=SEED, route=[("routed.example", 1, "127.0.0.1", nobody)])
    port = serial.serial_for_url(f"{url}?{query}")
    assert isinstance(port, Port)
    core: Core | Qemu | None = port.core
    assert core is not None
    with closing(core), port:
        yield core


def test_every_byte_on_a_board_is_that_on_the_host(serve: Serve) -> None:
    servers = {name: serve(name) for name in ("example1", "example2", "example5")}
    heard, hellos, outcomes = [], [], []
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        port = nobody.getsockname()[1]
        now = math.ceil(time.time())
        for url in ("spwf://", "qemu://lm3s6965evb"):
            with module_at(url, port) as core:
                talk, emulation = Conversation(core), spwf.Emulation(core)
                talk.play(iter([(b"", b"WiFi Hardware Started\r\n")]))
                talk.play(local())
                hellos.append(hello(core))
                outcomes.append([emulation.outcome])
                for step in sessions(servers, port, now):
                    talk.play(iter([step]))
                    outcomes[-1].append(emulation.outcome)
                heard.append(talk.steps)
    for host, board in zip(*heard, strict=True):
        assert board == host
    assert hellos[0] == hellos[1]
    for host_outcome, board_outcome in zip(*outcomes, strict=True):
        assert essence(board_outcome) == essence(host_outcome)


def essence(outcome: Outcome | None) -> dict[str, object]:
    """All but memory, and bytes that depend on the length of signatures."""
    assert outcome is not None
    names = {field.name for field in fields(outcome)} - {"peak_heap", "sent", "received"}
    return {name: getattr(outcome, name) for name in names}
