"""Finding the openssl program and running its commands."""

from pathlib import Path

import pytest

from spwf.errors import OpenSSLError
from spwf.openssl import OpenSSL
from spwf.pki import Pki


def test_missing_program_says_what_to_install() -> None:
    with pytest.raises(OpenSSLError, match="apt-get install openssl"):
        OpenSSL.find("no-such-openssl")


def test_program_on_path_tells_its_version() -> None:
    assert OpenSSL.find().version.startswith("OpenSSL ")


def test_failed_command_is_shown_with_its_words() -> None:
    with pytest.raises(OpenSSLError, match=r"genpkey -algorithm nonsense\n(.|\n)*nonsense"):
        OpenSSL.find().run("genpkey", "-algorithm", "nonsense")


def test_no_command_knows_the_cas_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pki = Pki(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pki["ca"].cert_path))
    with pytest.raises(OpenSSLError, match="unable to get local issuer certificate"):
        OpenSSL.find().run("verify", str(pki.server.cert_path))
