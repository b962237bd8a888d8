"""What a server offers, seen with the machine's openssl: a second look [note 2].

Called by probe.py, which asks for it to explain what the module has met. The module's verdict comes
from the module alone.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from spwf.certificates import CURVES
from spwf.openssl import OpenSSL, environment
from spwf.suites import SUITES

TIMEOUT = 10.0  # s for one connection
SUITES_MAX = 16  # connections that one list of suites may cost
VERSIONS = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}
OFFER = {  # what the module offers beside its suites [tls-facts 1]
    "curve": ("-groups", ":".join(CURVES.values())),
    "signature_algorithm": ("-sigalgs", "ECDSA+SHA256:RSA+SHA256:ECDSA+SHA1:RSA+SHA1"),
}
EVERYTHING = "ALL:COMPLEMENTOFALL"

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.DOTALL)
_NEGOTIATED = re.compile(r"^New, (\S+), Cipher is (\S+)$", re.MULTILINE)
_ACCEPTED = re.compile(r"^Acceptable client certificate CA names\n((?:.+=.+\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Look:
    """One connection of `openssl s_client`."""

    version: str
    """`TLSv1.2`; "" where the handshake did not complete."""
    suite: str
    """As OpenSSL writes it; "" likewise."""
    chain: tuple[x509.Certificate, ...]
    """The certificates that the server sent, its own first."""
    client_cas: tuple[str, ...]
    """Names of the CAs whose certificates the server accepts from a client."""

    @property
    def answered(self) -> bool:
        """Whether the server went along with the ClientHello, however it ended."""
        return bool(self.version or self.chain)


@dataclass(frozen=True)
class Survey:
    """Several looks together."""

    versions: tuple[str, ...]
    """TLS versions that the server speaks, oldest first; empty: not looked at."""
    suites: tuple[str, ...]
    """Suites below TLS 1.3 that it accepts, its favourite first; at most SUITES_MAX."""
    chain: tuple[x509.Certificate, ...]
    client_cas: tuple[str, ...]
    lacks: str
    """The first of OFFER that it cannot work with, for suites of the module's; "": none."""


@dataclass(frozen=True)
class Surveyor:
    """Looks at one server, one connection at a time."""

    openssl: OpenSSL
    host: str
    port: int
    identity: tuple[str, ...] = ()
    """Switches that give the client's certificate: ("-cert", FILE, "-key", FILE)."""
    version: str | None = None
    """What the module negotiated, as class Outcome writes it: of a server with several certificates
    the suite chooses one."""
    suite: str | None = None

    def look(self, *switches: str, ciphers: str = EVERYTHING) -> Look:
        """One connection, over IPv4 and without server_name, like the module's.

        Nothing is verified. A server that does not answer within TIMEOUT has not answered.
        """
        where = f"{self.host}:{self.port}"
        argv = [self.openssl.path, "s_client", "-4", "-connect", where, "-noservername"]
        argv += ["-showcerts", "-cipher", f"{ciphers}:@SECLEVEL=0"]
        argv += [*self.identity, *switches]
        try:
            done = subprocess.run(
                argv,
                env=environment(OPENSSL_CONF=os.devnull),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            return Look("", "", (), ())
        text = done.stdout.decode(errors="replace")
        negotiated, accepted = _NEGOTIATED.search(text), _ACCEPTED.search(text)
        version, suite = negotiated.groups() if negotiated else ("(NONE)", "(NONE)")
        return Look(
            version="" if suite == "(NONE)" else version,
            suite="" if suite == "(NONE)" else suite,
            chain=tuple(_certificates(done.stdout)),
            client_cas=tuple(accepted[1].splitlines()) if accepted else (),
        )

    def brief(self) -> Survey:
        """The chain alone: one connection."""
        look = self._met() or self.look()
        return Survey((), (), look.chain, look.client_cas, "")

    def thorough(self) -> Survey:
        """Everything: about a dozen connections."""
        looks = {version: self.look(switch) for version, switch in VERSIONS.items()}
        answered = [look for look in looks.values() if look.answered]
        best = self._met() or (answered[-1] if answered else self.look())
        suites = tuple(self._suites())
        ours = ":".join(suite.openssl for suite in SUITES if suite.openssl in suites)
        lacks = [
            name
            for name, switches in OFFER.items()
            if ours and not self.look("-no_tls1_3", *switches, ciphers=ours).answered
        ]
        return Survey(
            versions=tuple(version for version, look in looks.items() if look.answered),
            suites=suites,
            chain=best.chain,
            client_cas=best.client_cas,
            lacks=lacks[0] if lacks else "",
        )

    def _met(self) -> Look | None:
        """With what the module negotiated; None where that is not known, or openssl lacks it."""
        suite = next((each.openssl for each in SUITES if each.name == self.suite), None)
        if suite is None or self.version not in VERSIONS:
            return None
        look = self.look(VERSIONS[self.version], ciphers=suite)
        return look if look.answered else None

    def _suites(self) -> Iterator[str]:
        ciphers = EVERYTHING
        for _ in range(SUITES_MAX):
            suite = self.look("-no_tls1_3", ciphers=ciphers).suite
            if not suite:
                return
            yield suite
            ciphers += f":!{suite}"


def _certificates(output: bytes) -> Iterator[x509.Certificate]:
    for block in _BLOCK.findall(output):
        try:
            yield x509.load_pem_x509_certificate(block)
        except ValueError:
            return  # what lies behind it has lost its place in the chain
