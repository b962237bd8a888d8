"""Certificates as data, good and odd ones, and their bytes.

A Cert says what is special about a certificate; der() makes it. Keys are made once per process.
Called by the table (rows of Certs), and by served.py, which writes the files of a server.
"""

from base64 import encodebytes
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from ipaddress import ip_address

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from spwf.openssl import OpenSSL

from .der import (
    bits,
    boolean,
    explicit,
    flags,
    implicit,
    integer,
    null,
    octets,
    oid,
    seq,
    set_of,
    time,
    utf8,
)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

USAGES = {  # bits of keyUsage
    "digitalSignature": 0,
    "keyEncipherment": 2,
    "keyAgreement": 4,
    "keyCertSign": 5,
    "cRLSign": 6,
}
PURPOSES = {
    "any": "2.5.29.37.0",
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3",
}
_CURVES = {
    "p256": ec.SECP256R1(),
    "k256": ec.SECP256K1(),
}
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA = {
    "md5": "1.2.840.113549.1.1.4",
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
_ECDSA = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}


NOBODYS = "1.3.6.1.4.1.32473.1"  # RFC 5612

# ---- general names (RFC 5280 4.2.1.6) ----


def other(text: str, kind: str = NOBODYS) -> bytes:
    """A name of another kind, by default of one that nobody knows."""
    return explicit(0, oid(kind), explicit(0, utf8(text)))


def email(name: str) -> bytes:
    return implicit(1, name.encode())


def dns(name: str | bytes) -> bytes:
    return implicit(2, name.encode() if isinstance(name, str) else name)


def directory(*attributes: bytes) -> bytes:
    return explicit(4, seq(*attributes))


def uri(name: str) -> bytes:
    return implicit(6, name.encode())


def ip(address: str | bytes) -> bytes:
    return implicit(7, ip_address(address).packed if isinstance(address, str) else address)


# ---- extensions (RFC 5280 4.2.1) ----


def extension(number: str, value: bytes, critical: bool = False) -> bytes:
    return seq(oid(number), boolean(True) if critical else b"", octets(value))


def alternative_names(*names: bytes, critical: bool = False) -> bytes:
    return extension("2.5.29.17", seq(*names), critical)


def basic_constraints(ca: bool, pathlen: int | None = None) -> bytes:
    parts = [boolean(True)] if ca else []
    if pathlen is not None:
        parts.append(integer(pathlen))
    return extension("2.5.29.19", seq(*parts), critical=True)


def key_usage(*names: str) -> bytes:
    return extension("2.5.29.15", flags(*(USAGES[name] for name in names)), critical=True)


def purposes(*names: str, critical: bool = False) -> bytes:
    return extension("2.5.29.37", seq(*(oid(PURPOSES[name]) for name in names)), critical)


def name_constraints(
    permitted: tuple[bytes, ...] = (), excluded: tuple[bytes, ...] = (), critical: bool = True
) -> bytes:
    trees = [
        explicit(number, *(seq(base) for base in bases))
        for number, bases in enumerate((permitted, excluded))
        if bases
    ]
    return extension("2.5.29.30", seq(*trees), critical)


# ---- certificates ----


@dataclass(frozen=True)
class Cert:
    """One certificate; where nothing is said, a good one for the end of a chain."""

    cn: str | bytes | None = None
    """Common name; bytes: a whole string element; None: the subject is empty."""
    issuer: "Cert | None" = None
    """None: itself."""
    key: str = "p256 server"
    """Kind of key, and whose: the same text, the same key."""
    extensions: tuple[bytes, ...] = ()
    not_before: str | bytes = "2020-01-01"
    """bytes: a whole element."""
    not_after: str | bytes = "2045-01-01"
    digest: str = "sha256"
    pss: bool = False
    """Signed with RSASSA-PSS."""
    inner: str = ""
    """The digest that the signed part names, where it is another."""
    version: int = 3
    serial: int = 0x1234
    key_ids: bool = True
    """Whether it has the key identifiers of RFC 5280 4.2.1.1 and 4.2.1.2."""
    spoilt: bool = False
    """One bit of the signature is wrong."""

    def subject(self) -> bytes:
        if self.cn is None:
            return seq()
        value = self.cn if isinstance(self.cn, bytes) else utf8(self.cn)
        return seq(attribute("2.5.4.3", value))


def attribute(number: str, value: bytes) -> bytes:
    """One relative distinguished name."""
    return set_of(seq(oid(number), value))


@cache
def key(name: str) -> Key:
    kind = name.split()[0]
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    size = int(kind.removeprefix("rsa"))
    if size >= 1024:
        return rsa.generate_private_key(65537, size)
    made = load_pem_private_key(OpenSSL.find().run("genrsa", str(size)).encode(), None)
    assert isinstance(made, rsa.RSAPrivateKey)  # the library makes none as short as this
    return made


def key_pem(name: str) -> bytes:
    return key(name).private_bytes(
        Encoding.PEM,
        PrivateFormat.TraditionalOpenSSL if not name.startswith("ed") else PrivateFormat.PKCS8,
        NoEncryption(),
    )


def _spki(name: str) -> bytes:
    return key(name).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_id(name: str) -> bytes:
    """RFC 5280 4.2.1.2, method 1."""
    public = key(name).public_key()
    if isinstance(public, rsa.RSAPublicKey):
        raw = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    elif isinstance(public, ec.EllipticCurvePublicKey):
        raw = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha1(raw, usedforsecurity=False).digest()


def _algorithm(signer: Key, digest: str, pss: bool) -> bytes:
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        return seq(oid("1.3.101.112"))
    if isinstance(signer, ec.EllipticCurvePrivateKey):
        return seq(oid(_ECDSA[digest]))
    if not pss:
        return seq(oid(_RSA[digest]), null())
    sha256 = seq(oid("2.16.840.1.101.3.4.2.1"), null())
    mask = seq(oid("1.2.840.113549.1.1.8"), sha256)
    parameters = seq(explicit(0, sha256), explicit(1, mask), explicit(2, integer(32)))
    return seq(oid("1.2.840.113549.1.1.10"), parameters)


def _sign(signer: Key, data: bytes, digest: str, pss: bool) -> bytes:
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        return signer.sign(data)
    algorithm = _DIGESTS[digest]
    if isinstance(signer, ec.EllipticCurvePrivateKey):
        return signer.sign(data, ec.ECDSA(algorithm))
    if pss:
        return signer.sign(data, padding.PSS(padding.MGF1(algorithm), 32), algorithm)
    return signer.sign(data, padding.PKCS1v15(), algorithm)


@cache
def der(cert: Cert) -> bytes:
    """Its bytes (RFC 5280 4.1)."""
    issuer = cert.issuer or cert
    signer = key(issuer.key)
    extensions = list(cert.extensions)
    if cert.key_ids and cert.version == 3:
        extensions.append(extension("2.5.29.14", octets(_key_id(cert.key))))
        extensions.append(extension("2.5.29.35", seq(implicit(0, _key_id(issuer.key)))))
    outer = _algorithm(signer, cert.digest, cert.pss)
    signed = seq(
        explicit(0, integer(cert.version - 1)) if cert.version > 1 else b"",
        integer(cert.serial),
        _algorithm(signer, cert.inner, cert.pss) if cert.inner else outer,
        issuer.subject(),
        seq(
            *(
                each if isinstance(each, bytes) else time(each)
                for each in (cert.not_before, cert.not_after)
            )
        ),
        cert.subject(),
        _spki(cert.key),
        explicit(3, seq(*extensions)) if extensions else b"",
    )
    signature = bytearray(_sign(signer, signed, cert.digest, cert.pss))
    signature[-1] ^= cert.spoilt
    return seq(signed, outer, bits(bytes(signature)))


def pem(data: bytes, kind: str = "CERTIFICATE") -> bytes:
    """The bytes as PEM."""
    lines = encodebytes(data).replace(b"\n", b"")
    body = b"\n".join(lines[i : i + 64] for i in range(0, len(lines), 64))
    return b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (kind.encode(), body, kind.encode())


def cert_pem(*certs: Cert) -> bytes:
    """One after the other."""
    return b"".join(pem(der(cert)) for cert in certs)
