"""Why a module does not connect, and what to change, in words for who does not know TLS [note 2].

Called by probe.py. A Case turns the cause that the module tells into a problem, with what a second
look at the server adds, and finds the facts for the words of advice.py. Nothing here connects.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509

from spwf.advice import TEXTS
from spwf.certificates import (
    DIGESTS,
    Material,
    digest,
    distinguished_name,
    is_address,
    issuer,
    key_fits,
    key_text,
    names,
    names_issuer,
    public_key,
    read_certificates,
    self_signed,
    signed_by,
    subject,
)
from spwf.outcome import Cause, Note, Outcome
from spwf.suites import SUITES, Auth, KeyExchange, Version
from spwf.survey import Survey

TLS13 = "TLSv1.3"

_HELLO = (Cause.VERSION, Cause.SUITE, Cause.ALERT, Cause.CLOSED, Cause.RESET, Cause.PROTOCOL)
"""Causes where the server may not have liked what the module offers."""
_GAP = (Cause.CHAIN, Cause.ISSUER, Cause.SIGNATURE)
"""Causes where something is wrong between the server's certificate and the loaded CA."""
_TRUST = (*_GAP, Cause.KEY_SIZE)
"""Causes that a CA with an unusable key may have."""
_FILES = (Cause.KEY_SIZE, Cause.CA_FILE, Cause.CERT_FILE, Cause.KEY_FILE)
"""Causes that a loaded file may have, where nothing was sent yet."""
_KNOWN: dict[tuple[Cause, int | str | None], str] = {
    (Cause.CHAIN, -368): "chain_length",  # MAX_CHAIN_ERROR
    (Cause.PROTOCOL, -425): "client_signature",  # INVALID_PARAMETER: met in a CertificateRequest
    (Cause.CLIENT_REFUSED, "illegal_parameter"): "client_curve",
}
"""Where the error of wolfSSL, or the alert received, tells more than the cause."""
BESIDES = {
    Note.DATE: (
        (Cause.EXPIRED, Cause.NOT_YET_VALID),
        "Besides, a certificate of the server is out of its dates.",
    ),
    Note.NAME: ((Cause.DOMAIN,), "Besides, the server's certificate is for another name."),
}
"""What a module without a CA notes: the causes that tell it, and what to say beside others."""
THOROUGH = _HELLO
"""Where only a thorough survey tells what the server wants."""


@dataclass(frozen=True)
class Case:
    """All that is known of one refusal."""

    outcome: Outcome
    material: Material
    survey: Survey | None = None
    """None: nobody looked, or there is no openssl."""
    cas: list[x509.Certificate] = field(init=False)
    chain: tuple[x509.Certificate, ...] = field(init=False)
    path: list[x509.Certificate] = field(init=False)
    """Those of the chain that lead from the server up to the loaded CA, or as far as they do."""

    def __post_init__(self) -> None:
        ca = self.material.ca
        object.__setattr__(self, "cas", read_certificates(ca, "--ca") if ca else [])
        object.__setattr__(self, "chain", self.survey.chain if self.survey else ())
        object.__setattr__(self, "path", self._path())

    def _path(self) -> list[x509.Certificate]:
        path = list(self.chain[:1])
        while path and not any(signed_by(path[-1], ca) for ca in self.cas):
            above = [c for c in self.chain if names_issuer(path[-1], c) and c not in path]
            if not above:
                break
            path.append(above[0])
        return path

    @property
    def ca(self) -> x509.Certificate | None:
        """Of the loaded CAs the one that signed the path, or is named like who did."""
        last = self.path[-1:]
        return max(
            self.cas,
            key=lambda ca: (
                any(signed_by(each, ca) for each in last),
                any(names_issuer(each, ca) for each in last),
                not key_fits(public_key(ca)),
            ),
            default=None,
        )

    @property
    def certificate(self) -> x509.Certificate | None:
        """The module's own."""
        cert = self.material.cert
        return read_certificates(cert, "--cert")[0] if cert else None

    @property
    def culprit(self) -> x509.Certificate | None:
        """The certificate that the module found fault with, or else the server's own."""
        depth = self.outcome.depth or 0
        return self.chain[depth] if depth < len(self.chain) else None

    def problem(self) -> str:
        """A key of TEXTS."""
        cause = self.outcome.cause
        for told in (self.outcome.detail, self.outcome.alert_received):
            if known := _KNOWN.get((cause, told)):
                return known
        if cause in _FILES and not self.outcome.sent:
            return self._file(cause)
        unfit = any(not key_fits(public_key(each)) for each in self.chain)
        if cause in _TRUST and self._unfit_ca():
            return "ca_key_size"
        if unfit and cause in (*_HELLO, Cause.SIGNATURE, Cause.CERTIFICATE):
            return "key_size"
        if cause in _HELLO and self.survey and self.survey.versions:
            return self._hello(self.survey)
        if cause in _GAP and self.chain and self.ca:
            return self._gap(cause, self.ca)
        if cause is Cause.DOMAIN and is_address(self.material.domain):
            return "address"
        return cause.value

    def _file(self, cause: Cause) -> str:
        """Which of the loaded files the module cannot use."""
        if self.cas and not any(key_fits(public_key(ca)) for ca in self.cas):
            return "ca_key_size"
        if self.certificate and not key_fits(public_key(self.certificate)):
            return "cert_key_size"
        return Cause.KEY_FILE if cause is Cause.KEY_SIZE else cause

    def _unfit_ca(self) -> bool:
        """Whether the CA that the server's chain leads to has a key that the module lacks."""
        return any(
            not key_fits(public_key(ca))
            and (not self.chain or any(signed_by(each, ca) for each in self.chain))
            for ca in self.cas
        )

    def _hello(self, survey: Survey) -> str:
        """What the server wants that the module has not."""
        cause = self.outcome.cause
        if survey.versions == (TLS13,):
            return "suite_of_key" if cause is Cause.SUITE else "tls13_only"
        if not set(survey.versions) & set(Version):
            return "version"
        common = {suite.openssl for suite in SUITES} & set(survey.suites)
        if survey.suites and not common:
            return Cause.SUITE
        refused = cause is Cause.SUITE and common and self.outcome.alert_received
        return survey.lacks or (Cause.ALERT if refused else cause)

    def _gap(self, cause: Cause, ca: x509.Certificate) -> str:
        """Where the chain breaks between the server and the loaded CA."""
        last = self.path[-1]
        if any(digest(each) not in DIGESTS for each in self.chain if not self_signed(each)):
            return "digest"
        if not signed_by(last, ca):
            named = names_issuer(last, ca)
            return Cause.CHAIN if named or self_signed(last) else Cause.ISSUER
        if cause is Cause.SIGNATURE:
            return cause
        now, places = datetime.now(UTC), [self.chain.index(each) for each in self.path]
        if ca.not_valid_after_utc < now:
            return Cause.CA_EXPIRED
        if ca.not_valid_before_utc > now:
            return Cause.CA_NOT_YET_VALID
        return "order" if places != sorted(places) else "constraints"

    def facts(self) -> dict[str, str]:
        """What stands in the braces of TEXTS."""
        outcome, culprit, survey, ca = self.outcome, self.culprit, self.survey, self.ca
        if self.problem() in ("key_size", "digest") and self.chain:
            unfit = [each for each in self.chain if not _fits(each)]
            culprit = unfit[0] if unfit else culprit
        facts = {
            "subject": outcome.subject or "of the server",
            "domain": repr(self.material.domain),
            "alert": outcome.alert_received or "none",
            "detail": str(outcome.detail),
            "versions": ", ".join(survey.versions) if survey and survey.versions else "unknown",
            "suites": ", ".join(survey.suites) if survey and survey.suites else "unknown",
            "wanted": ", ".join(_wanted(self.chain)),
            "accepted": "",
            "names": "another name",
            "key": "unknown",
            "digest": "another digest",
            "issuer": "its CA",
            "end": "an unknown day",
            "begin": "an unknown day",
            "last": "the server's certificate",
            "root": "an unknown CA",
            "order": "its own first",
            "ca": "none",
            "twin": "",
            "ca_key": "unknown",
            "cert_key": key_text(public_key(self.certificate)) if self.certificate else "unknown",
            "ca_begin": "an unknown day",
            "ca_end": "an unknown day",
        }
        if survey and survey.client_cas:
            facts["accepted"] = f" It accepts those of: {'; '.join(survey.client_cas)}."
        if culprit:
            facts |= {
                "subject": distinguished_name(subject(culprit)),
                "issuer": distinguished_name(issuer(culprit)),
                "key": key_text(public_key(culprit)),
                "digest": digest(culprit).upper().replace("SHA", "SHA-", 1),
                "begin": _day(culprit.not_valid_before_utc),
                "end": _day(culprit.not_valid_after_utc),
            }
        if self.chain:
            facts["names"] = " and ".join(map(repr, names(self.chain[0]))) or "no name"
            facts["last"] = distinguished_name(subject(self.path[-1]))
            facts["root"] = distinguished_name(issuer(self.path[-1]))
            facts["order"] = "; ".join(distinguished_name(subject(each)) for each in self.path)
        if ca:
            facts["ca"] = distinguished_name(subject(ca))
            facts["ca_begin"] = _day(ca.not_valid_before_utc)
            facts["ca_end"] = _day(ca.not_valid_after_utc)
            facts["ca_key"] = key_text(public_key(ca))
            if self.path and names_issuer(self.path[-1], ca):
                facts["twin"] = " They have the same name, but not the same key."
        return facts

    def explain(self, problem: str) -> tuple[str, str]:
        """What is wrong, and what to change."""
        wrong, change = TEXTS[problem]
        facts = self.facts()
        return wrong.format_map(facts), change.format_map(facts)


def remarks(case: Case) -> list[str]:
    """What to know of a connection that works."""
    notes, found = case.outcome.notes, []
    if not case.cas:
        found.append("Nobody checked who the server is: give its CA with --ca.")
    elif Note.NAME_UNCHECKED in notes:
        found.append("The server's name was not checked: give it with --domain.")
    if Note.DATE in notes:
        found.append("With a CA it would be refused: a certificate is out of its dates.")
    if Note.NAME in notes:
        found.append("With a CA it would be refused: its certificate is for another name.")
    if Note.CERT_REQUESTED in notes and Note.CERT_SENT not in notes:
        found.append("The server asked for a certificate and went on without one.")
    if case.outcome.version not in (None, Version.TLS1_2):
        found.append(f"{case.outcome.version} is no longer safe: allow TLS 1.2 on the server.")
    if case.chain and (end := min(each.not_valid_after_utc for each in case.chain)):
        left = (end - datetime.now(UTC)).days
        found += [f"A certificate of the server expires in {left} days."] if left < 30 else []
    return found


def _fits(certificate: x509.Certificate) -> bool:
    return key_fits(public_key(certificate)) and (
        digest(certificate) in DIGESTS or self_signed(certificate)
    )


def _wanted(chain: tuple[x509.Certificate, ...]) -> list[str]:
    """Suites of the module, newest first, for a server with this certificate."""
    kind = key_text(public_key(chain[0])).partition(" ")[0] if chain else ""
    auths = {"RSA": [Auth.RSA], "EC": [Auth.ECDSA]}.get(kind, list(Auth))
    return [
        suite.openssl
        for suite in SUITES
        if suite.key_exchange is KeyExchange.ECDHE and suite.auth in auths and "AES" in suite.name
    ]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
