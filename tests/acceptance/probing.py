"""What the tests of `spwf probe` share: servers that no scenario can be, and the command."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

import spwf
from spwf import cli
from spwf.openssl import OpenSSL
from spwf.outcome import Mode
from spwf.pki import Pki
from spwf.programs.openssl import SServer
from spwf.scenario import Expect, Scenario, ServerOptions

NAME = "localhost"


@dataclass(frozen=True)
class Special(SServer):
    """A server that no scenario can be: with more switches for s_server."""

    switches: tuple[str, ...] = ()

    def argv(
        self, scenario: Scenario, files: Path, port: int = 4433, host: str = "127.0.0.1"
    ) -> list[str]:
        return [*super().argv(scenario, files, port, host), *self.switches]


def special(pki: Pki, *switches: str, **server: Any) -> spwf.Server:
    scenario = Scenario(
        "special", "special", "2", Expect(Mode.ONE_WAY), server=ServerOptions(**server)
    )
    return spwf.Server(scenario, pki, program=replace(Special.find(), switches=switches))


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit status, and what came on stdout and stderr."""
    done = CliRunner().invoke(cli.main, ["probe", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def probe(
    server: spwf.Server, pki: Pki, *more: str | Path, domain: str = NAME, ca: str = "ca"
) -> dict[str, Any]:
    """What --json says; the exit status fits."""
    files: list[str | Path] = ["--ca", pki[ca].cert_path, "--domain", domain]
    status, text = run(f"{NAME}:{server.port}", *files, "--json", *more)
    told: dict[str, Any] = json.loads(text)
    assert status == (0 if told["connects"] else 1)
    return told


def certify(
    key: Any,
    issuer: str,
    issuer_key: Any,
    name: str = NAME,
    days: tuple[int, int] = (-1, 60),
    extensions: tuple[x509.ExtensionType, ...] = (),
) -> x509.Certificate:
    """A certificate that is valid on `days` from today; a CA's but for NAME."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(f"CN={name}"))
        .issuer_name(x509.Name.from_rfc4514_string(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(name != NAME, None), True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, True)
    plain = isinstance(issuer_key, ed25519.Ed25519PrivateKey)  # its digest is no choice
    return builder.sign(issuer_key, None if plain else hashes.SHA256())


def unreadable(folder: Path) -> tuple[Path, Path]:
    """Files of a certificate that signed itself, and its key, with Latin-1 where it says T.61."""
    cert, key, config = (folder / name for name in ("t61.pem", "t61_key.pem", "t61.cnf"))
    config.write_bytes(
        b"[req]\nstring_mask = nombstr\nprompt = no\ndistinguished_name = dn\n"
        b"x509_extensions = ca\n[dn]\nO = M\xfcller\nCN = localhost\n"
        b"[ca]\nbasicConstraints = critical, CA:true\n"
    )
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(key), "-out", str(cert))
    OpenSSL.find().run("req", "-x509", *kind, *files, config=config)
    return cert, key


def authority(pki: Pki) -> tuple[str, Any]:
    """Name and key of the Pki's CA."""
    ca = x509.load_pem_x509_certificate(pki["ca"].cert_pem)
    return ca.subject.rfc4514_string(), load_pem_private_key(pki["ca"].key_pem, None)


def save(folder: Path, key: Any, *chain: x509.Certificate) -> tuple[str, ...]:
    """Switches for a server with this key and chain, its own certificate first."""
    (folder / "cert.pem").write_bytes(chain[0].public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    switches = ("-cert", str(folder / "cert.pem"), "-key", str(folder / "key.pem"))
    if len(chain) == 1:
        return switches
    (folder / "above.pem").write_bytes(
        b"".join(each.public_bytes(Encoding.PEM) for each in chain[1:])
    )
    return (*switches, "-cert_chain", str(folder / "above.pem"))


def issue(pki: Pki, folder: Path, key: Any) -> tuple[str, ...]:
    """Switches for a certificate of NAME with this key, signed by the Pki's CA."""
    return save(folder, key, certify(key, *authority(pki)))
