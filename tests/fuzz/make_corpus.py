"""Writes tests/fuzz/corpus anew: what a fuzzer starts from. Run it where spwf is installed.

    .venv/bin/python tests/fuzz/make_corpus.py

What a fuzzer has found once is beside it in files called found-*, which this leaves alone. The
recorded session of TLS has a seed, so the module in fuzz_input.c says the same bytes again and the
recorded server's answers fit; with another wolfSSL they may not, and then the record is only noise.
"""

import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import spwf
from spwf._core import Core

HERE = Path(__file__).parent / "corpus"
SEED = b"spwf"  # as in world.c
DEADLINE = 10.0  # s
ESC = b"\x1b"
WAIT = ESC + b"w"
JOIN = b"AT+S.SSIDTXT=lab\rAT+S.SCFG=wifi_wpa_psk_text,passphrase\rAT&W\rAT+CFUN=1\r" + WAIT
OPEN = b"AT+S.SOCKON=192.168.0.9,7,t,ind\r" + WAIT + ESC + b"a"


def peer(data: bytes) -> bytes:
    """The acts by which the peer sends this, in pieces that one length can tell."""
    acts = b""
    for at in range(0, len(data) - 255, 256):
        acts += ESC + b"P\x01" + data[at : at + 256]
    rest = data[len(data) // 256 * 256 :]
    return acts + (ESC + b"p" + bytes([len(rest)]) + rest if rest else b"")


INPUT = {
    "at": b"AT\r",
    "echo": b"AT+S.SCFG=localecho1,1\rAT\rat+s.gcfg=user_desc\r",
    "lists": b"AT&V\rAT+S.STS\rAT+S.HELP\rAT+S.TLSCERT=f_content,0\r",
    "settings": b"AT+S.SCFG=user_desc,a,b\rAT+S.GCFG=user_desc\rAT+S.SCFG=wifi_wep_keys[1],0a:0B\r"
    b"AT+S.SCFG=ip_ipaddr,10.0.0.1\rAT+S.SCFG=wifi_rssi_thresh,-128\rAT&W\rAT&F\rAT+CFUN=0\r",
    "errors": b"AT+X\rAT+S.SCFG\rAT+S.SCFG=a\rAT+S.GCFG=no\rAT+CFUN=9\rAT+S.SOCKR=9,1\rAT=\r"
    b"AT+S.SETTIME=\rAT+S.SOCKW=0,0\rAT+S.TLSCERT=f_ca,4097\rAT+S.TLSCERT=f_ca,3073\r"
    + b"x" * 3073,
    "files": b"AT+S.TLSCERT2=clean,all\rAT+S.TLSCERT=f_ca,9\r-----BEGINAT+S.TLSCERT=key,3\rkey"
    b"AT+S.TLSDOMAIN=f_domain,my.st.com\rAT+S.TLSCERT=f_content,0\rAT+S.TLSCERT2=clean,f_key\r",
    "half a body": b"AT+S.TLSCERT=f_ca,3000\r" + ESC + b"c\x07some of it",
    "join": JOIN + ESC + b"d" + ESC + b"t\x05AT+S.STS=wifi_state\r" + ESC + b"uAT+S.SSIDTXT\r",
    "plain": JOIN + OPEN + peer(b"hello, module\r\n") + b"AT+S.SOCKQ=0\rAT+S.SOCKR=0,15\r"
    b"AT+S.SOCKW=00,4\rbackAT+S.SOCKC=0\r",
    "many": JOIN + b"".join(b"AT+S.SOCKON=server,%d,t\r" % (n + 1) + ESC + b"k%c" % n + ESC + b"a"
    for n in range(9)) + b"AT+S.SOCKC=3\r" + ESC + b"k\x05" + ESC + b"fAT+S.SOCKQ=5\r",
    "refused": JOIN + OPEN[:-2] + ESC + b"rAT+S.SOCKON=nowhere,1,t\rAT+S.SOCKON=1.2.3.4,5,t\r",
    "ends": JOIN + OPEN + peer(b"x" * 4000) + ESC + b"xAT+S.SOCKR=0,3072\rAT+S.SOCKC=0\r",
    "slow host": ESC + b"o\x01" + ESC + b"c\x01AT&V\rAT\r",
    "no memory": JOIN + ESC + b"m\x01AT+S.TLSCERT=ca,99\r" + b"a" * 99 + ESC + b"m\x20"
    b"AT+S.SOCKON=server,443,s\r" + ESC + b"a",
    "not tls": JOIN + OPEN.replace(b",t,", b",s,") + peer(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "mute": JOIN + OPEN.replace(b",t,", b",s,") + ESC + b"t\x65" + b"AT\r",
}  # fmt: skip


class Recorder:
    """A module on a network in memory, and an ssl server there; `acts` is what both got."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.core = Core(network="memory", seed=SEED)
        self.core.power(True)
        self.acts = b""
        self._server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(*self._server, server_side=True)

    def host(self, data: bytes) -> bytes:
        self.acts += data + WAIT
        self.core.write(data)
        return self.core.read(1 << 20, 0)

    def accept(self) -> None:
        self.core.peer_accept(0)
        self.acts += ESC + b"a"

    def pass_on(self) -> None:
        """Moves what the server says; takes what the module has said."""
        incoming, outgoing = self._server
        if data := self.core.peer_read(0):
            incoming.write(data)
        if data := outgoing.read():
            self.acts += peer(data)
            self.core.peer_write(0, data)

    def handshake(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            self.pass_on()
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                continue
            self.pass_on()
            return
        sys.exit("the recorded handshake did not end")


def record(suite: str, key: str) -> bytes:
    """One session: joined, CA, clock and domain loaded, a few records both ways, closed."""
    with TemporaryDirectory() as folder:
        pki = spwf.Pki(Path(folder), key=key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{suite}:@SECLEVEL=0")
        chain = Path(folder) / "server.pem"
        chain.write_bytes(pki["server"].cert_pem + pki["server"].key_pem)
        context.load_cert_chain(chain)
        ca = pki["ca"].cert_pem
    recorder = Recorder(context)
    recorder.host(JOIN.removesuffix(WAIT))
    recorder.host(b"AT+S.TLSCERT=f_ca,%d\r" % len(ca) + ca)
    recorder.host(b"AT+S.TLSDOMAIN=f_domain,server domain\r")
    recorder.host(b"AT+S.SETTIME=%d\r" % (time.time() + 60))
    recorder.host(b"AT+S.SOCKON=192.168.0.9,443,s,ind\r")
    recorder.accept()
    recorder.handshake()
    for text in (b"first\r\n", b"second " * 30):
        recorder.tls.write(text)
        recorder.pass_on()
        recorder.host(b"AT+S.SOCKQ=00\r")
        recorder.host(b"AT+S.SOCKR=00,%d\r" % len(text))
    recorder.host(b"AT+S.SOCKW=00,5\rreply")
    recorder.pass_on()
    if recorder.tls.read(5) != b"reply":
        sys.exit("the recorded server heard something else")
    if b"OK" not in recorder.host(b"AT+S.SOCKC=00\r"):
        sys.exit("the recorded session did not end well")
    return recorder.acts


def images() -> Iterator[tuple[str, bytes]]:
    """Flash of a real module at several moments of its life, without the erased end."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "nv"
        steps = {
            "settings": b"AT+S.SCFG=user_desc,mine\rAT&W\r",
            "joined": JOIN.removesuffix(WAIT),
            "files": b"AT+S.TLSCERT=f_ca,300\r" + b"a" * 300 + b"AT+S.TLSCERT=f_key,99\r"
            + b"k" * 99 + b"AT+S.TLSDOMAIN=f_domain,server domain\r",
            "replaced": b"AT+S.TLSCERT=f_key,98\r" + b"l" * 98,
            "cleaned": b"AT+S.TLSCERT2=clean,all\r",
            "everything": b"AT+S.SCFG=wind_off_high,0x1\rAT+S.SCFG=wifi_wep_keys[2],112233\r"
            b"AT+S.SCFG=ip_dns,9.9.9.9\rAT+S.SCFG=wifi_rssi_thresh,-70\rAT+S.SCFG=localecho1,1\r"
            b"AT+S.SCFG=wind_off_low,0x4\rAT+S.SCFG=user_desc," + b"u" * 64 + b"\rAT&W\r",
        }  # fmt: skip
        for name, commands in steps.items():
            core = Core(nv=path, seed=SEED)
            core.power(True)
            core.write(commands)
            core.close()
            yield name, path.read_bytes().rstrip(b"\xff")


def streams() -> Iterator[tuple[str, bytes]]:
    """What at.py must understand: a command, CR, then what came. "!": SOCKQ had counted it."""
    wind = b"\r\n+WIND:55:Pending Data:0:ENC\r\n"
    end = b"\r\nOK\r\n"
    yield "ok", b"AT\r" + end
    yield "error", b"AT+S.NO\r\r\nERROR: Command not found\r\n"
    yield "list", b"AT&V\r\r\n#  a = 1\r\n#  b = \r\n#  c = \xff\r\n" + end
    yield "echo", b"AT+S.STS=x\rAT+S.STS=x\r\r\n#  x = 1\r\n" + end
    yield "reset", b"AT+CFUN=1\r" + wind + b"\r\n+WIND:2:RESET\r\n\r\n+WIND:0:Console active\r\n"
    yield "id", b"AT+S.SOCKON=h,1,s\r\r\n ID: 00\r\n" + end
    yield "body", b"AT+S.SOCKR=00,9\rhe\r\nllo\r\n" + end + wind
    yield "counted", b"!AT+S.SOCKR=00,33\r" + wind * 2 + b"\r\n" + end + wind
    yield "short", b"AT+S.SOCKR=0,99\r" + wind + b"\r\nERROR: Not enough data in buffer\r\n"
    yield "noise", b"\r\x00\x7f\r\n" + wind + end
    yield "no number", b"\r\r\n+WIND:x:y\r\n\r\n+WIND:5\r\n\r\n+WIND:999999:\r\n"
    yield "no end", b"!AT+S.SOCKR=0,1000\rabc"


def main() -> None:
    recorded = {
        "tls-ecdhe": record("ECDHE-ECDSA-AES128-SHA256", "p256"),
        "tls-rsa": record("AES256-SHA", "rsa1024"),
    }
    families = {"input": {**INPUT, **recorded}, "store": dict(images()), "at": dict(streams())}
    for family, files in families.items():
        folder = HERE / family
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if not path.name.startswith("found-"):
                path.unlink()
        for name, data in files.items():
            (folder / name.replace(" ", "-")).write_bytes(data)


if __name__ == "__main__":
    main()
