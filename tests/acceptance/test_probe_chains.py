"""spwf probe: what is wrong between the server's certificate and the loaded CA."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from spwf.pki import Pki

from .probing import NAME, authority, certify, probe, run, save, special, unreadable


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


def pyramid(own: Pki, *names: str, **lowest: Any) -> tuple[Any, list[x509.Certificate]]:
    """The key of a server below CAs of these names, the lowest last, and its chain."""
    issuer, above = authority(own)
    chain: list[x509.Certificate] = []
    for name in (*names, NAME):
        key = ec.generate_private_key(ec.SECP256R1())
        more = lowest if name in names[-1:] else {}
        chain.insert(0, certify(key, issuer, above, name, **more))
        issuer, above = f"CN={name}", key
    return above, chain


def test_the_certificates_in_the_wrong_order(own: Pki, tmp_path: Path) -> None:
    key, (leaf, low, high) = pyramid(own, "high", "low")
    with special(own, *save(tmp_path, key, leaf, high, low)) as server:
        told = probe(server, own)
    assert told["problem"] == "order"
    assert told["advice"].endswith("signer: CN=localhost; CN=low; CN=high.")


def test_more_certificates_than_the_module_reads(own: Pki, tmp_path: Path) -> None:
    key, chain = pyramid(own, *(f"ca{i}" for i in range(10)))
    with special(own, *save(tmp_path, key, *chain)) as server:
        assert probe(server, own)["problem"] == "chain_length"


def test_a_ca_that_may_not_vouch_for_the_server(own: Pki, tmp_path: Path) -> None:
    limits = (x509.NameConstraints([x509.DNSName("example.com")], None),)
    key, chain = pyramid(own, "narrow", extensions=limits)
    with special(own, *save(tmp_path, key, *chain)) as server:
        told = probe(server, own)
    assert told["problem"] == "constraints"
    assert "may not vouch for 'localhost'" in told["reason"]


def test_a_ca_past_its_dates_beside_another(own: Pki, tmp_path: Path) -> None:
    old, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    expired = certify(old, "CN=old", old, "old", (-30, -2))
    both = tmp_path / "both.pem"
    both.write_bytes(own["ca"].cert_pem + expired.public_bytes(Encoding.PEM))
    with special(own, *save(tmp_path, key, certify(key, "CN=old", old))) as server:
        told = probe(server, own, "--ca", both)
    assert told["problem"] == "ca_expired"
    assert "CN=old" in told["reason"]


def test_a_second_fault_of_a_certificate_is_told_too(own: Pki) -> None:
    with special(own, cert="expired") as server:
        told = probe(server, own, domain="example.com")
        assert told["problem"] == "expired"
        assert told["remarks"] == ["Besides, the server's certificate is for another name."]
        told = probe(server, own, domain="example.com", ca="wrong_ca")
    assert told["problem"] == "chain"
    assert [each.partition(", ")[0] for each in told["remarks"]] == ["Besides", "Besides"]


def test_a_name_that_cannot_be_read_is_told_as_such(own: Pki, tmp_path: Path) -> None:
    cert, key = unreadable(tmp_path)
    with special(own, "-cert", str(cert), "-key", str(key)) as server:
        where = f"localhost:{server.port}"
        status, text = run(where)
        assert status == 0
        assert "Chain:  a name that cannot be read: EC P-256" in text
        status, text = run(where, "--ca", own["ca"].cert_path)
        assert status == 1
        assert "was signed by a name that cannot be read" in " ".join(text.split())
        told = probe(server, own, ca="ca")
        assert told["chain"][0]["subject"] == "a name that cannot be read"
        assert told["chain"][0]["names"] == []
        assert run(where, "--ca", cert)[0] == 0
