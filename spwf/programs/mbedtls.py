"""Mbed TLS's ssl_server2, which knows all of Table 2, and its lawless sister.

`make servers` builds both from Debian's sources. It answers each record that ends with a newline
with one page, until the client leaves. All that it prints is on stdout. [tls-facts 3]
"""

import functools
import re
from pathlib import Path

from spwf.errors import ServerError
from spwf.pki import Pki
from spwf.programs.base import GROUPS, REQUEST, Exchange, Hearing, Negotiated, Program, ask
from spwf.scenario import Scenario, Verify
from spwf.suites import SUITES, Suite, Version, find

_VERSIONS = {  # as its options say them, as it prints them, and what its configuration calls them
    Version.SSL3: ("ssl3", "SSLv3.0", "SSL3"),
    Version.TLS1: ("tls1", "TLSv1.0", "TLS1"),
    Version.TLS1_1: ("tls1_1", "TLSv1.1", "TLS1_1"),
    Version.TLS1_2: ("tls12", "TLSv1.2", "TLS1_2"),
}
_CURVES = {f"p{bits}": f"secp{bits}r1" for bits in (192, 224, 256, 384, 521)}
_DEFAULT_GROUPS = ("p256", "p384", "p521", "p224", "p192")
_VERIFY = {Verify.NONE: "none", Verify.REQUEST: "optional", Verify.REQUIRE: "required"}
_PAGE = (
    "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<h2>mbed TLS Test Server</h2>\r\n"
    "<p>Successful connection using: "
)
_FOR_EVER = str(2**31 - 1)  # answers to one client
_NEWS = re.compile(
    rb"\[ Protocol is (?P<version>\S+) \]\n +\[ Ciphersuite is (?P<suite>\S+) \]\n"
    rb"| (?P<size>\d+) bytes read(?: \(\d+ \+ \d+\))?\n\n"
    rb"| connection was (?P<end>closed gracefully|reset by peer)\n"
    rb"|\. (?P<waiting>Waiting) for a remote connection"
)


def _name(suite: Suite) -> str:
    return suite.iana.replace("_", "-")


_SUITES = {_name(suite): suite for suite in SUITES}
_PRINTED = {printed: version for version, (_, printed, _) in _VERSIONS.items()}


class SslServer2(Program):
    """One with SSL 3.0, RC4 and 3DES switched on."""

    name = "mbedtls"
    binary = "servers/mbedtls/ssl_server2"
    remedy = "run `make servers` in a clone of spwf"

    @property
    def version(self) -> str:
        return _version(self)

    def suites(self, version: Version) -> frozenset[Suite]:
        return _suites(self, version)

    def groups(self) -> frozenset[str]:
        return _curves(self)

    def refuses(self, scenario: Scenario) -> str:
        if len(scenario.server.suites) > 1:
            return "takes one suite, or all of its own"
        return super().refuses(scenario)

    def argv(
        self, scenario: Scenario, files: Path, port: int = 4433, host: str = "127.0.0.1"
    ) -> list[str]:
        server = scenario.server
        options = {
            "server_addr": host,
            "server_port": str(port),
            "crt_file": str(files / _chain(scenario)),
            "key_file": str(files / f"{server.cert}_key.pem"),
            "auth_mode": _VERIFY[server.verify],
            "ca_file": "none",
            "allow_sha1": "1",
            "arc4": "1",
            "renegotiation": "0",
            "tickets": "0",
            "exchanges": _FOR_EVER,
        }
        if server.verify is not Verify.NONE:
            options["ca_file"] = str(files / "root_ca_of_client.pem")
        if server.min_version:
            options["min_version"] = _VERSIONS[server.min_version][0]
        if server.max_version:
            options["max_version"] = _VERSIONS[server.max_version][0]
        if server.suites:
            options["force_ciphersuite"] = _name(find(server.suites[0]))
        # By itself it goes by its own order, P-521 first, and not by the client's.
        groups = [GROUPS[group] for group in server.groups] or list(_DEFAULT_GROUPS)
        options["curves"] = ",".join(_CURVES[group] for group in groups)
        return [self.path, *map("=".join, options.items())]

    def prepare(self, scenario: Scenario, pki: Pki) -> None:
        super().prepare(scenario, pki)
        server = scenario.server
        if server.chain:
            chain = pki[server.cert].cert_pem + pki[server.chain].cert_pem
            with pki.locked():
                (pki.directory / _chain(scenario)).write_bytes(chain)

    def hearing(self, scenario: Scenario) -> Hearing:
        return _Words()

    def exchange(self, scenario: Scenario) -> Exchange | None:
        suites = scenario.server.suites
        if not suites:
            return Exchange(REQUEST, _PAGE.encode(), whole=False)
        return Exchange(REQUEST, f"{_PAGE}{_name(find(suites[0]))}</p>\r\n".encode())


class LawlessSslServer2(SslServer2):
    """One that has every suite in every version: an offender, whom the module must refuse."""

    name = "mbedtls-lawless"
    binary = "servers/mbedtls-lawless/ssl_server2"


class _Words(Hearing):
    """What it prints comes in pieces, as it flushes."""

    def __init__(self) -> None:
        self._rest = b""

    def hear(self, message: bytes) -> None:
        self._rest += message
        while news := _NEWS.search(self._rest):
            end = news.end() + int(news["size"] or 0)
            if len(self._rest) < end:
                return  # the text that was read is still to come
            text, self._rest = self._rest[news.end() : end], self._rest[end:]
            if news["version"]:
                version = _PRINTED[news["version"].decode()]
                self.begin(Negotiated(version, _SUITES.get(news["suite"].decode())))
            elif news["size"]:
                self.received += text
            elif news["end"]:
                self.torn = news["end"] == b"reset by peer"
            else:
                self.listening = True
                self.connected = False


def _chain(scenario: Scenario) -> str:
    """The file of the certificates that it sends."""
    server = scenario.server
    return f"{server.cert}+{server.chain}.pem" if server.chain else f"{server.cert}_cert.pem"


def _has(program: SslServer2, option: str) -> bool:
    """Whether its configuration says so: the exit status tells."""
    try:
        ask(program.path, f"query_config={option}")
    except ServerError:
        return False
    return True


@functools.cache
def _version(program: SslServer2) -> str:
    words = re.search(r"build version: (.+?) \(", ask(program.path, "build_version=1"))
    return words[1] if words else "Mbed TLS of unknown version"


@functools.cache
def _curves(program: SslServer2) -> frozenset[str]:
    enabled = "MBEDTLS_ECP_DP_{}_ENABLED"
    return frozenset(
        key for key, name in _CURVES.items() if _has(program, enabled.format(name.upper()))
    )


@functools.cache
def _suites(program: SslServer2, version: Version) -> frozenset[Suite]:
    """It looks at the suite and its versions before it looks for the file, which there is not."""
    option, _, configured = _VERSIONS[version]
    if not _has(program, f"MBEDTLS_SSL_PROTO_{configured}"):
        return frozenset()
    served = set()
    for suite in SUITES:
        options = (f"force_version={option}", f"force_ciphersuite={_name(suite)}", "arc4=1")
        words = ask(program.path, "ca_file=none", "crt_file=/none", *options, fails=True)
        if "parse_file returned" in words:
            served.add(suite)
    return frozenset(served)
