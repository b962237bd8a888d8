"""How the last secure SOCKON went, as the core knows it and the AT wire does not say.

The names, and the order of the enums, are those of csrc/core/spwf.h (struct spwf_outcome, enum
spwf_cause, spwf_mode, spwf_note); a test compares them with that header.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from spwf.suites import BY_CODE, Version


class Mode(StrEnum):
    """What is loaded decides it [note 2.4]. In the order of enum spwf_mode."""

    ANONYMOUS = "anonymous"
    ONE_WAY = "one_way"
    MUTUAL = "mutual"


class Cause(StrEnum):
    """Why a secure SOCKON failed. In the order of enum spwf_cause; `text` explains it."""

    text: str

    def __new__(cls, value: str, text: str) -> "Cause":
        """A member's value is its name in the header; its text rides along."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    @property
    def error(self) -> str:
        """What SOCKON answers then: from the first byte of TLS on always the same [design 10]."""
        return ERRORS.get(self, "SSL/TLS unable to connect")

    NONE = "none", "connected, or nothing was tried yet"
    RESOLVE = "resolve", "the server's name has no address"
    REFUSED = "refused", "TCP connection refused"
    CONNECT_TIMEOUT = "connect_timeout", "no answer to the TCP connection"
    UNREACHABLE = "unreachable", "no route to the server"
    CA_FILE = "ca_file", "the loaded CA certificate does not parse"
    CERT_FILE = "cert_file", "the loaded client certificate does not parse"
    KEY_FILE = "key_file", "the loaded client key does not parse"
    PAIR = "pair", "the loaded client certificate and key do not belong together"
    CLOCK = "clock", "a CA is loaded and the clock was not set since the reset"
    CLOCK_LOST = "clock_lost", "a CA is loaded and the reset took the clock, which was set before"
    CA_EXPIRED = "ca_expired", "the loaded CA certificate has expired"
    CA_NOT_YET_VALID = "ca_not_yet_valid", "the loaded CA certificate is not valid yet"
    CHAIN = "chain", "the loaded CA did not sign the server's chain"
    ISSUER = "issuer", "an issuer's certificate is neither loaded nor sent where it belongs"
    SIGNATURE = "signature", "a signature of the server is wrong"
    DIGEST = "digest", "signed with a digest that the module lacks"
    EXPIRED = "expired", "a certificate of the server has expired"
    NOT_YET_VALID = "not_yet_valid", "a certificate of the server is not valid yet"
    DOMAIN = "domain", "no name of the server's certificate matches the loaded domain"
    USAGE = "usage", "the server's certificate is not meant for this use"
    EXTENSION = "extension", "a certificate has an unknown critical extension"
    CERTIFICATE = "certificate", "a certificate of the server does not parse"
    KEY_SIZE = "key_size", "a key of a type or size that the module cannot use"
    VERSION = "version", "the server speaks no version that is allowed"
    SUITE = "suite", "no common cipher suite, or one outside Table 2"
    CLIENT_CERTIFICATE = "client_certificate", "the server wants a certificate, none is loaded"
    CLIENT_UNKNOWN = "client_unknown", "the server does not know the client certificate's CA"
    CLIENT_EXPIRED = "client_expired", "the server says that the client certificate has expired"
    CLIENT_REFUSED = "client_refused", "the server refused the client certificate"
    ALERT = "alert", "the server sent a fatal alert"
    CLOSED = "closed", "the server closed the connection during the handshake"
    RESET = "reset", "the server reset the connection during the handshake"
    NOT_TLS = "not_tls", "what the server sent is not TLS"
    TIMEOUT = "timeout", "the handshake took too long"
    MEMORY = "memory", "the module's memory was exhausted"
    PROTOCOL = "protocol", "the TLS library gave up"


ERRORS: dict[Cause, str] = {
    Cause.RESOLVE: "Failed to resolve name",
    Cause.REFUSED: "Failed to connect",
    Cause.CONNECT_TIMEOUT: "Failed to connect",
    Cause.UNREACHABLE: "Failed to connect",
    Cause.CA_FILE: "Unable to load CA certificate",
    Cause.CERT_FILE: "Unable to load certificate",
    Cause.KEY_FILE: "Unable to load key",
}
"""What SOCKON answers where TLS does not begin [at-ref 4]."""


class Note(StrEnum):
    """True, and not fatal. In the order of the bits of enum spwf_note."""

    NAME_UNCHECKED = "name_unchecked"
    CN_IGNORED = "cn_ignored"
    OUTSIDE_TABLE_2 = "outside_table_2"
    CHAIN = "chain"
    DATE = "date"
    NAME = "name"
    CERT_WITHOUT_KEY = "cert_without_key"
    KEY_WITHOUT_CERT = "key_without_cert"
    CERT_REQUESTED = "cert_requested"
    CERT_SENT = "cert_sent"
    CLOSE_NOTIFY = "close_notify"
    FIN = "fin"


GROUPS: dict[int, str] = {19: "P-192", 21: "P-224", 23: "P-256", 24: "P-384", 25: "P-521"}
"""RFC 8422 5.1.1 NamedCurve to the name that OpenSSL prints: the five curves of [note 2.1]."""

_VERSIONS: dict[int, str] = {version.code: str(version) for version in Version}

ALERTS: dict[int, str] = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    90: "user_canceled",
    100: "no_renegotiation",
    110: "unsupported_extension",
}
"""RFC 5246 7.2, and 41 of SSL 3.0 (RFC 6101 5.4.2)."""

_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True)
class Outcome:
    """The fields of struct spwf_outcome, with names instead of numbers. str() is one good line."""

    count: int
    """Secure SOCKONs since power-on, this one included."""
    cause: Cause
    mode: Mode
    connected: bool
    """The handshake completed and was accepted."""
    depth: int | None
    """Of the offending certificate; 0 is the server's own."""
    version: str | None
    """As class Version writes it; None: not negotiated."""
    suite: str | None
    """As the note writes it, or `0x1234` outside Table 2; None: not negotiated."""
    group: str | None
    """The curve of ECDHE; None: no ECDHE."""
    alert_sent: str | None
    """RFC 5246 7.2's name of the alert that the module sent."""
    alert_received: str | None
    """The one that the server sent."""
    detail: int
    """The TLS library's error number, for bug reports; 0: none."""
    notes: frozenset[Note]
    peak_heap: int
    """Bytes: the high-water mark of the TLS library's allocations."""
    sent: int
    """Bytes on the TCP connection so far."""
    received: int
    subject: str
    """Distinguished name of the offending, or else of the server's certificate; may be ""."""

    @classmethod
    def from_fields(cls, fields: Mapping[str, object]) -> "Outcome":
        """From the numbers of struct spwf_outcome, keyed by the names of its members.

        KeyError where one is missing; ValueError for a number that the enums do not have.
        """
        number = {name: int(value) for name, value in fields.items() if isinstance(value, int)}
        return cls(
            count=number["count"],
            cause=_member(Cause, number["cause"]),
            mode=_member(Mode, number["mode"]),
            connected=bool(number["connected"]),
            depth=number["depth"] if number["depth"] >= 0 else None,
            version=_named(_VERSIONS, number["version"]),
            suite=_named({code: suite.name for code, suite in BY_CODE.items()}, number["suite"]),
            group=_named(GROUPS, number["group"]),
            alert_sent=_alert(number["alert_sent"]),
            alert_received=_alert(number["alert_received"]),
            detail=number["detail"],
            notes=frozenset(n for bit, n in enumerate(Note) if number["notes"] >> bit & 1),
            peak_heap=number["peak_heap"],
            sent=number["sent"],
            received=number["received"],
            subject=str(fields["subject"]),
        )

    def summary(self) -> dict[str, object]:
        """What the JSON of `spwf probe` and `spwf matrix` tells of it."""
        return {
            "mode": self.mode.value,
            "cause": self.cause.value,
            "version": self.version,
            "suite": self.suite,
            "group": self.group,
            "alert_sent": self.alert_sent,
            "alert_received": self.alert_received,
            "notes": sorted(self.notes),
            "peak_heap": self.peak_heap,
        }

    def __str__(self) -> str:
        parts = [self.mode.replace("_", "-")]
        parts += [part for part in (self.version, self.suite, self.group) if part]
        if self.cause is not Cause.NONE:
            parts.append(f"refused: {self.cause} ({self.cause.text})")
            if self.depth is not None:
                parts.append(f"certificate {self.subject!r} at depth {self.depth}")
        if self.alert_sent:
            parts.append(f"sent alert {self.alert_sent}")
        if self.alert_received:
            parts.append(f"received alert {self.alert_received}")
        if self.detail:
            parts.append(f"TLS library error {self.detail}")
        if self.notes:
            parts.append("notes: " + " ".join(sorted(self.notes)))
        parts.append(f"peak heap {self.peak_heap} bytes")
        return ", ".join(parts)


def _member(enum: type[_E], index: int) -> _E:
    members = list(enum)
    if not 0 <= index < len(members):
        raise ValueError(f"{enum.__name__} has no number {index}: core and package differ")
    return members[index]


def _named(names: Mapping[int, str], code: int) -> str | None:
    return names.get(code, f"0x{code:04x}") if code else None


def _alert(number: int) -> str | None:
    return ALERTS.get(number, str(number)) if number >= 0 else None
