"""The matrix as data: what the note promises of TLS, one cell for each promise and server program.

Suites in versions and modes [note 2.2, 2.4], keys and curves [note 2.1], downgrade [note 2.5], and
where design.md section 10 draws the line. A cell says what the server is, what the module has, and
what must come of it. One that no server could ever be is there with its reason. What a program in
particular cannot serve is asked of the program, in run.py. Pure data.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from spwf.outcome import Cause, Mode, Note
from spwf.pki import KEY_TYPES, Certificate, PkiSpec
from spwf.scenario import Expect, Loads, Scenario, ServerOptions, Verify
from spwf.suites import SUITES, Auth, KeyExchange, Suite, Version, find


class Group(StrEnum):
    """What a cell is about; `text` is for headings."""

    text: str

    def __new__(cls, value: str, text: str) -> "Group":
        """A member's value is one word for -k; its text rides along."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    SUITES = "suites", "Suites in versions and modes"
    POLICY = "policy", "Suites in versions that Table 2 does not have"
    CURVES = "curves", "Curves of ECDHE, under each server key"
    STATIC = "static", "Static ECDH, curves and CAs"
    CLIENTS = "clients", "Client keys"
    DIGESTS = "digests", "Digests of certificates"
    DOWNGRADE = "downgrade", "Servers up to a version, their own choice of suite"
    MINIMUM = "minimum", "min_version of the module"


CURVES = {"p192": "P-192", "p224": "P-224", "p256": "P-256", "p384": "P-384", "p521": "P-521"}
"""Key types of curves, by the names of the outcome."""

_OPENSSL_GROUPS = {**CURVES, "p192": "prime192v1", "p224": "secp224r1"}
_SSL3_DOWNGRADE = (find("0035"), find("002F"))  # [design 10]
_PLAIN = {  # one suite of each kind that is in most versions, for cells about something else
    "RSA": find("002F"),
    "RSA in SSL 3.0": find("0005"),
    "ECDHE_RSA": find("C013"),
    "ECDHE_ECDSA": find("C009"),
    "ECDH_RSA": find("C00E"),
    "ECDH_ECDSA": find("C004"),
}
_DIGESTS = ("md5", "sha1", "sha256", "sha224", "sha384", "sha512")
_KNOWN_DIGESTS = _DIGESTS[:3]  # [note 2.1]


@dataclass(frozen=True)
class Cell:
    """One server, one module, and what must come of their meeting."""

    group: Group
    server: str
    """Name of the server program."""
    suite: Suite | None
    """The only one that the server has; None: its default list."""
    version: Version
    """The only one that the server speaks; in DOWNGRADE and MINIMUM its highest."""
    mode: Mode
    key: str
    """Type of the server's key, and of all others that are not given."""
    ca: str = ""
    """Type of the key that signed it, where it is not the same."""
    client: str = ""
    """Type of the client's key, where it is not the same; for Mode.MUTUAL."""
    curve: str = ""
    """The only one of ECDHE that the server has, as a key type; "": all five."""
    digest: str = "sha256"
    """What the certificates are signed with."""
    min_version: Version | None = None
    """The lowest that the module accepts; None: any."""
    cause: Cause = Cause.NONE
    """How SOCKON must end; NONE: it connects."""
    note: Note | None = None
    """Must be in the outcome."""
    impossible: str = ""
    """Why there can be no such cell."""

    @property
    def words(self) -> tuple[str, ...]:
        """What it is, a word for each axis: for -k, and put together its name."""
        suite = (f"{self.suite.code:04X}", self.suite.name) if self.suite else ("any-suite",)
        more = {
            "ca": self.ca,
            "client": self.client,
            "curve": self.curve,
            "digest": self.digest if self.group is Group.DIGESTS else "",
            "min": self.min_version or "",
        }
        rest = (f"{word}={value}" for word, value in more.items() if value)
        return (self.group, self.server, self.version, *suite, self.mode, self.key, *rest)

    @property
    def name(self) -> str:
        """No other cell has it."""
        return " ".join(self.words)

    @property
    def shared(self) -> str:
        """The same for the cells of all servers that must end alike."""
        return " ".join(word for word in self.words if word != self.server)

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """What the module at `spwf://` must be opened with."""
        options = []
        if self.min_version:
            options.append(("min_version", _MIN_VERSIONS[self.min_version]))
        if self.client == "rsa2048":
            options.append(("limits", "off"))  # such a set is larger than the note's cap
        return tuple(options)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the curves that the server may take for ECDHE; none without it."""
        if self.suite and self.suite.key_exchange is not KeyExchange.ECDHE:
            return ()
        return (CURVES[self.curve],) if self.curve else tuple(CURVES.values())

    @property
    def scenario(self) -> Scenario:
        """The server, and what the module loads."""
        mutual = self.mode is Mode.MUTUAL
        capped = self.group in (Group.DOWNGRADE, Group.MINIMUM)
        # OpenSSL takes a client's certificate only on a curve that is among the server's.
        client = ("p256", self.client) if self.client in CURVES else ()
        curves = (self.curve,) if self.curve else tuple(dict.fromkeys(client))
        return Scenario(
            name=self.name,
            title=self.group.text,
            note="2.2",
            expect=Expect(self.mode, self.cause),
            pki=PkiSpec(
                key=self.key,
                digest=self.digest,
                ca=Certificate(key=self.ca),
                client=Certificate(key=self.client),
            ),
            server=ServerOptions(
                verify=Verify.REQUIRE if mutual else Verify.NONE,
                suites=(self.suite.name,) if self.suite else (),
                security_level=0,
                min_version=None if capped else self.version,
                max_version=self.version,
                groups=tuple(_OPENSSL_GROUPS[curve] for curve in curves),
            ),
            module=Loads(
                ca="" if self.mode is Mode.ANONYMOUS else "ca",
                client="client" if mutual else "",
                domain="" if self.mode is Mode.ANONYMOUS else "server domain",
            ),
        )


_MIN_VERSIONS = {Version.TLS1: "tls1", Version.TLS1_1: "tls1.1", Version.TLS1_2: "tls1.2"}


def cells(server: str) -> Iterator[Cell]:
    """All cells of the server program of this name."""
    yield from _suites(server)
    yield from _curves(server)
    yield from _static(server)
    yield from _clients(server)
    yield from _digests(server)
    yield from _versions(server)


def lawful(suite: Suite, version: Version) -> bool:
    """Whether Table 2 has the suite in this version: 72 pairs of 108."""
    return version in suite.versions


def why_unlawful(suite: Suite, version: Version) -> str:
    """Why Table 2 has it not, as a reason; "" where it has."""
    if lawful(suite, version):
        return ""
    if suite.min_version is Version.TLS1_2:
        return f"Table 2: SHA-256 suites need TLS 1.2 (RFC 5246, RFC 5289), not {version}"
    if suite in _SSL3_DOWNGRADE:
        return "Table 2: AES is of TLS (RFC 3268), not of SSL 3.0"
    return "Table 2: SSL 3.0 has no elliptic curves (RFC 8422)"


def _suites(server: str) -> Iterator[Cell]:
    """Every suite in every version and mode, lawful or not [note 2.2]."""
    for suite in SUITES:
        for version in Version:
            for mode in Mode:
                # Mutual with RSA-2048 is larger than the note's cap on TLS files.
                rsa = "rsa1024" if mode is Mode.MUTUAL else "rsa2048"
                key, ca = _server_key(suite, rsa)
                cell = Cell(Group.SUITES, server, suite, version, mode, key, ca)
                if lawful(suite, version):
                    yield cell
                elif version is Version.SSL3 and suite in _SSL3_DOWNGRADE:
                    yield replace(cell, group=Group.POLICY, note=Note.OUTSIDE_TABLE_2)
                else:
                    yield replace(cell, group=Group.POLICY, cause=Cause.SUITE)


def _server_key(suite: Suite, rsa: str) -> tuple[str, str]:
    """Types of the server's key and, where it is another, of its CA's."""
    if suite.key_exchange is KeyExchange.ECDH:
        return "p256", rsa if suite.auth is Auth.RSA else ""
    return rsa if suite.auth is Auth.RSA else "p256", ""


def _no_curves(version: Version) -> str:
    return "SSL 3.0 has no elliptic curves (RFC 8422)" if version is Version.SSL3 else ""


def _curves(server: str) -> Iterator[Cell]:
    for curve in CURVES:
        for key in KEY_TYPES:
            suite = _PLAIN["ECDHE_ECDSA" if key in CURVES else "ECDHE_RSA"]
            for version in Version:
                cell = Cell(Group.CURVES, server, suite, version, Mode.ONE_WAY, key, curve=curve)
                yield replace(cell, impossible=_no_curves(version))


def _static(server: str) -> Iterator[Cell]:
    for key in CURVES:
        for ca, suite in (("rsa2048", _PLAIN["ECDH_RSA"]), ("", _PLAIN["ECDH_ECDSA"])):
            for version in Version:
                cell = Cell(Group.STATIC, server, suite, version, Mode.ONE_WAY, key, ca)
                yield replace(cell, impossible=_no_curves(version))


def _clients(server: str) -> Iterator[Cell]:
    for key, plain in (("rsa1024", "RSA"), ("p256", "ECDHE_ECDSA")):
        for client in KEY_TYPES:
            for version in Version:
                ssl3 = version is Version.SSL3
                suite = _PLAIN["RSA in SSL 3.0" if ssl3 and plain == "RSA" else plain]
                curves = key in CURVES or client in CURVES
                why = _no_curves(version) if curves else ""
                cell = Cell(Group.CLIENTS, server, suite, version, Mode.MUTUAL, key, client=client)
                yield replace(cell, impossible=why)


def _digests(server: str) -> Iterator[Cell]:
    """Without a CA the module checks no signature of a certificate [design 10]."""
    for key, plain in (("rsa2048", "ECDHE_RSA"), ("p256", "ECDHE_ECDSA")):
        for digest in _DIGESTS:
            for mode in (Mode.ANONYMOUS, Mode.ONE_WAY):
                refused = mode is Mode.ONE_WAY and digest not in _KNOWN_DIGESTS
                yield Cell(
                    *(Group.DIGESTS, server, _PLAIN[plain], Version.TLS1_2, mode, key),
                    digest=digest,
                    cause=Cause.DIGEST if refused else Cause.NONE,
                    impossible="ECDSA has no signatures with MD5 (RFC 5758, RFC 3279)"
                    if (key, digest) == ("p256", "md5")
                    else "",
                )


def _versions(server: str) -> Iterator[Cell]:
    """Servers that choose for themselves, up to a version [note 2.5]."""
    for version in Version:
        for key in ("rsa2048", "p256"):
            cell = Cell(Group.DOWNGRADE, server, None, version, Mode.ONE_WAY, key)
            yield replace(cell, impossible=_no_curves(version) if key in CURVES else "")
    for lowest in _MIN_VERSIONS:
        for version in Version:
            yield Cell(
                *(Group.MINIMUM, server, None, version, Mode.ONE_WAY, "rsa2048"),
                min_version=lowest,
                cause=Cause.NONE if version.code >= lowest.code else Cause.VERSION,
            )
