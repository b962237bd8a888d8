"""What a row of the verdict table is, and the certificates that most rows begin with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from spwf.outcome import Cause, Note, Outcome

from .making import Cert, alternative_names, basic_constraints, dns, key_usage

DOMAIN = "www.example.com"
NOW = "2026-01-01"


class Says(StrEnum):
    """What the RFC wants of who checks the chain."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    MAY = "either"
    """It leaves the choice, or binds only those who make certificates."""


# What the module sends where a CA is loaded and nothing else is said.
_ALERTS = {
    Cause.CHAIN: "unknown_ca",
    Cause.ISSUER: "unknown_ca",
    Cause.EXPIRED: "certificate_expired",
    Cause.NOT_YET_VALID: "certificate_expired",
}


NOTES = frozenset({Note.NAME_UNCHECKED, Note.CN_IGNORED, Note.CHAIN, Note.DATE, Note.NAME})
"""Those about the server's certificate."""


@dataclass(frozen=True)
class Verdict:
    """How SOCKON ends, as the module's outcome tells it."""

    cause: Cause = Cause.NONE
    alert: str | None = None
    """What the module sends."""
    received: str | None = None
    """What the server sends."""
    notes: frozenset[Note] = frozenset()
    """Of NOTES; where it does not connect, of CN_IGNORED only."""

    @classmethod
    def of(cls, outcome: Outcome) -> "Verdict":
        """What an outcome says of it."""
        notes = NOTES if outcome.connected else {Note.CN_IGNORED}
        return cls(outcome.cause, outcome.alert_sent, outcome.alert_received, outcome.notes & notes)

    def __str__(self) -> str:
        words = ["connects"] if self.cause is Cause.NONE else [f"**{self.cause}**"]
        if self.alert:
            words.append(self.alert)
        if self.received:
            words.append(f"server: {self.received}")
        if self.notes:
            words.append("notes " + " ".join(sorted(self.notes)))
        return ", ".join(words)


def refused(cause: Cause, alert: str | None = "", *notes: Note) -> Verdict:
    """A refusal; `alert` where it is not the usual one, None where none is sent."""
    usual = _ALERTS.get(cause, "bad_certificate")
    return Verdict(cause, usual if alert == "" else alert, notes=frozenset(notes))


def refused_too(cause: Cause) -> Verdict:
    """A refusal in anonymous mode."""
    return refused(cause, "handshake_failure")


def accepted(*notes: Note) -> Verdict:
    """A connection, and what is noted of the certificate."""
    return Verdict(notes=frozenset(notes))


def unchecked(*notes: Note) -> Verdict:
    """A connection in anonymous mode, where `chain` is always noted."""
    return accepted(Note.CHAIN, *notes)


CONNECTS, UNCHECKED = accepted(), unchecked()


@dataclass(frozen=True)
class Row:
    """A chain, and what comes of it."""

    name: str
    rfc: str
    """What decides it: number of an RFC and section."""
    says: Says
    chain: tuple[Cert, ...]
    """As the server sends it, its own certificate first."""
    one_way: Verdict = CONNECTS
    anonymous: Verdict = UNCHECKED
    why: str = ""
    """Where the module does not do as the RFC says, or where that leaves the choice."""
    ca: tuple[Cert, ...] = ()
    """What is loaded as f_ca; empty: CA."""
    domain: str = DOMAIN
    now: str = NOW
    """What SETTIME says; "": it is not given."""
    suite: str = ""
    """The only one of the server's; "": any."""


def rows(says: Says) -> Callable[..., Row]:
    """What makes rows of which the RFC says this."""

    def make(
        name: str,
        rfc: str,
        chain: tuple[Cert, ...],
        one_way: Verdict = CONNECTS,
        anonymous: Verdict = UNCHECKED,
        **more: Any,
    ) -> Row:
        return Row(name, rfc, says, chain, one_way, anonymous, **more)

    return make


accept, refuse, either = map(rows, Says)

CA = Cert(
    "CA",
    key="p256 ca",
    extensions=(basic_constraints(True), key_usage("keyCertSign", "cRLSign")),
)
NAMED = (alternative_names(dns(DOMAIN)),)
LEAF = Cert("server", issuer=CA, extensions=NAMED)
MIDDLE = Cert(
    "intermediate CA",
    issuer=CA,
    key="p256 intermediate",
    extensions=(basic_constraints(True), key_usage("keyCertSign", "cRLSign")),
)
BELOW = replace(LEAF, issuer=MIDDLE)


def leaf(*more: bytes, issuer: Cert = CA, **fields: Any) -> Cert:
    """A good certificate of the server with more extensions."""
    return replace(LEAF, issuer=issuer, extensions=(*NAMED, *more), **fields)


def authority(*extensions: bytes, issuer: Cert | None = CA, **fields: Any) -> Cert:
    """An intermediate CA with just these extensions; issuer None: a root."""
    base = MIDDLE if issuer else CA
    return replace(base, issuer=issuer, extensions=extensions, **fields)
