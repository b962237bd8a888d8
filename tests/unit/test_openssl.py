"""Finding the openssl program and asking it what it can do."""

import os
from pathlib import Path

import pytest

from spwf.errors import OpenSSLError
from spwf.openssl import OpenSSL
from spwf.suites import SUITES, KeyExchange, Version, find


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """An executable file that stands where an openssl could, without any version but TLS 1.2."""
    path = tmp_path / "openssl"
    path.write_text(
        "#!/bin/sh\n"
        f"echo call >> {tmp_path}/calls\n"
        'case "$*" in version) echo "OpenSSL 9.9.9 1 Jan 2030 (Library: other)";;\n'
        "*-tls1_2*) echo AES128-SHA:AES256-SHA256:TLS_OTHER;;\n"
        '*) echo "ciphers: Unknown option: -ssl3" >&2; exit 1;; esac\n'
    )
    path.chmod(0o755)
    return path


def test_missing_program_says_what_to_install() -> None:
    with pytest.raises(OpenSSLError, match="apt-get install openssl"):
        OpenSSL.find("no-such-openssl")


def test_program_on_path_tells_its_version() -> None:
    assert OpenSSL.find().version.startswith("OpenSSL ")


def test_failed_command_is_shown_with_its_words() -> None:
    with pytest.raises(OpenSSLError, match=r"genpkey -algorithm nonsense\n(.|\n)*nonsense"):
        OpenSSL.find().run("genpkey", "-algorithm", "nonsense")


def test_what_it_serves_is_asked_not_assumed(program: Path) -> None:
    openssl = OpenSSL.find(program)
    assert openssl.version == "OpenSSL 9.9.9 1 Jan 2030"
    assert openssl.serves(Version.TLS1_2, find("AES128-SHA"))
    assert not openssl.serves(Version.TLS1_2, find("RC4-SHA"))
    assert not openssl.speaks(Version.SSL3)
    assert openssl.speaks(Version.TLS1_2)


def test_binary_is_asked_once_and_anew_when_it_changes(program: Path) -> None:
    calls = program.parent / "calls"
    for _ in range(3):
        assert OpenSSL.find(program).speaks(Version.TLS1_2)
    assert calls.read_text() == "call\n"
    os.utime(program, ns=(1, 1))
    assert OpenSSL.find(program).speaks(Version.TLS1_2)
    assert calls.read_text() == "call\n" * 2


def test_no_openssl_serves_static_ecdh() -> None:
    openssl = OpenSSL.find()
    static = [suite for suite in SUITES if suite.key_exchange is KeyExchange.ECDH]
    assert not [s for s in static for version in s.versions if openssl.serves(version, s)]


def test_every_openssl_serves_the_aes_suites_of_tls_1_2() -> None:
    openssl = OpenSSL.find()
    aes = [s for s in SUITES if "AES" in s.name and s.key_exchange is not KeyExchange.ECDH]
    assert len(aes) == 10
    assert all(openssl.serves(Version.TLS1_2, suite) for suite in aes)
