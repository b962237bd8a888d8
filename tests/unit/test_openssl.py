"""Finding the openssl program and running its commands."""

import pytest

from spwf.errors import OpenSSLError
from spwf.openssl import OpenSSL


def test_missing_program_says_what_to_install() -> None:
    with pytest.raises(OpenSSLError, match="apt-get install openssl"):
        OpenSSL.find("no-such-openssl")


def test_program_on_path_tells_its_version() -> None:
    assert OpenSSL.find().version.startswith("OpenSSL ")


def test_failed_command_is_shown_with_its_words() -> None:
    with pytest.raises(OpenSSLError, match=r"genpkey -algorithm nonsense\n(.|\n)*nonsense"):
        OpenSSL.find().run("genpkey", "-algorithm", "nonsense")
