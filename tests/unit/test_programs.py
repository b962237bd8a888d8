"""The programs that serve TLS: how each is found, asked what it can do, and started."""

import os
from pathlib import Path

import pytest

from spwf.errors import ServerError
from spwf.outcome import Mode
from spwf.pki import PkiSpec
from spwf.programs import PROGRAMS, Program, find
from spwf.programs.base import REQUEST, Exchange
from spwf.programs.openssl import ANSWER, SServer, WeakSServer
from spwf.scenario import Expect, Scenario, ServerOptions, Step
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
    assert list(PROGRAMS) == [kind.name for kind in PROGRAMS.values()]
    assert [name for name in PROGRAMS if name.startswith("openssl")] == ["openssl", "openssl-weak"]


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


def test_data_passes_through_s_server_as_the_scenario_says() -> None:
    openssl = SServer("openssl", (0, 0))
    answered = Step((b"two", b"parts"), after=b"ask")
    assert openssl.exchange(scenario()) == Exchange(REQUEST, ANSWER)
    assert openssl.exchange(scenario(echo=True)) == Exchange(b"spwf\n", b"fwps\n")
    assert openssl.exchange(scenario(answered)) == Exchange(b"ask", b"twoparts")
    assert openssl.exchange(scenario(Step((b"unasked",)))) is None
