"""The programs that serve TLS: how each is found, asked what it can do, and started."""

import os
import socket
from pathlib import Path

import pytest

from spwf.errors import ServerError
from spwf.listening import listening
from spwf.outcome import Mode
from spwf.pki import Pki, PkiSpec
from spwf.programs import OFFENDERS, PROGRAMS, Exchange, Hearing, Negotiated, Program, find
from spwf.programs.base import REQUEST, hold_port
from spwf.programs.mbedtls import SslServer2
from spwf.programs.nss import Selfserv
from spwf.programs.openssl import ANSWER, SServer, WeakSServer
from spwf.scenario import Expect, Scenario, ServerOptions, Step, Verify
from spwf.server import Server
from spwf.suites import SUITES, KeyExchange, Version
from spwf.suites import find as suite_of


def scenario(*script: Step, key: str = "p256", **server: object) -> Scenario:
    options = ServerOptions(**server)  # type: ignore[arg-type]
    return Scenario(
        "mine", "mine", "2.4", Expect(Mode.ANONYMOUS), 0, PkiSpec(key), options, script=script
    )


def text(program: Program, scenario: Scenario) -> str:
    return " ".join(program.argv(scenario, Path("Example1")))


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """An executable file that stands where an openssl could, without any version but TLS 1.2."""
    path = tmp_path / "openssl"
    path.write_text(
        "#!/bin/sh\n"
        f"echo call >> {tmp_path}/calls\n"
        'case "$*" in version) echo "OpenSSL 9.9.9 1 Jan 2030 (Library: other)";;\n'
        "*-list_curves) echo '  prime256v1: X9.62/SECG curve over a 256 bit prime field';;\n"
        "*-tls1_2*) echo AES128-SHA:AES256-SHA256:TLS_OTHER;;\n"
        '*) echo "ciphers: Unknown option: -ssl3" >&2; exit 1;; esac\n'
    )
    path.chmod(0o755)
    return path


def test_programs_come_in_the_order_of_the_matrix() -> None:
    assert list(PROGRAMS) == ["openssl", "nss", "mbedtls", "openssl-weak"]


def test_unknown_program_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ServerError, match="no server program 'gnutls': there are openssl, "):
        find("gnutls")


@pytest.mark.parametrize("kind", PROGRAMS.values(), ids=PROGRAMS)
def test_program_that_is_not_there_says_how_to_get_it(kind: type[Program]) -> None:
    with pytest.raises(ServerError, match=r"no program '/nowhere': .*(apt-get install|make serv)"):
        kind.find("/nowhere")


def test_openssl_is_asked_what_it_serves(stand_in: Path) -> None:
    openssl = SServer.find(stand_in)
    assert openssl.version == "OpenSSL 9.9.9 1 Jan 2030"
    assert openssl.serves(Version.TLS1_2, suite_of("AES128-SHA"))
    assert not openssl.serves(Version.TLS1_2, suite_of("RC4-SHA"))
    assert not openssl.speaks(Version.SSL3)
    assert openssl.speaks(Version.TLS1_2)


def test_binary_is_asked_once_and_anew_when_it_changes(stand_in: Path) -> None:
    calls = stand_in.parent / "calls"
    for _ in range(3):
        assert SServer.find(stand_in).speaks(Version.TLS1_2)
    assert calls.read_text() == "call\n"
    os.utime(stand_in, ns=(1, 1))
    assert SServer.find(stand_in).speaks(Version.TLS1_2)
    assert calls.read_text() == "call\n" * 2


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (scenario(suites=("C005",)), "cannot serve TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"),
        (
            scenario(suites=("002F",), max_version=Version.TLS1_1),
            "cannot serve TLS_RSA_WITH_AES_128_CBC_SHA",
        ),
        (scenario(max_version=Version.SSL3), "cannot serve SSLv3"),
        (scenario(key="p192"), "cannot use p192 keys"),
        (scenario(groups=("P-256", "secp521r1")), "cannot do ECDHE on secp521r1"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_openssl_lacks_is_said(stand_in: Path, wanted: Scenario, said: str) -> None:
    openssl = SServer.find(stand_in)
    assert openssl.missing(wanted) == f"OpenSSL 9.9.9 1 Jan 2030 ({stand_in}) {said}"
    assert openssl.missing(scenario(suites=("002F",), groups=("P-256",))) == ""


def test_no_openssl_serves_static_ecdh() -> None:
    openssl = find("openssl")
    static = [suite for suite in SUITES if suite.key_exchange is KeyExchange.ECDH]
    assert not [s for s in static for version in s.versions if openssl.serves(version, s)]


def test_every_openssl_serves_the_aes_suites_of_tls_1_2() -> None:
    openssl = find("openssl")
    aes = [s for s in SUITES if "AES" in s.name and s.key_exchange is not KeyExchange.ECDH]
    assert len(aes) == 10
    assert all(openssl.serves(Version.TLS1_2, suite) for suite in aes)


def test_example1_is_the_command_of_the_note_and_what_today_needs() -> None:
    argv = SServer("openssl", (0, 0)).argv(Scenario.load("example1"), Path("Example1"), 4433)
    assert " ".join(argv[:11]) == (
        "openssl s_server -accept 127.0.0.1:4433 -cert Example1/server_cert.pem "
        "-key Example1/server_key.pem -CAfile Example1/root_ca_of_client.pem -Verify"
    )
    assert argv[11:13] == ["2", "-verify_return_error"]
    assert argv[13:] == [
        *("-cipher", "DEFAULT:@SECLEVEL=0"),
        *("-groups", "P-256:P-384:P-521:secp224r1:prime192v1"),
    ]


def test_example2_asks_for_no_client_certificate() -> None:
    assert text(SServer("openssl", (0, 0)), Scenario.load("example2")) == (
        "openssl s_server -accept 127.0.0.1:4433 -cert Example1/server_cert.pem "
        "-key Example1/server_key.pem -cipher DEFAULT:@SECLEVEL=0"
    )


def test_server_without_table_2_has_the_suites_it_names() -> None:
    openssl = SServer("openssl", (0, 0))
    assert text(openssl, Scenario.load("no-common-suite")).endswith(
        " -cipher ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:@SECLEVEL=0"
    )
    assert text(openssl, Scenario.load("tls13-only")).endswith(" -tls1_3")


def test_weak_openssl_is_the_same_with_the_legacy_provider() -> None:
    wanted = scenario(suites=("RC4-MD5",), max_version=Version.SSL3)
    weak, stock = (kind("openssl", (0, 0)) for kind in (WeakSServer, SServer))
    assert text(weak, wanted) == text(stock, wanted).replace(
        "s_server", "s_server -provider legacy -provider default"
    )


@pytest.mark.parametrize(
    ("said", "port"),
    [(b"ACCEPT 127.0.0.1:40123\n", 40123), (b"ACCEPT [::1]:40123\n", 40123), (b"ACCEPT\n", 0)],
)
def test_s_server_listens_and_tells_a_port_that_the_kernel_chose(said: bytes, port: int) -> None:
    hearing = SServer("openssl", (0, 0)).hearing(scenario())
    hearing.hear(b"Using default temp DH parameters\n")
    assert not hearing.listening
    hearing.hear(said)
    assert hearing.listening
    assert hearing.port == port


def test_data_passes_through_s_server_as_the_scenario_says() -> None:
    openssl = SServer("openssl", (0, 0))
    answered = Step((b"two", b"parts"), after=b"ask")
    assert openssl.exchange(scenario()) == Exchange(REQUEST, ANSWER)
    assert openssl.exchange(scenario(echo=True)) == Exchange(b"spwf\n", b"fwps\n")
    assert openssl.exchange(scenario(answered)) == Exchange(b"ask", b"twoparts")
    assert openssl.exchange(scenario(Step((b"unasked",)))) is None


NSS = Selfserv("selfserv", (0, 0))
MBEDTLS = SslServer2("ssl_server2", (0, 0))


def test_selfserv_is_told_all_by_its_options() -> None:
    assert text(NSS, scenario()) == (
        "selfserv -v -N -d sql:Example1/nss-server -n server -p 4433 -V ssl3:tls1.2"
    )
    wanted = scenario(
        suites=("C027", "RC4-MD5"),
        min_version=Version.TLS1,
        max_version=Version.TLS1_1,
        groups=("P-256", "secp521r1"),
        verify=Verify.REQUIRE,
        chain="intermediate",
    )
    assert text(NSS, wanted) == (
        "selfserv -v -N -d sql:Example1/nss-server-intermediate-root_ca_of_client -n server "
        "-p 4433 -V tls1.0:tls1.1 -c :C027:0004 -I P256,P521 -r -r"
    )
    assert text(NSS, scenario(verify=Verify.REQUEST)).endswith(" -r -o")


def test_ssl_server2_is_told_all_by_its_options() -> None:
    assert MBEDTLS.argv(scenario(), Path("F"), 99, "127.0.0.2") == [
        *("ssl_server2", "server_addr=127.0.0.2", "server_port=99"),
        *("crt_file=F/server_cert.pem", "key_file=F/server_key.pem", "auth_mode=none"),
        *("ca_file=none", "allow_sha1=1", "arc4=1", "renegotiation=0", "tickets=0"),
        *("exchanges=2147483647", "curves=secp256r1,secp384r1,secp521r1,secp224r1,secp192r1"),
    ]
    wanted = scenario(
        suites=("C00E",),
        min_version=Version.SSL3,
        max_version=Version.TLS1_2,
        groups=("prime192v1",),
        verify=Verify.REQUIRE,
        chain="intermediate",
    )
    assert {
        *("crt_file=Example1/server+intermediate.pem", "auth_mode=required"),
        *("ca_file=Example1/root_ca_of_client.pem", "min_version=ssl3", "max_version=tls12"),
        *("force_ciphersuite=TLS-ECDH-RSA-WITH-AES-128-CBC-SHA", "curves=secp192r1"),
    } < set(text(MBEDTLS, wanted).split())
    assert "auth_mode=optional" in text(MBEDTLS, scenario(verify=Verify.REQUEST))


@pytest.mark.parametrize(
    ("program", "wanted", "said"),
    [
        (NSS, scenario(echo=True), "plays no script and no echo"),
        (NSS, scenario(Step((b"x",))), "plays no script and no echo"),
        (NSS, scenario(tls13_only=True), "is asked for Table 2 only"),
        (NSS, scenario(groups=("X25519",)), "is not known to have X25519"),
        (NSS, scenario(groups=("P-384",)), "does not show a p256 certificate"),
        (MBEDTLS, scenario(echo=True), "plays no script and no echo"),
        (MBEDTLS, scenario(other_suites=("ECDHE-RSA-AES128-GCM-SHA256",)), "Table 2 only"),
        (MBEDTLS, scenario(suites=("C027", "C023")), "takes one suite, or all of its own"),
        (MBEDTLS, scenario(groups=("X25519",)), "is not known to have X25519"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_in_a_program_s_nature_is_refused(
    program: Program, wanted: Scenario, said: str
) -> None:
    assert said in program.refuses(wanted)
    assert program.refuses(scenario()) == ""


def test_selfserv_listens_where_it_wants_and_is_reached_anywhere(tmp_path: Path) -> None:
    assert NSS.listens_on("192.0.2.1") in ("127.0.0.1", "::1")
    with (
        Server(scenario(), Pki(tmp_path), program=find("nss"), host="127.0.0.2") as server,
        socket.create_connection(("127.0.0.2", server.port), timeout=10) as client,
    ):
        client.sendall(b"no hello\n")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1)[:1] in (b"\x15", b"")  # an alert, or nothing


def told(hearing: Hearing, *pieces: bytes, errors: bool = False) -> Hearing:
    for piece in pieces:
        (hearing.complain if errors else hearing.hear)(piece)
    return hearing


AGREED = (
    b"selfserv: SSL version 3.1 using 112-bit 3DES with 160-bit SHA1 MAC\n"
    b"selfserv: Server Auth: 2048-bit RSA, Key Exchange: 256-bit ECDH\n"
)


def test_selfserv_s_words_are_understood_however_they_come() -> None:
    hearing = told(NSS.hearing(scenario()), b"\n\nselfserv: About to call", errors=True)
    assert not hearing.listening
    told(hearing, b" accept.\n", *(bytes([byte]) for byte in AGREED), errors=True)
    assert hearing.listening
    assert (hearing.connections, hearing.ended) == (1, 1)
    assert hearing.negotiated == Negotiated(Version.TLS1, suite_of("C00D"))


def test_each_suite_has_words_of_its_own_in_selfserv() -> None:
    hearing = NSS.hearing(scenario())
    ciphers = {"AES_128": "128-bit AES", "AES_256": "256-bit AES", "RC4": "128-bit RC4"}
    macs = {"SHA": "160-bit SHA1", "SHA256": "256-bit SHA256", "MD5": "128-bit MD5"}
    for suite in SUITES:
        cipher = next((c for name, c in ciphers.items() if name in suite.name), "112-bit 3DES")
        mac = macs[suite.name.rpartition("_")[2]]
        agreed = (
            f"selfserv: SSL version 3.3 using {cipher} with {mac} MAC\n"
            f"selfserv: Server Auth: 256-bit {suite.auth}, Key Exchange: 256-bit "
            f"{suite.key_exchange}\n"
        )
        told(hearing, agreed.encode(), errors=True)
        assert hearing.negotiated == Negotiated(Version.TLS1_2, suite)


def test_ssl_server2_s_words_are_not_the_client_s() -> None:
    waiting = b"  . Waiting for a remote connection ..."
    hearing = told(MBEDTLS.hearing(scenario()), b"  . Bind on tcp ... ok\n", waiting)
    assert hearing.listening
    data = b". Waiting for a remote connection\n 3 bytes read\n\n"
    told(
        hearing,
        b" ok\n  . Performing the SSL/TLS handshake... ok\n    [ Protocol is SSLv3.0 ]\n",
        b"    [ Ciphersuite is TLS-RSA-WITH-RC4-128-MD5 ]\n  < Read from client:",
        b" %d bytes read\n\n" % len(data),
        data + b"\n  > Write to client:",
    )
    assert (hearing.connected, hearing.received) == (True, data)
    assert hearing.negotiated == Negotiated(Version.SSL3, suite_of("0004"))
    told(hearing, b" connection was closed gracefully\n", waiting)
    assert (hearing.connections, hearing.ended) == (1, 1)


def test_answers_of_the_programs_are_known_beforehand() -> None:
    for program in (NSS, MBEDTLS):
        exchange = program.exchange(scenario(suites=("C027",)))
        assert exchange is not None
        assert exchange.whole
        assert exchange.answer.startswith(b"HTTP/1.0 200 OK\r\n")
    page = MBEDTLS.exchange(scenario())
    assert page is not None
    assert not page.whole  # it ends with the suite


def test_nss_is_asked_what_it_serves() -> None:
    nss = find("nss")
    assert nss.version.startswith("NSS 3.")
    assert nss.groups() == {"p256", "p384", "p521"}
    lacks = {s.openssl for s in SUITES if not nss.serves(Version.TLS1_2, s)}
    assert lacks == {"ECDH-RSA-AES128-SHA256", "ECDH-ECDSA-AES128-SHA256"}
    assert "cannot use p192 keys" in nss.missing(scenario(key="p192"))
    assert "cannot do ECDHE on P-224" in nss.missing(scenario(groups=("P-224", "P-256")))


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "versions"), [("mbedtls", (3, 21, 21, 27)), ("openssl-weak", (3, 13, 13, 17))]
)
def test_what_was_built_serves_what_it_was_built_for(name: str, versions: tuple[int, ...]) -> None:
    program = find(name)
    assert program.groups() == {"p192", "p224", "p256", "p384", "p521"}
    lawful = [[s for s in SUITES if v in s.versions and program.serves(v, s)] for v in Version]
    assert tuple(map(len, lawful)) == versions


@pytest.mark.full
def test_lawless_server_has_every_suite_in_every_version() -> None:
    lawless, lawful = find("mbedtls-lawless"), find("mbedtls")
    assert list(OFFENDERS) == ["mbedtls-lawless"]
    for version in Version:
        assert lawless.suites(version) == set(SUITES)
    assert len(lawful.suites(Version.TLS1)) < len(SUITES)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "0.0.0.0"])
def test_port_that_is_held_is_given_to_nobody_but_who_asks_for_it(host: str) -> None:
    with hold_port() as port:
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((host, port))  # as the kernel sees it when it chooses
        listening(host, port).close()
