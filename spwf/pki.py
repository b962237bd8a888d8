"""Test certificates, made with the openssl program as Appendix A of the note makes them.

A Pki is a folder with the note's file names (ca_key.pem, server_cert.pem, ...), in which each
certificate is made when it is first asked for. The commands are those of Appendix A; what a test
wants otherwise (digest, dates, names) stands in the openssl.cnf of a private CA folder. Threads and
processes may share a folder: each certificate is made once, under a lock.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from spwf.openssl import OpenSSL

DAYS = 6500
"""How long a certificate is valid where nothing else is said [note App. A]."""

_RSA = "genpkey -out {name}_key.pem -outform PEM -algorithm rsa -pkeyopt rsa_keygen_bits:"
_EC = "ecparam -out {name}_key.pem -genkey -name "
_KEYS = {
    "rsa1024": _RSA + "1024",
    "rsa2048": _RSA + "2048",
    "p192": _EC + "prime192v1",
    "p224": _EC + "secp224r1",
    "p256": _EC + "prime256v1",
    "p384": _EC + "secp384r1",
    "p521": _EC + "secp521r1",
}
_REQUEST = (
    "req -new -key {name}_key.pem -days {days} -set_serial {serial} -subj {subject}"
    " -out {name}_cert_req.pem"
)
_SIGN = (
    "ca -in {name}_cert_req.pem -out {name}_cert.pem -days {days} -keyfile {issuer}_key.pem"
    " -cert {issuer}_cert.pem -notext -batch"
)
_SELF_SIGN = (
    "req -new -key {name}_key.pem -days {days} -set_serial {serial} -subj {subject}"
    " -out {name}_cert.pem -x509"
)
_SELF_SIGN_DATED = (  # `req -x509` cannot set the first day of a certificate, `ca` can
    "ca -in {name}_cert_req.pem -out {name}_cert.pem -days {days} -keyfile {name}_key.pem"
    " -selfsign -extensions v3_ca -notext -batch"
)

# What openssl's own openssl.cnf says of a CA and of what it signs, but for `policy`: the original
# one drops L=Milan from what is signed.
_CONFIG = """\
[req]
distinguished_name = subject
default_md = {digest}
x509_extensions = v3_ca
[subject]
[ca]
default_ca = private
[private]
database = index.txt
serial = serial
new_certs_dir = .
default_md = {digest}
policy = any
x509_extensions = v3_signed
{dates}
[any]
C = optional
ST = optional
L = optional
O = optional
OU = optional
CN = supplied
[v3_ca]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always, issuer
basicConstraints = critical, CA:true
{extensions}
[v3_signed]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid, issuer
{extensions}
"""

KEY_TYPES = tuple(_KEYS)
"""What the module can use [note 2.1]."""


@dataclass(frozen=True)
class Certificate:
    """What is special about one certificate; empty fields are as Appendix A has them."""

    key: str = ""
    """One of KEY_TYPES; "": the Pki's."""
    cn: str = ""
    """Common name; "": `CA domain`, `server domain`, `client domain`."""
    sans: tuple[str, ...] = ()
    """Subject alternative names as openssl writes them: `DNS:example.com`, `IP:127.0.0.1`."""
    not_before: datetime | timedelta = timedelta(0)
    """A timedelta counts from the moment when the certificate is made."""
    not_after: datetime | timedelta = timedelta(days=DAYS)
    extensions: tuple[str, ...] = ()
    """More lines for openssl.cnf, such as `keyUsage = critical, cRLSign`."""

    @property
    def dated(self) -> bool:
        """Whether it has other dates than Appendix A's."""
        usual = Certificate()
        return (self.not_before, self.not_after) != (usual.not_before, usual.not_after)

    def config(self, digest: str) -> str:
        """The openssl.cnf that makes it."""
        extensions = list(self.extensions)
        if self.sans:
            extensions.append("subjectAltName = " + ", ".join(self.sans))
        dates = []
        if self.dated:
            dates.append(f"default_startdate = {_asn1(self.not_before)}")
            dates.append(f"default_enddate = {_asn1(self.not_after)}")
        return _CONFIG.format(
            digest=digest, dates="\n".join(dates), extensions="\n".join(extensions)
        )


@dataclass(frozen=True)
class PkiSpec:
    """All that a Pki is made from. The default is Appendix A with P-256 keys."""

    key: str = "p256"
    """One of KEY_TYPES, for every certificate that names no other."""
    digest: str = "sha256"
    """That every certificate is signed with: sha256, sha1, md5, sha384, ..."""
    ca: Certificate = field(default_factory=Certificate)
    server: Certificate = field(default_factory=Certificate)
    client: Certificate = field(default_factory=Certificate)
    client_ca: Certificate | None = None
    """The CA that signs the client; None: the same that signs the server."""


@dataclass(frozen=True)
class _Role:
    """One name of a Pki: Appendix A's subject and serial number, and who signs."""

    cn: str
    serial: int  # decimal, as -set_serial takes it
    spec: str  # the field of PkiSpec
    issuer: str = ""  # "": itself
    authority: bool = False  # may sign others, though another signs it
    change: Mapping[str, Any] = field(default_factory=dict)  # of that field


_DAY = timedelta(days=1)
_PAST = {"not_before": -30 * _DAY, "not_after": -_DAY}
_FUTURE = {"not_before": 3650 * _DAY}
_ROLES = {
    "ca": _Role("CA domain", 1111, "ca"),
    "server": _Role("server domain", 2222, "server", "ca"),
    "client": _Role("client domain", 3333, "client", "client_ca"),
    "client_ca": _Role("client CA domain", 1111, "client_ca"),
    # For refusals. The wrong CA is "ca" to the last letter, but for its key.
    "wrong_ca": _Role("CA domain", 1111, "ca"),
    "expired_ca": _Role("CA domain", 1111, "ca", change=_PAST),
    "not_yet_valid_ca": _Role("CA domain", 1111, "ca", change=_FUTURE),
    "expired": _Role("server domain", 4444, "server", "ca", change=_PAST),
    "not_yet_valid": _Role("server domain", 5555, "server", "ca", change=_FUTURE),
    "wrong_domain": _Role("another domain", 6666, "server", "ca", change={"cn": "", "sans": ()}),
    "intermediate": _Role("intermediate CA domain", 7777, "ca", "ca", authority=True),
    "behind_intermediate": _Role("server domain", 8888, "server", "intermediate"),
    "unknown_client": _Role("client domain", 3333, "client", "wrong_ca"),
    "expired_client": _Role("client domain", 4444, "client", "client_ca", change=_PAST),
}
ROLES = tuple(_ROLES)
"""The names of a Pki's certificates."""


@dataclass(frozen=True)
class Credential:
    """A certificate and its key. Asking for any of its four properties makes the files."""

    _pki: "Pki"
    name: str

    @property
    def cert_path(self) -> Path:
        """The certificate's file, PEM."""
        self._pki.make(self.name)
        return self._pki.directory / f"{self.name}_cert.pem"

    @property
    def key_path(self) -> Path:
        """The private key's file, PEM, readable by its owner only."""
        self._pki.make(self.name)
        return self._pki.directory / f"{self.name}_key.pem"

    @property
    def cert_pem(self) -> bytes:
        """The certificate as the module takes it."""
        return self.cert_path.read_bytes()

    @property
    def key_pem(self) -> bytes:
        """The private key as the module takes it."""
        return self.key_path.read_bytes()


class Pki:
    """A family of certificates, in one folder.

    `pki["ca"]`, `pki["server"]` and `pki["client"]` are the Credentials of Appendix A. For refusals
    there are, in place of `ca`, `wrong_ca` (with the DN and serial number of the right one),
    `expired_ca` and `not_yet_valid_ca`; in place of `server`, `expired`, `not_yet_valid`,
    `wrong_domain` and `behind_intermediate`; in place of `client`, `unknown_client` (signed by
    `wrong_ca`) and `expired_client`. `client_ca` is `ca` unless the spec says else.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        spec: PkiSpec | None = None,
        *,
        openssl: OpenSSL | None = None,
        **fields: Any,
    ) -> None:
        """Nothing is made yet. `fields` are PkiSpec's, and go before `spec`.

        ValueError for a key type that is not in KEY_TYPES.
        """
        self.directory = Path(directory).absolute()  # openssl runs in a folder below it
        self.spec = replace(spec or PkiSpec(), **fields)
        self._openssl = openssl or OpenSSL.find()
        for key in (self.spec.key, *(self._certificate(role).key for role in _ROLES)):
            if key and key not in _KEYS:
                raise ValueError(f"no key type {key!r}: take one of {', '.join(KEY_TYPES)}")

    @classmethod
    def shared(cls, root: str | os.PathLike[str], spec: PkiSpec | None = None) -> "Pki":
        """The one Pki of this spec under the folder `root`, for all processes that say so."""
        spec = spec or PkiSpec()
        return cls(Path(root) / hashlib.sha256(repr(spec).encode()).hexdigest()[:16], spec)

    def __getitem__(self, name: str) -> Credential:
        return Credential(self, self._own(name))

    @property
    def server(self) -> Credential:
        """The server's certificate and key."""
        return self["server"]

    @property
    def client(self) -> Credential:
        """The module's certificate and key."""
        return self["client"]

    @property
    def root_ca_of_client(self) -> Path:
        """The file of the CA that the server trusts, by the note's name for it [note 3.3]."""
        self.make("root_ca_of_client")
        return self.directory / "root_ca_of_client.pem"

    def make(self, *names: str) -> None:
        """Makes what is not there yet of these names, `root_ca_of_client` among them.

        KeyError for a name that no Pki has, OpenSSLError where openssl fails.
        """
        for name in names:
            if name == "root_ca_of_client":
                self._copy(self["client_ca"].cert_path, f"{name}.pem")
            else:
                self._make(self._own(name))

    def _copy(self, path: Path, name: str) -> None:
        with self.locked():
            copy = self.directory / name
            if not copy.exists():
                part = copy.with_suffix(".part")
                part.write_bytes(path.read_bytes())
                part.replace(copy)

    def _own(self, name: str) -> str:
        """The name of the files: without a separate CA for the client, it is the server's CA."""
        if name not in _ROLES:
            raise KeyError(f"a Pki has no {name!r}: take one of {', '.join(_ROLES)}")
        return "ca" if name == "client_ca" and self.spec.client_ca is None else name

    def _certificate(self, name: str) -> Certificate:
        role = _ROLES[name]
        certificate: Certificate | None = getattr(self.spec, role.spec)
        return replace(certificate or Certificate(), **role.change)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps all others, threads and processes, from making files in the folder."""
        self.directory.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _make(self, name: str) -> None:
        issuer = self._own(_ROLES[name].issuer) if _ROLES[name].issuer else ""
        if issuer:
            self._make(issuer)
        cert = self.directory / f"{name}_cert.pem"
        if cert.exists():
            return  # complete: it is moved here last
        with self.locked(), tempfile.TemporaryDirectory(dir=self.directory, prefix=".") as private:
            if cert.exists():
                return
            folder = Path(private)
            self._run_commands(folder, name, issuer)
            for made in (f"{name}_key.pem", f"{name}_cert_req.pem", cert.name):
                if (folder / made).exists():
                    (folder / made).replace(self.directory / made)

    def _run_commands(self, folder: Path, name: str, issuer: str) -> None:
        """Appendix A for one name, in a private CA folder."""
        role, certificate = _ROLES[name], self._certificate(name)
        config = folder / "openssl.cnf"
        config.write_text(certificate.config(self.spec.digest))
        (folder / "index.txt").touch()
        (folder / "serial").write_text(f"{role.serial:04X}\n")
        commands = [_KEYS[certificate.key or self.spec.key]]
        if issuer:
            for file in (f"{issuer}_key.pem", f"{issuer}_cert.pem"):
                (folder / file).symlink_to(self.directory.resolve() / file)
            commands += [_REQUEST, _SIGN + (" -extensions v3_ca" if role.authority else "")]
        elif certificate.dated:
            commands += [_REQUEST, _SELF_SIGN_DATED]
        else:
            commands += [_SELF_SIGN]
        values = {
            "name": name,
            "issuer": issuer,
            "serial": role.serial,
            "days": DAYS,
            "subject": f"/C=IT/ST=Lombardia/L=Milan/O=STM/OU=R&D/CN={certificate.cn or role.cn}",
        }
        for command in commands:
            words = [word.format(**values) for word in command.split()]
            self._openssl.run(*words, cwd=folder, config=config)


def _asn1(moment: datetime | timedelta) -> str:
    """As openssl's -startdate takes it."""
    if isinstance(moment, timedelta):
        moment = datetime.now(UTC) + moment
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%SZ}"
