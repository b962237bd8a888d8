"""spwf provision, spwf files and spwf pki show, as a person runs them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import spwf
from spwf import board, cli, provision
from spwf.certificates import FileError, Material
from spwf.pki import Certificate, Pki

from .probing import unreadable

DN = "C=IT, ST=Lombardia, L=Milan, O=STM, OU=R&D, CN="


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit status, and what came on stdout and stderr."""
    done = CliRunner().invoke(cli.main, list(map(str, arguments)))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """P-256 certificates."""
    pki = Pki(
        tmp_path_factory.mktemp("pki"), client=Certificate(sans=("DNS:a.example", "IP:192.0.2.7"))
    )
    pki.make("ca", "client", "expired")
    return pki


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A module that keeps its flash from one command to the next."""
    return f"spwf://?nv={tmp_path / 'module.nv'}&ap=lab:passphrase"


def sizes(url: str) -> dict[str, int]:
    with spwf.open(url) as module:
        return board.stored(board.listing(module))


def test_a_provisioned_module_joins_and_connects_after_power_on(
    own: Pki, url: str, serve: Callable[..., spwf.Server]
) -> None:
    status, text = run(
        *("provision", url, "--ca", own["ca"].cert_path, "--domain", "server domain"),
        *("--cert", own.client.cert_path, "--key", own.client.key_path),
        *("--ssid", "lab", "--psk", "passphrase"),
    )
    assert status == 0
    assert f"f_ca: {len(own['ca'].cert_pem)} bytes\n" in text
    assert "joined lab: 1" in text
    assert "of 3072 bytes in use" in text
    server = serve("example1", own)
    with spwf.open(url) as module:
        module.wait_for(24)
        module.set_time()
        module.connect(server.host, server.port).close()
        assert module.emulation is not None
        assert module.emulation.outcome is not None
        assert module.emulation.outcome.mode == "mutual"


def test_files_lists_what_is_in_flash(own: Pki, url: str) -> None:
    assert run("files", url) == (0, "0 of 3072 bytes in use\n")
    assert run("provision", url, "--ca", own["ca"].cert_path, "--domain", "a.example")[0] == 0
    status, text = run("files", url)
    size = len(own["ca"].cert_pem)
    assert status == 0
    assert [line.split() for line in text.splitlines() if " f_" in line] == [
        ["f_ca", str(size)],
        ["f_domain", "9"],
    ]
    assert text.endswith(f"{size + 9} of 3072 bytes in use\n")


def test_what_is_not_given_stays(own: Pki, url: str) -> None:
    run("provision", url, "--domain", "a.example")
    run("provision", url, "--ca", own["ca"].cert_path)
    assert sizes(url) == {"f_ca": len(own["ca"].cert_pem), "f_domain": 9}


def test_a_full_flash_is_provisioned_anew_and_never_over_its_size(
    own: Pki, url: str, tmp_path: Path
) -> None:
    large, cert = tmp_path / "large.pem", own.client.cert_path
    large.write_bytes(own["ca"].cert_pem + b"\n" * 1700)
    pair = ("--cert", cert, "--key", own.client.key_path)
    assert run("provision", url, "--ca", large, "--domain", "a.example")[0] == 0
    before = sizes(url)
    status, text = run("provision", url, *pair)
    assert status == 1
    assert "has room for 3072 together; remove what is not needed of f_ca, f_domain" in text
    assert sizes(url) == before
    assert run("provision", url, "--ca", own["ca"].cert_path, *pair)[0] == 0
    large.write_bytes(own.client.cert_pem + b"\n" * 1000)
    assert run("provision", url, "--ca", own["ca"].cert_path, "--cert", large)[0] == 0
    status, text = run("provision", url, "--ca", large, "--cert", large)
    assert status == 1
    assert "use EC P-256 keys" in text


def test_nothing_is_sent_of_files_that_are_wrong(own: Pki, url: str) -> None:
    cert, key = own.client.cert_path, own["ca"].key_path
    for arguments, words in (
        ((), "nothing to do"),
        (("--psk", "passphrase", "--domain", "x"), "--psk needs --ssid"),
        (("--ca", key), "holds a private key, where a certificate"),
        (("--key", cert), "where a private key"),
        (("--cert", cert, "--key", key), "--key does not belong to --cert"),
    ):
        status, text = run("provision", url, *arguments)
        assert status == 2
        assert words in text.replace("\n", " ")
    assert not Path(url.partition("nv=")[2].partition("&")[0]).exists()


def test_a_listing_of_an_unknown_form_is_no_size() -> None:
    assert board.stored(("#  f_ca = 769", "f_cert: some")) == {"f_ca": 769}
    provision.check(Material(ca=b"x" * 3000), {"f_ca": 3000, "f_domain": 72})
    with pytest.raises(FileError, match="3073 bytes"):
        provision.check(Material(ca=b"x" * 3000), {"f_domain": 73})


def test_show_tells_of_a_certificate_what_the_note_tells(own: Pki) -> None:
    status, text = run("pki", "show", own.client.cert_path)
    assert status == 0
    size = len(own.client.cert_pem)
    assert text.startswith(f"{own.client.cert_path}: {size} bytes of the module's 3072\n")
    for line in (
        f"Subject:    {DN}client domain",
        f"Issuer:     {DN}CA domain",
        "Names:      a.example, 192.0.2.7",
        "Key:        EC P-256",
        "Digest:     sha256",
        "Extensions: basicConstraints: no CA",
    ):
        assert f"\n  {line}\n" in text
    assert " UTC\n" in text
    assert "Module:" not in text


def test_show_compares_a_key_with_the_certificates_beside_it(own: Pki) -> None:
    status, text = run(
        "pki", "show", own.client.key_path, own.client.cert_path, own["ca"].cert_path
    )
    assert status == 0
    assert "  Key:        EC P-256, private\n" in text
    assert f" belongs to {own.client.cert_path}\n" in text
    assert f" does not belong to {own['ca'].cert_path}\n" in text
    assert f"{DN}CA domain\n  Issuer:     itself\n" in text
    assert "basicConstraints (critical): CA\n" in text
    assert "Together: " in text
    assert "PRIVATE KEY" not in text


def test_show_says_what_a_module_cannot_use(own: Pki, tmp_path: Path) -> None:
    assert "refuses it: it has expired" in run("pki", "show", own["expired"].cert_path)[1]
    key = tmp_path / "key.pem"
    key.write_bytes(
        rsa.generate_private_key(65537, 3072).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
    )
    assert "RSA 3072, private\n  Module:     cannot use such a key" in run("pki", "show", key)[1]
    key.write_bytes(own["ca"].cert_pem + b"\n" * 3072)
    assert run("pki", "show", key)[1].endswith("  Module:     refuses it: too large\n")


def test_show_says_what_a_file_is_that_is_neither(own: Pki, tmp_path: Path) -> None:
    file, cert, key = tmp_path / "file.pem", own.client.cert_pem, own.client.key_pem
    der = x509.load_pem_x509_certificate(cert).public_bytes(Encoding.DER)
    for data, words in (
        (b"hello", "holds no PEM block, where a certificate in PEM form is needed"),
        (cert[:-100], "holds a certificate that is damaged or cut short"),
        (key[:-100], "holds a private key that is damaged or cut short"),
        (der, "`openssl x509 -inform DER -in FILE -out PEM` makes it from DER"),
    ):
        file.write_bytes(data)
        status, text = run("pki", "show", file)
        assert status == 1
        assert words in text


def test_show_of_a_certificate_and_its_key_in_one_file(own: Pki, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(own.client.cert_pem + own.client.key_pem)
    status, text = run("pki", "show", both)
    assert status == 0
    assert f"\n  Key:        EC P-256, private\n              belongs to {both}\n" in text
    assert f"\n  Subject:    {DN}client domain\n" in text


def test_show_of_every_kind_of_key_that_the_module_has(tmp_path: Path) -> None:
    for kind, text in (("rsa1024", "RSA 1024"), ("p192", "EC P-192"), ("p521", "EC P-521")):
        server = Pki(tmp_path / kind, key=kind).server
        status, said = run("pki", "show", server.cert_path, server.key_path)
        assert status == 0
        assert said.count(f"  Key:        {text}") == 2
        assert "Module:" not in said


def test_show_of_a_name_that_cannot_be_read(tmp_path: Path) -> None:
    status, text = run("pki", "show", unreadable(tmp_path)[0])
    assert status == 0
    assert "\n  Subject:    a name that cannot be read\n" in text
    assert "\n  Issuer:     a name that cannot be read\n" in text


def test_a_folder_is_still_all_that_pki_needs(tmp_path: Path) -> None:
    assert run("pki", tmp_path / "a")[0] == 0
    status, text = run("pki", tmp_path / "a")
    assert status == 1
    assert "--force overwrites it" in text
    assert run("pki", "--force", tmp_path / "a")[0] == 0
    assert run("pki")[0] == 2
    assert "show" in run("pki", "--help")[1]
