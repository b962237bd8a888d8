"""A further server program is one adapter, such as this one, and no adapter copies another."""

import socket
import ssl
import sys
from pathlib import Path

from spwf import crowd, programs
from spwf.outcome import Mode
from spwf.pki import Pki, PkiSpec
from spwf.programs import Exchange, Hearing, Program
from spwf.scenario import Expect, Scenario, ServerOptions
from spwf.server import Server
from spwf.suites import SUITES, Suite, Version


def scenario(key: str = "p256", max_version: Version | None = None) -> Scenario:
    server = ServerOptions(max_version=max_version)
    return Scenario("mine", "mine", "2.4", Expect(Mode.ANONYMOUS), 0, PkiSpec(key), server)


class Fifth(Program):
    """What a further adapter takes: this one is for the echo of AsyncServer."""

    name = "fifth"
    binary = sys.executable
    remedy = "there is always one"
    needs_port = False

    @property
    def version(self) -> str:
        return "Python"

    def suites(self, version: Version) -> frozenset[Suite]:
        return frozenset(SUITES if version is Version.TLS1_2 else ())

    def groups(self) -> frozenset[str]:
        return frozenset({"p256"})

    def argv(
        self, scenario: Scenario, files: Path, port: int = 4433, host: str = "127.0.0.1"
    ) -> list[str]:
        own = (f"{scenario.server.cert}_{part}.pem" for part in ("cert", "key"))
        return [self.path, "-I", crowd.__file__, host, *(str(files / name) for name in own)]

    def hearing(self, scenario: Scenario) -> Hearing:
        return FifthWords()

    def exchange(self, scenario: Scenario) -> Exchange | None:
        return Exchange(b"ping", b"ping")


class FifthWords(Hearing):
    def hear(self, message: bytes) -> None:
        self.port, self.listening = int(message), True


def test_fifth_program_is_one_adapter(tmp_path: Path) -> None:
    fifth = Fifth.find()
    assert "cannot use p521 keys" in fifth.missing(scenario(key="p521"))
    assert "cannot serve SSLv3, TLSv1" in fifth.missing(scenario(max_version=Version.TLS1))
    with Server(scenario(), Pki(tmp_path), program=fifth) as server:
        exchange = server.exchange
        assert exchange is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(server.pki["ca"].cert_path)
        context.check_hostname = False
        plain = socket.create_connection((server.host, server.port), timeout=10)
        with context.wrap_socket(plain) as client:
            client.sendall(exchange.request)
            assert client.recv(len(exchange.answer)) == exchange.answer


def test_adapters_share_no_copied_code() -> None:
    """No three lines of one stand in another, signatures that base.py gives them aside."""
    folder = Path(programs.__file__).parent
    given = {line.strip() for line in (folder / "base.py").read_text().splitlines()}
    seen: dict[tuple[str, ...], str] = {}
    for name in ("openssl", "nss", "mbedtls"):
        lines = [line.strip() for line in (folder / f"{name}.py").read_text().splitlines()]
        own = [line for line in lines if line not in given]
        for three in zip(own, own[1:], own[2:], strict=False):
            assert seen.setdefault(three, name) == name, three
    assert len(seen) > 100
