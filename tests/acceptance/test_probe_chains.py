"""spwf probe: what is wrong between the server's certificate and the loaded CA."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from spwf.pki import Pki

from .probing import authority, certify, probe, save, special


@pytest.fixture(scope="session")
def rsa2048() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def beside(own: Pki, folder: Path, key: Any, **certificate: Any) -> tuple[str, ...]:
    """Switches for a second certificate, with this key: the module's suites choose RSA."""
    switches = save(folder, key, certify(key, *authority(own), **certificate))
    return ("-dcert", switches[1], "-dkey", switches[3])


def test_of_two_certificates_the_one_that_the_module_met_is_looked_at(
    own: Pki, tmp_path: Path, rsa2048: rsa.RSAPrivateKey
) -> None:
    with special(own, *beside(own, tmp_path, rsa2048, days=(-30, -2))) as server:
        told = probe(server, own)
    assert told["problem"] == "expired"
    assert f"on {datetime.now(UTC) - timedelta(days=2):%Y-%m}" in told["reason"]
    assert [each["key"] for each in told["chain"]] == ["RSA 2048"]


def test_that_one_is_looked_at_where_it_connects_too(
    own: Pki, tmp_path: Path, rsa2048: rsa.RSAPrivateKey
) -> None:
    with special(own, *beside(own, tmp_path, rsa2048, days=(-1, 7))) as server:
        told = probe(server, own)
    assert told["connects"]
    assert [each["key"] for each in told["chain"]] == ["RSA 2048"]
    assert told["remarks"] == ["A certificate of the server expires in 6 days."]
