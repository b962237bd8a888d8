"""spwf probe against real openssl servers: each fault is told apart, and what to change is said."""

import json
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

import spwf
from spwf.certificates import Material
from spwf.pki import Certificate, Pki
from spwf.probe import ask
from spwf.scenario import Verify

from .probing import NAME, authority, certify, issue, probe, run, save, special


@pytest.fixture(scope="session")
def rsa4096() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 4096)


def test_a_server_that_is_fine_connects(own: Pki) -> None:
    with special(own) as server:
        told = probe(server, own)
    assert told["connects"]
    assert told["problem"] is None
    assert told["reply"] == "ID: 00 OK"
    assert told["remarks"] == []
    assert told["module"]["version"] == "TLSv1.2"
    assert told["module"]["suite"] == "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
    assert told["chain"][0]["subject"].endswith("CN=localhost")
    assert (told["chain"][0]["key"], told["chain"][0]["digest"]) == ("EC P-256", "sha256")
    assert told["files"]["limit"] == 3072


def test_tls_1_3_only(own: Pki) -> None:
    with special(own, "-tls1_3") as server:
        told = probe(server, own)
    assert told["problem"] == "tls13_only"
    assert told["versions"] == ["TLSv1.3"]
    assert told["reason"].startswith("The server speaks TLS 1.3 only")
    assert "Allow TLS 1.2" in told["advice"]
    assert "ECDHE-ECDSA-AES128-SHA256" in told["advice"]


def test_aes_gcm_only(own: Pki) -> None:
    gcm = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384")
    with special(own, "-cipher", ":".join(gcm)) as server:
        told = probe(server, own)
    assert told["problem"] == "suite"
    assert sorted(told["suites"]) == sorted(gcm)
    assert all(suite in told["reason"] for suite in gcm)
    assert "ECDHE-ECDSA-AES128-SHA256" in told["advice"]
    assert "ECDHE-RSA" not in told["advice"]


def test_an_rsa_4096_key(own: Pki, tmp_path: Path, rsa4096: rsa.RSAPrivateKey) -> None:
    switches = issue(own, tmp_path, rsa4096)
    with special(own, *switches) as server:
        told = probe(server, own)
    assert told["problem"] == "key_size"
    assert "RSA 4096" in told["reason"]
    assert "CN=localhost" in told["reason"]
    assert "EC P-256, or RSA 2048" in told["advice"]


def test_a_ca_with_an_rsa_4096_key(own: Pki, tmp_path: Path, rsa4096: rsa.RSAPrivateKey) -> None:
    key, middle = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    leaf, above = certify(key, "CN=middle", middle), certify(middle, "CN=root", rsa4096, "middle")
    root = tmp_path / "root.pem"
    root.write_bytes(certify(rsa4096, "CN=root", rsa4096, "root").public_bytes(Encoding.PEM))
    with special(own, *save(tmp_path, key, leaf, above)) as server:
        told = json.loads(run(f"{NAME}:{server.port}", "--ca", root, "--json")[1])
    assert [each["subject"] for each in told["chain"]] == ["CN=localhost", "CN=middle"]
    assert told["problem"] == "ca_key_size"
    assert told["reason"].startswith("The loaded CA, CN=root, has a key of the kind RSA 4096")


def test_an_intermediate_may_be_loaded_in_place_of_the_root(own: Pki, tmp_path: Path) -> None:
    key, middle, top = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    leaf, above = certify(key, "CN=middle", middle), certify(middle, "CN=root", top, "middle")
    loaded = tmp_path / "middle.pem"
    loaded.write_bytes(above.public_bytes(Encoding.PEM))
    with special(own, *save(tmp_path, key, leaf, above)) as server:
        told = json.loads(run(f"{NAME}:{server.port}", "--ca", loaded, "--json")[1])
    assert told["problem"] is None


def test_a_server_without_the_curves_of_the_module(own: Pki) -> None:
    with special(own, "-groups", "X25519") as server:
        told = probe(server, own)
    assert told["problem"] == "curve"
    assert "P-256" in told["advice"]


def test_a_server_without_the_signatures_of_the_module(own: Pki) -> None:
    with special(own, "-sigalgs", "ECDSA+SHA384") as server:
        told = probe(server, own)
    assert told["problem"] == "signature_algorithm"
    assert "ECDSA+SHA256" in told["advice"]


def test_a_certificate_that_fits_no_suite_of_tls_1_2(own: Pki, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, True, False, False, False, False)
    switches = save(tmp_path, key, certify(key, *authority(own), extensions=(usage,)))
    with special(own, *switches) as server:
        told = probe(server, own)
    assert told["problem"] == "suite_of_key"
    assert "digitalSignature" in told["advice"]


def test_a_kind_of_key_that_the_module_lacks(own: Pki, tmp_path: Path) -> None:
    switches = issue(own, tmp_path, ed25519.Ed25519PrivateKey.generate())
    with special(own, *switches) as server:
        told = probe(server, own)
    assert told["problem"] == "key_size"
    assert "Ed25519" in told["reason"]


def test_a_chain_signed_with_sha_384(tmp_path: Path) -> None:
    pki = Pki(tmp_path, server=Certificate(cn=NAME), digest="sha384")
    with special(pki) as server:
        told = probe(server, pki)
    assert told["problem"] == "digest"
    assert "SHA-384" in told["reason"]
    assert "SHA-256" in told["advice"]
    assert "CN=CA domain" in told["advice"]


def test_an_expired_certificate(own: Pki) -> None:
    with special(own, cert="expired") as server:
        told = probe(server, own)
    assert told["problem"] == "expired"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert f"{yesterday:%Y-%m}" in told["reason"]
    assert told["advice"] == "Renew it on the server."


def test_a_wrong_name(own: Pki) -> None:
    with special(own) as server:
        told = probe(server, own, domain="example.com")
    assert told["problem"] == "domain"
    assert (
        told["reason"] == "The server's certificate is for 'localhost', and not for 'example.com'."
    )
    assert "--domain" in told["advice"]


def test_a_server_that_needs_sni(own: Pki) -> None:
    own.make("wrong_domain", "server")
    folder = own.directory
    switches = (
        "-servername", NAME,
        "-cert2", str(folder / "server_cert.pem"),
        "-key2", str(folder / "server_key.pem"),
    )  # fmt: skip
    with special(own, *switches, cert="wrong_domain") as server:
        told = probe(server, own)
    assert told["problem"] == "sni"
    assert "(SNI), which the module does not do" in told["reason"]
    assert "default" in told["advice"]


def test_a_ca_of_the_same_name_with_another_key(own: Pki) -> None:
    with special(own) as server:
        told = probe(server, own, ca="wrong_ca")
    assert told["problem"] == "chain"
    assert "the same name, but not the same key" in told["reason"]


def test_a_missing_intermediate(own: Pki, tmp_path: Path) -> None:
    other = Pki(tmp_path, ca=Certificate(cn="Intermediate"), server=Certificate(cn=NAME))
    with special(other) as server:
        told = probe(server, own)
    assert told["problem"] == "issuer"
    assert (
        "was signed by C=IT, ST=Lombardia, L=Milan, O=STM, OU=R&D, CN=Intermediate"
        in (told["reason"])
    )
    assert "full chain" in told["advice"]


def test_a_server_that_wants_a_certificate_names_the_cas_it_accepts(own: Pki) -> None:
    pair = ("--cert", own.client.cert_path, "--key", own.client.key_path)
    with special(own, verify=Verify.REQUIRE) as server:
        assert probe(server, own, *pair)["module"]["mode"] == "mutual"
        told = probe(server, own)
    assert told["problem"] == "client_certificate"
    assert "--cert and --key" in told["advice"]
    assert "CN = CA domain" in told["advice"]


def test_a_key_of_another_certificate(own: Pki) -> None:
    pair = ("--cert", own.client.cert_path, "--key", own.server.key_path)
    with special(own) as server:
        assert probe(server, own, *pair)["problem"] == "pair"


def test_files_that_are_too_large_say_how_to_shrink_them(own: Pki, tmp_path: Path) -> None:
    padded = tmp_path / "ca.pem"
    padded.write_bytes(b"Certificate:\n" + b" " * 3000 + b"\n" + own["ca"].cert_pem)
    status, text = run("localhost:1", "--ca", padded)
    assert status == 1
    assert "the module has 3072 for all of them" in text
    assert "openssl x509 -in FILE -out SMALLER" in text
    several = tmp_path / "several.pem"
    several.write_bytes(own["ca"].cert_pem * 5)
    status, text = run("localhost:1", "--ca", several)
    assert status == 1
    assert "EC P-256" in text


def test_nobody_listens(own: Pki) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status, text = run(f"127.0.0.1:{port}")
    assert status == 1
    assert "Nothing listens there" in text


def test_without_a_ca_it_connects_and_says_what_was_not_checked(own: Pki) -> None:
    with special(own, cert="expired") as server:
        status, text = run(f"127.0.0.1:{server.port}")
    assert status == 0
    assert f"connects to 127.0.0.1:{server.port}." in text
    assert "TLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, P-256" in text
    assert "give its CA with --ca" in text
    assert "a certificate is out of its dates" in text


def test_a_module_at_a_url_gives_its_reply_and_keeps_its_flash(own: Pki, tmp_path: Path) -> None:
    url = f"spwf://?nv={tmp_path / 'module.nv'}"
    with spwf.open(url) as module:
        module.set_domain("kept")
    with special(own) as server:
        told = probe(server, own, "--url", url)
        assert (told["connects"], told["reply"], told["module"]) == (True, "ID: 00 OK", None)
        told = probe(server, own, "--url", url, domain="example.com")
    assert told["reply"] == "ERROR: SSL/TLS unable to connect"
    assert told["problem"] == "domain"
    with spwf.open(url) as module:
        assert module.command("AT+S.TLSCERT=f_content,0").lines == ("#  f_domain = 4",)


def test_a_server_that_sends_without_end_is_connected_to(own: Pki) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0")
    context.load_cert_chain(own.server.cert_path, own.server.key_path)

    def send(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as sock:
            while True:
                sock.sendall(b"x" * 16384)

    with socket.create_server(("127.0.0.1", 0)) as listener, spwf.open(timeout=2) as module:
        thread = threading.Thread(target=send, args=(listener,))
        thread.start()
        reply = ask("spwf://", module, "127.0.0.1", listener.getsockname()[1], Material())
        thread.join()
    assert reply == "ID: 00 OK"


def test_a_wrong_command_line_is_told_with_status_2(own: Pki, tmp_path: Path) -> None:
    key = own.server.key_path
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
    )
    cert = own.server.cert_path
    for arguments, words in (
        (("localhost",), "is not HOST:PORT"),
        (("localhost:0",), "no server listens on port 0"),
        ((f"{'a' * 101}:1",), "a name of 101 bytes is too long: at most"),
        (("[::1]:443",), "::1 is an address of IPv6, and the module speaks IPv4 only"),
        (("https://localhost:1",), "leave out scheme, port and path"),
        (("local\rhost:1",), "has characters that no name has"),
        (("localhost:1", "--domain", "https://localhost"), "leave out scheme, port and path"),
        (("localhost:1", "--domain", "localhost:443"), "leave out scheme, port and path"),
        (("localhost:1", "--domain", "local\rhost"), "has characters that no name has"),
        (("localhost:1", "--domain", "a" * 600), "a name of 600 bytes is too long: at most"),
        (("localhost:1", "--ca", tmp_path / "none.pem"), "does not exist"),
        (("localhost:1", "--ca", key), "holds a private key, where a certificate"),
        (("localhost:1", "--cert", cert), "--cert and --key go together"),
        (("localhost:1", "--cert", cert, "--key", cert), "where a private key"),
        (("localhost:1", "--cert", cert, "--key", locked), "protected by a passphrase"),
    ):
        status, text = run(*arguments)
        assert status == 2
        assert words in text.replace("\n", " ")


def test_a_provisioned_module_joins_its_own_network(own: Pki, tmp_path: Path) -> None:
    url = f"spwf://?nv={tmp_path / 'module.nv'}&ap=lab:passphrase"
    with spwf.open(url) as module:
        module.join("lab", "passphrase")
    with special(own) as server:
        assert probe(server, own, "--url", url)["connects"]
