"""spwf probe: what is wrong with the loaded files, or with them for a server."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from spwf.pki import Pki
from spwf.scenario import Verify

from .probing import authority, certify, probe, save, special


def client(own: Pki, folder: Path, key: Any) -> tuple[str, ...]:
    """--cert and --key for a client of the Pki's CA with this key."""
    _, cert, _, name = save(folder, key, certify(key, *authority(own)))
    return ("--cert", cert, "--key", name)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (ec.generate_private_key(ec.SECP256K1()), "EC secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
    ],
)
def test_a_certificate_of_the_module_with_a_key_that_it_lacks(
    own: Pki, tmp_path: Path, key: Any, kind: str
) -> None:
    with special(own) as server:
        told = probe(server, own, *client(own, tmp_path, key))
    assert told["problem"] == "cert_key_size"
    assert f"certificate of the module has a key of the kind {kind}," in told["reason"]


def test_a_loaded_ca_with_a_kind_of_key_that_the_module_lacks(own: Pki, tmp_path: Path) -> None:
    key, loaded = ed25519.Ed25519PrivateKey.generate(), tmp_path / "ca.pem"
    loaded.write_bytes(certify(key, "CN=top", key, "top").public_bytes(Encoding.PEM))
    with special(own) as server:
        told = probe(server, own, "--ca", loaded)
    assert told["problem"] == "ca_key_size"
    assert "CN=top, has a key of the kind Ed25519" in told["reason"]


def test_a_curve_of_the_module_that_the_server_does_not_take(own: Pki, tmp_path: Path) -> None:
    pair = client(own, tmp_path, ec.generate_private_key(ec.SECP384R1()))
    with special(own, "-groups", "P-256", verify=Verify.REQUIRE) as server:
        told = probe(server, own, *pair)
    assert told["problem"] == "client_curve"
    assert "EC P-384" in told["reason"]
    assert "groups" in told["advice"]


def test_a_signature_of_the_module_that_the_server_does_not_take(own: Pki) -> None:
    pair = ("--cert", own.client.cert_path, "--key", own.client.key_path)
    with special(own, "-client_sigalgs", "ECDSA+SHA384", verify=Verify.REQUIRE) as server:
        told = probe(server, own, *pair)
    assert told["problem"] == "client_signature"
    assert "ECDSA+SHA256" in told["advice"]
