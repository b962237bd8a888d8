"""`spwf pki show`: what is in PEM files, as a module would find it [note 1.2, 2.1].

Called by cli.py; reads with certificates.py.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from spwf.certificates import (
    CAP,
    DIGESTS,
    digest,
    distinguished_name,
    issuer,
    key_fits,
    key_text,
    names,
    printable,
    public_key,
    read_certificates,
    read_key,
    same_key,
    self_signed,
    subject,
)

# As openssl.cnf calls them.
_EXTENSIONS = {
    ExtensionOID.BASIC_CONSTRAINTS: "basicConstraints",
    ExtensionOID.KEY_USAGE: "keyUsage",
    ExtensionOID.EXTENDED_KEY_USAGE: "extendedKeyUsage",
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: "subjectAltName",
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: "subjectKeyIdentifier",
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
    ExtensionOID.NAME_CONSTRAINTS: "nameConstraints",
    ExtensionOID.CERTIFICATE_POLICIES: "certificatePolicies",
    ExtensionOID.CRL_DISTRIBUTION_POINTS: "crlDistributionPoints",
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS: "authorityInfoAccess",
}
_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
}


def describe(paths: list[Path]) -> Iterator[str]:
    """Lines about each file. A key is compared with the certificates of the other files.

    FileError for a file that is neither; OSError for one that cannot be read.
    """
    held = {path: path.read_bytes() for path in paths}
    keys = {
        path: read_key(data, str(path))
        for path, data in held.items()
        if b"PRIVATE KEY-----" in data
    }
    certificates = {
        path: read_certificates(data, str(path))
        for path, data in held.items()
        if b"-----BEGIN CERTIFICATE-----" in data or path not in keys
    }
    for path, data in held.items():
        yield f"{path}: {len(data)} bytes of the module's {CAP}"
        if path in keys:
            yield from _key(keys[path], certificates)
        for certificate in certificates.get(path, []):
            yield from _certificate(certificate)
        if len(data) > CAP:
            yield "  Module:     refuses it: too large"
    if len(held) > 1:
        yield f"Together: {sum(map(len, held.values()))} bytes of {CAP}"


def _key(key: PrivateKeyTypes, certificates: dict[Path, list[x509.Certificate]]) -> Iterator[str]:
    yield f"  Key:        {key_text(key)}, private"
    for path, found in certificates.items():
        belongs = "belongs to" if same_key(found[0], key) else "does not belong to"
        yield f"              {belongs} {path}"
    if not key_fits(key):
        yield "  Module:     cannot use such a key"


def _certificate(certificate: x509.Certificate) -> Iterator[str]:
    itself = self_signed(certificate)
    yield f"  Subject:    {distinguished_name(subject(certificate))}"
    yield f"  Issuer:     {'itself' if itself else distinguished_name(issuer(certificate))}"
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    yield f"  Valid:      {begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  Names:      {', '.join(names(certificate)) or 'none'}"
    yield f"  Key:        {key_text(public_key(certificate))}"
    yield f"  Digest:     {digest(certificate)}"
    title = "Extensions:"
    for text in _extensions(certificate):
        yield f"  {title} {text}"
        title = " " * len(title)
    for fault in _faults(certificate):
        yield f"  Module:     {fault}"


def _extensions(certificate: x509.Certificate) -> Iterator[str]:
    try:
        extensions = list(certificate.extensions)
    except ValueError as error:
        yield f"cannot be read: {error}"
        return
    for each in extensions:
        name = _EXTENSIONS.get(each.oid, each.oid.dotted_string)
        value = _value(each.value)
        yield name + (" (critical)" if each.critical else "") + (f": {value}" if value else "")


def _value(value: x509.ExtensionType) -> str:
    """The values that decide whether a certificate is of use; "" for the others."""
    if isinstance(value, x509.BasicConstraints):
        return "CA" if value.ca else "no CA"
    if isinstance(value, x509.KeyUsage):
        return ", ".join(text for field, text in _USAGES.items() if getattr(value, field))
    if isinstance(value, x509.ExtendedKeyUsage):
        return ", ".join(_PURPOSES.get(oid, oid.dotted_string) for oid in value)
    if isinstance(value, x509.SubjectAlternativeName):
        return printable(", ".join(str(name.value) for name in value))
    return ""


def _faults(certificate: x509.Certificate) -> Iterator[str]:
    """Why a module refuses it now."""
    now = datetime.now(UTC)
    if not key_fits(public_key(certificate)):
        yield "cannot use its key"
    if digest(certificate) not in DIGESTS and not self_signed(certificate):
        yield "cannot check its signature"
    if now > certificate.not_valid_after_utc:
        yield "refuses it: it has expired"
    if now < certificate.not_valid_before_utc:
        yield "refuses it: it is not valid yet"
