"""Certificates and keys in PEM files: what they are, and what a module takes [note 1.2, 2.1].

Called by diagnosis.py, probe.py, provision.py and show.py; reads with the library `cryptography`.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PrivateKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtensionOID, NameOID

from spwf.errors import HarnessError

CAP = 3072
"""Bytes that the module has for its four TLS files together [design 10, "Sizes"]."""

RSA_BITS = (1024, 2048)  # the least and the most that the module can use [note 2.1]
CURVES = {  # as OpenSSL calls them: as the note does
    "secp192r1": "P-192",
    "secp224r1": "P-224",
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}
DIGESTS = ("md5", "sha1", "sha256")  # [note 2.1]

# Those that the core knows (tls_verify.c), so that a name reads as in Outcome.subject.
_ATTRIBUTES = {
    NameOID.COMMON_NAME: "CN",
    NameOID.SURNAME: "SN",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.TITLE: "T",
    NameOID.EMAIL_ADDRESS: "emailAddress",
}


class FileError(HarnessError):
    """A file that is not what it should be; the message names it and says what it is."""


def subject(certificate: x509.Certificate) -> x509.Name | None:
    """Whom it is for; None where the name is written so that the library cannot read it.

    Old CAs wrote Latin-1 where T.61 was said.
    """
    try:
        return certificate.subject
    except ValueError:
        return None


def issuer(certificate: x509.Certificate) -> x509.Name | None:
    """Who signed it; None likewise."""
    try:
        return certificate.issuer
    except ValueError:
        return None


def distinguished_name(name: x509.Name | None) -> str:
    """As the note writes it [note 1.2], in the certificate's order: `C=IT, O=STM, CN=John`."""
    if name is None:
        return "a name that cannot be read"
    return printable(", ".join(f"{_ATTRIBUTES.get(each.oid, '?')}={each.value!s}" for each in name))


def printable(text: str) -> str:
    """What a stranger has written, without what a terminal might obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def key_text(key: CertificatePublicKeyTypes | PrivateKeyTypes | None) -> str:
    """`RSA 2048`, `EC P-256`, or what else it is."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return f"EC {CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.partition("P")[0] if key is not None else "unknown"


def key_fits(key: CertificatePublicKeyTypes | PrivateKeyTypes | None) -> bool:
    """Whether the module can use it [note 2.1]."""
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return RSA_BITS[0] <= key.key_size <= RSA_BITS[1]
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return key.curve.name in CURVES
    return False


def public_key(certificate: x509.Certificate) -> CertificatePublicKeyTypes | None:
    """Its key; None where it is of a kind that nobody here knows."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def digest(certificate: x509.Certificate) -> str:
    """What it is signed with: `sha256`."""
    try:
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        algorithm = None
    return algorithm.name if algorithm else "unknown"


def names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Those that the module compares with its domain: alternative names, or else common ones.

    Where there is a URI, common ones do not count either [design 10, "Names"].
    """
    try:
        extension = certificate.extensions.get_extension_for_oid(
            ExtensionOID.SUBJECT_ALTERNATIVE_NAME
        ).value
    except (ValueError, x509.ExtensionNotFound):
        extension = None
    found: list[str] = []
    others: list[str] = []
    if isinstance(extension, x509.SubjectAlternativeName):
        found += extension.get_values_for_type(x509.DNSName)
        found += map(str, extension.get_values_for_type(x509.IPAddress))
        others += extension.get_values_for_type(x509.UniformResourceIdentifier)
    name = subject(certificate)
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME) if name else []
    if others and not found:
        return ()
    return tuple(map(printable, found or (str(each.value) for each in common)))


def is_address(name: str) -> bool:
    """Whether the module takes the name for an address, as csrc/core/tls_policy.c does."""
    return ":" in name or ("." in name and not name.strip("0123456789."))


def self_signed(certificate: x509.Certificate) -> bool:
    """Whether it names itself as its issuer: nobody stands above it."""
    return names_issuer(certificate, certificate)


def names_issuer(certificate: x509.Certificate, other: x509.Certificate) -> bool:
    """Whether it says that `other` signed it; False where a name cannot be read."""
    named = issuer(certificate)
    return named is not None and named == subject(other)


def signed_by(certificate: x509.Certificate, other: x509.Certificate) -> bool:
    """Whether the key of `other` made its signature."""
    try:
        certificate.verify_directly_issued_by(other)
    except Exception:  # the library's InvalidSignature, ValueError and TypeError alike mean no
        return False
    return True


def same_key(certificate: x509.Certificate, key: PrivateKeyTypes) -> bool:
    """Whether the private key belongs to the certificate."""
    ours = public_key(certificate)
    if ours is None:
        return False
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return ours.public_bytes(*form) == key.public_key().public_bytes(*form)


def read_certificates(data: bytes, what: str) -> list[x509.Certificate]:
    """The certificates of a PEM file; FileError, which calls it `what`, where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old certificates bend the rules, and are read
            found = x509.load_pem_x509_certificates(data)
    except ValueError:
        found = []
    if not found:
        raise _wrong(data, what, "a certificate", "x509")
    return found


def read_key(data: bytes, what: str) -> PrivateKeyTypes:
    """The private key of a PEM file; FileError, which calls it `what`, where there is none."""
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        raise FileError(
            f"{what} is protected by a passphrase, which the module cannot be told: "
            "remove it with `openssl pkey -in FILE -out PLAIN`"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _wrong(data, what, "a private key", "pkey") from None


def _wrong(data: bytes, what: str, wanted: str, command: str) -> FileError:
    """For a person who took the wrong file, or half of one; `command`: openssl's for what it is."""
    if _KINDS[wanted] in data:
        return FileError(f"{what} holds {wanted} that is damaged or cut short")
    found = next((kind for kind, mark in _KINDS.items() if mark in data), "no PEM block")
    cure = ""
    if b"\0" in data:
        found = "binary data, perhaps DER form"
        cure = f": `openssl {command} -inform DER -in FILE -out PEM` makes it from DER"
    return FileError(f"{what} holds {found}, where {wanted} in PEM form is needed{cure}")


_KINDS = {
    "a private key": b"PRIVATE KEY-----",
    "a public key": b"PUBLIC KEY-----",
    "a certificate request": b"-----BEGIN CERTIFICATE REQUEST-----",
    "a certificate": b"-----BEGIN CERTIFICATE-----",
    "a PKCS #7 bundle": b"-----BEGIN PKCS7-----",
    "another kind of PEM block": b"-----BEGIN ",
}


@dataclass(frozen=True)
class Material:
    """What a module is to be loaded with; b"" or "" for what it is not."""

    ca: bytes = b""
    cert: bytes = b""
    key: bytes = b""
    domain: str = ""

    @classmethod
    def read(cls, ca: Path | None, cert: Path | None, key: Path | None, domain: str) -> "Material":
        """Reads the files; FileError for one of the wrong kind, OSError for one that is not there.

        Each file is checked to be PEM of its kind, never changed.
        """
        data = {name: path.read_bytes() for name, path in _given(ca=ca, cert=cert, key=key)}
        for name, path in _given(ca=ca, cert=cert):
            read_certificates(data[name], f"--{name} {path}")
        if key is not None:
            read_key(data["key"], f"--key {key}")
        return cls(**data, domain=domain)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each part that there is, by its name."""
        parts = {"ca": self.ca, "cert": self.cert, "key": self.key, "domain": self.domain.encode()}
        return {name: len(part) for name, part in parts.items() if part}

    @property
    def size(self) -> int:
        """Bytes of all together, which the module compares with CAP."""
        return sum(self.sizes.values())

    @property
    def paired(self) -> bool:
        """Whether certificate and key belong together; where one is missing, nothing is wrong."""
        if not (self.cert and self.key):
            return True
        certificate = read_certificates(self.cert, "--cert")[0]
        return same_key(certificate, read_key(self.key, "--key"))

    @property
    def bare_size(self) -> int:
        """What `size` would be without the text that openssl writes before a PEM block."""
        spare = sum(max(part.find(b"-----BEGIN "), 0) for part in (self.ca, self.cert, self.key))
        return self.size - spare


def _given(**paths: Path | None) -> list[tuple[str, Path]]:
    return [(name, path) for name, path in paths.items() if path is not None]
