"""Table 2: the 27 cipher suites of the module, in the module's order [note 2.2].

A row knows its code on the wire, its three names (the note's, IANA's and OpenSSL's), the versions
that Table 2 allows it in, and what the server's key must be able to do. Pure data.
"""

from dataclasses import dataclass
from enum import StrEnum


class Version(StrEnum):
    """Protocol versions, oldest first, by the names that OpenSSL prints."""

    SSL3 = "SSLv3"
    TLS1 = "TLSv1"
    TLS1_1 = "TLSv1.1"
    TLS1_2 = "TLSv1.2"

    @property
    def code(self) -> int:
        """As in a ClientHello (RFC 5246 6.2.1): 0x0300 to 0x0303."""
        return 0x0300 + list(Version).index(self)


class KeyExchange(StrEnum):
    """How the pre_master_secret comes to be."""

    RSA = "RSA"
    ECDH = "ECDH"
    """Static: the server's certificate holds the ECDH key."""
    ECDHE = "ECDHE"


class Auth(StrEnum):
    """ECDHE: the kind of the server's key. ECDH: the kind of key that signed its certificate."""

    RSA = "RSA"
    ECDSA = "ECDSA"


@dataclass(frozen=True)
class Suite:
    """One row of Table 2."""

    code: int
    """The two bytes of the ClientHello, 0x0000 to 0xFFFF."""
    name: str
    """As the note writes it: three names begin with SSL_."""
    openssl: str
    """As `openssl s_server -cipher` writes it; OpenSSL 1.1.0 dropped the static ECDH ones."""
    key_exchange: KeyExchange
    auth: Auth
    min_version: Version
    """Table 2 allows the suite from this version on, up to TLS 1.2."""

    @property
    def iana(self) -> str:
        """As in IANA's registry of TLS cipher suites."""
        return self.name.replace("SSL_", "TLS_", 1)

    @property
    def versions(self) -> tuple[Version, ...]:
        """The versions that Table 2 allows, oldest first."""
        return tuple(v for v in Version if v.code >= self.min_version.code)

    def __str__(self) -> str:
        return self.name


def _suite(code: int, name: str, openssl: str, min_version: Version) -> Suite:
    exchange = name.split("_WITH_")[0].split("_")[1:]  # TLS_ECDHE_RSA: [ECDHE, RSA]; SSL_RSA: [RSA]
    return Suite(code, name, openssl, KeyExchange(exchange[0]), Auth(exchange[-1]), min_version)


_V30, _V31, _V33 = Version.SSL3, Version.TLS1, Version.TLS1_2

SUITES: tuple[Suite, ...] = tuple(
    _suite(*row)
    for row in (
        (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", _V33),
        (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", _V33),
        (0xC029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", "ECDH-RSA-AES128-SHA256", _V33),
        (0xC025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", "ECDH-ECDSA-AES128-SHA256", _V33),
        (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", _V31),
        (0xC005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", "ECDH-ECDSA-AES256-SHA", _V31),
        (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", _V31),
        (0xC004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", "ECDH-ECDSA-AES128-SHA", _V31),
        (0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", "ECDHE-ECDSA-RC4-SHA", _V31),
        (0xC002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA", "ECDH-ECDSA-RC4-SHA", _V31),
        (0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-ECDSA-DES-CBC3-SHA", _V31),
        (0xC003, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDH-ECDSA-DES-CBC3-SHA", _V31),
        (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", _V31),
        (0xC00F, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", "ECDH-RSA-AES256-SHA", _V31),
        (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", _V31),
        (0xC00E, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", "ECDH-RSA-AES128-SHA", _V31),
        (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "ECDHE-RSA-RC4-SHA", _V31),
        (0xC00C, "TLS_ECDH_RSA_WITH_RC4_128_SHA", "ECDH-RSA-RC4-SHA", _V31),
        (0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA", _V31),
        (0xC00D, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA", "ECDH-RSA-DES-CBC3-SHA", _V31),
        (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256", _V33),
        (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", _V33),
        (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", _V31),
        (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", _V31),
        (0x0005, "SSL_RSA_WITH_RC4_128_SHA", "RC4-SHA", _V30),
        (0x0004, "SSL_RSA_WITH_RC4_128_MD5", "RC4-MD5", _V30),
        (0x000A, "SSL_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA", _V30),
    )
)
"""The table, in the order of the note, which is the order on the wire."""

BY_CODE: dict[int, Suite] = {suite.code: suite for suite in SUITES}


def find(name: str) -> Suite:
    """The suite with this name (the note's, IANA's or OpenSSL's, any case) or hex code (`C027`).

    KeyError, with the name, where Table 2 has no such suite.
    """
    wanted = name.upper()
    for suite in SUITES:
        if wanted in (suite.name, suite.iana, suite.openssl, f"{suite.code:04X}"):
            return suite
    raise KeyError(f"Table 2 has no suite {name!r}")
