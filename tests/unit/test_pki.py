"""Certificates as the note's Appendix A makes them."""

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spwf.openssl import OpenSSL
from spwf.pki import DAYS, KEY_TYPES, Certificate, Pki, PkiSpec


def x509(path: Path, *options: str) -> str:
    return OpenSSL.find().run("x509", "-in", str(path), "-noout", *options)


def dates(path: Path) -> list[datetime]:
    lines = x509(path, "-dates", "-dateopt", "iso_8601").splitlines()
    return [datetime.fromisoformat(line.split("=")[1]) for line in lines]


def verify(ca: Path, cert: Path) -> bool:
    command = ["openssl", "verify", "-CAfile", str(ca), "-auth_level", "0", "-no_check_time"]
    return subprocess.run([*command, str(cert)], capture_output=True, check=False).returncode == 0


def test_nothing_touches_the_disk_until_it_is_asked_for(tmp_path: Path) -> None:
    pki = Pki(tmp_path / "new")
    credential = pki["server"]
    assert not (tmp_path / "new").exists()
    assert credential.cert_pem.startswith(b"-----BEGIN CERTIFICATE-----\n")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        "ca_key.pem",
        "ca_cert.pem",
        "server_key.pem",
        "server_cert_req.pem",
        "server_cert.pem",
    }


def test_folder_may_be_named_from_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pki = Pki("here")
    assert pki["server"].cert_path == tmp_path / "here" / "server_cert.pem"
    assert pki["server"].cert_path.exists()


@pytest.mark.parametrize(
    ("name", "cn", "serial"),
    [("ca", "CA", 1111), ("server", "server", 2222), ("client", "client", 3333)],
)
def test_subject_serial_and_days_are_those_of_appendix_a(
    tmp_path: Path, name: str, cn: str, serial: int
) -> None:
    path = Pki(tmp_path)[name].cert_path
    subject = x509(path, "-subject", "-nameopt", "compat").strip()
    assert subject == f"subject=/C=IT/ST=Lombardia/L=Milan/O=STM/OU=R&D/CN={cn} domain"
    assert int(x509(path, "-serial").strip().split("=")[1], 16) == serial
    begin, end = dates(path)
    assert end - begin == timedelta(days=DAYS)
    assert abs(datetime.now(UTC) - begin) < timedelta(minutes=5)


@pytest.mark.parametrize("key", KEY_TYPES)
def test_every_key_type_makes_a_chain(tmp_path: Path, key: str) -> None:
    pki = Pki(tmp_path, key=key)
    bits = {"rsa1024": 1024, "rsa2048": 2048}.get(key) or int(key[1:])
    for name in ("server", "client"):
        assert f"({bits} bit)" in x509(pki[name].cert_path, "-text")
        assert verify(pki["ca"].cert_path, pki[name].cert_path)


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha384"])
def test_digest_signs_every_certificate(tmp_path: Path, digest: str) -> None:
    pki = Pki(tmp_path, key="rsa1024", digest=digest)
    for name in ("ca", "server"):
        assert f"Algorithm: {digest}WithRSAEncryption" in x509(pki[name].cert_path, "-text")


def test_one_certificate_may_have_another_key_type(tmp_path: Path) -> None:
    pki = Pki(tmp_path, ca=Certificate(key="rsa2048"))
    assert "ASN1 OID: prime256v1" in x509(pki.server.cert_path, "-text")
    assert "sha256WithRSAEncryption" in x509(pki.server.cert_path, "-text")
    assert verify(pki["ca"].cert_path, pki.server.cert_path)


@pytest.mark.parametrize("name", ["ca", "server", "client"])
@pytest.mark.parametrize(("first", "last"), [(-30, -1), (1, 30)], ids=["expired", "not yet valid"])
def test_dates_may_be_relative(tmp_path: Path, name: str, first: int, last: int) -> None:
    certificate = Certificate(not_before=timedelta(days=first), not_after=timedelta(days=last))
    fields: dict[str, Any] = {name: certificate}
    pki = Pki(tmp_path, **fields)
    begin, end = dates(pki[name].cert_path)
    assert abs(datetime.now(UTC) + timedelta(days=first) - begin) < timedelta(minutes=5)
    assert end - begin == timedelta(days=last - first)
    assert verify(pki["ca"].cert_path, pki[name].cert_path)
    if name == "ca":
        assert int(x509(pki["ca"].cert_path, "-serial").strip().split("=")[1], 16) == 1111
        assert "CA:TRUE" in x509(pki["ca"].cert_path, "-text")


def test_dates_may_be_absolute_and_beyond_2050(tmp_path: Path) -> None:
    first, last = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
    pki = Pki(tmp_path, server=Certificate(not_before=first, not_after=last))
    assert dates(pki.server.cert_path) == [first, last]


def test_names_and_extensions_are_written(tmp_path: Path) -> None:
    server = Certificate(
        cn="other",
        sans=("DNS:example.com", "IP:127.0.0.1"),
        extensions=("keyUsage = critical, cRLSign",),
    )
    text = x509(Pki(tmp_path, server=server).server.cert_path, "-text")
    assert "CN = other" in text
    assert "DNS:example.com, IP Address:127.0.0.1" in text
    assert "CRL Sign" in text


def test_wrong_ca_differs_from_the_right_one_in_its_key_only(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    right, wrong = pki["ca"].cert_path, pki["wrong_ca"].cert_path
    assert x509(right, "-subject", "-serial") == x509(wrong, "-subject", "-serial")
    assert verify(right, pki.server.cert_path)
    assert not verify(wrong, pki.server.cert_path)


@pytest.mark.parametrize("name", ["expired", "not_yet_valid"])
def test_server_certificates_with_wrong_dates_are_right_otherwise(
    tmp_path: Path, name: str
) -> None:
    pki = Pki(tmp_path, server=Certificate(cn="special"))
    begin, end = dates(pki[name].cert_path)
    assert begin < end
    assert not begin <= datetime.now(UTC) <= end
    assert (end < datetime.now(UTC)) == (name == "expired")
    assert verify(pki["ca"].cert_path, pki[name].cert_path)
    assert "CN = special" in x509(pki[name].cert_path, "-subject")


def test_server_certificate_of_another_domain_is_right_otherwise(tmp_path: Path) -> None:
    pki = Pki(tmp_path, server=Certificate(sans=("DNS:server domain",)))
    text = x509(pki["wrong_domain"].cert_path, "-text")
    assert "CN = another domain" in text
    assert "server domain" not in text
    assert verify(pki["ca"].cert_path, pki["wrong_domain"].cert_path)


def test_certificate_authority_may_be_out_of_its_dates(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    assert dates(pki["expired_ca"].cert_path)[1] < datetime.now(UTC)
    assert dates(pki["not_yet_valid_ca"].cert_path)[0] > datetime.now(UTC)
    for name in ("expired_ca", "not_yet_valid_ca"):
        assert "CA:TRUE" in x509(pki[name].cert_path, "-text")


def test_server_behind_an_intermediate_is_verified_with_it_and_not_without(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    ca, server = pki["ca"].cert_path, pki["behind_intermediate"].cert_path
    assert not verify(ca, server)
    OpenSSL.find().run(
        *("verify", "-CAfile", str(ca), "-untrusted", str(pki["intermediate"].cert_path)),
        str(server),
    )


def test_clients_that_a_server_refuses_are_unknown_or_expired(tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    assert not verify(pki["ca"].cert_path, pki["unknown_client"].cert_path)
    assert verify(pki["wrong_ca"].cert_path, pki["unknown_client"].cert_path)
    assert dates(pki["expired_client"].cert_path)[1] < datetime.now(UTC)


def test_client_is_signed_by_the_same_ca_unless_it_has_its_own(tmp_path: Path) -> None:
    same = Pki(tmp_path / "same")
    assert same.root_ca_of_client.read_bytes() == same["ca"].cert_pem == same["client_ca"].cert_pem
    other = Pki(tmp_path / "other", client_ca=Certificate())
    assert other.root_ca_of_client.read_bytes() == other["client_ca"].cert_pem
    assert other["client_ca"].cert_pem != other["ca"].cert_pem
    assert verify(other["client_ca"].cert_path, other.client.cert_path)
    assert not verify(other["ca"].cert_path, other.client.cert_path)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    for key in ("p256", "rsa1024"):
        pki = Pki(tmp_path / key, key=key)
        for name in ("ca", "server", "client"):
            assert stat.S_IMODE(pki[name].key_path.stat().st_mode) == 0o600


def test_key_and_certificate_belong_together(tmp_path: Path) -> None:
    openssl = OpenSSL.find()
    for name in ("ca", "server", "client", "wrong_ca"):
        credential = Pki(tmp_path)[name]
        public = openssl.run("pkey", "-in", str(credential.key_path), "-pubout")
        assert x509(credential.cert_path, "-pubkey") == public


def test_unknown_names_and_key_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="wrong_ca"):
        Pki(tmp_path)["nobody"]
    with pytest.raises(ValueError, match="p256"):
        Pki(tmp_path, key="dsa")
    with pytest.raises(ValueError, match="rsa2048"):
        Pki(tmp_path, server=Certificate(key="rsa4096"))


def test_shared_pki_is_made_once_by_processes_that_race(tmp_path: Path) -> None:
    code = (
        "import sys; from spwf.pki import Pki, PkiSpec\n"
        "pki = Pki.shared(sys.argv[1], PkiSpec(key='rsa1024'))\n"
        "sys.stdin.readline()\n"
        "sys.stdout.write((pki.server.cert_pem + pki.root_ca_of_client.read_bytes()).decode())"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    seen = {racer.communicate(b"go\n", timeout=60)[0] for racer in racers}
    assert len(seen) == 1
    assert seen.pop().count(b"BEGIN CERTIFICATE") == 2
    (folder,) = tmp_path.iterdir()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_shared_pki_differs_with_its_spec(tmp_path: Path) -> None:
    assert Pki.shared(tmp_path).directory == Pki.shared(tmp_path, PkiSpec()).directory
    assert Pki.shared(tmp_path).directory != Pki.shared(tmp_path, PkiSpec(key="p384")).directory


def test_second_use_of_a_shared_pki_finds_it_made(tmp_path: Path) -> None:
    first, second = Pki.shared(tmp_path), Pki.shared(tmp_path)
    assert first.server.cert_pem == second.server.cert_pem
    assert first["wrong_ca"].key_pem == second["wrong_ca"].key_pem
