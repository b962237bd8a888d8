"""`openssl s_server`: the machine's own, and one built with what Debian leaves out.

It does what a scenario says on its standard input: the script of the scenario is ours to play. Its
stdin and stdout are sequenced-packet sockets, through which the kernel passes what is written at
once as one message: each answer is one read of s_server, and so one TLS record; each message from
it is either application data or words of its own, never both.
"""

import base64
import functools
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from spwf.errors import OpenSSLError
from spwf.openssl import OpenSSL
from spwf.programs.base import GROUPS, REQUEST, Exchange, Hearing, Lines, Negotiated, Program
from spwf.scenario import Scenario, Step, Verify
from spwf.suites import BY_CODE, SUITES, Suite, Version, find

ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nspwf\n"
"""To REQUEST, where a scenario says nothing of its own: s_server by itself would stay silent."""

_LINE = Exchange(b"spwf\n", b"fwps\n")  # what -rev does
_SWITCHES = {
    Version.SSL3: "-ssl3",
    Version.TLS1: "-tls1",
    Version.TLS1_1: "-tls1_1",
    Version.TLS1_2: "-tls1_2",
}
_SESSION = re.compile(rb"\x02\x01\x01\x02\x02(..)\x04\x02(..)", re.DOTALL)  # of SSL_SESSION's DER


class SServer(Program):
    """The machine's openssl."""

    name = "openssl"
    binary = "openssl"
    remedy = "install openssl (apt-get install openssl)"
    needs_port = False
    providers: ClassVar[tuple[str, ...]] = ()

    @property
    def version(self) -> str:
        return self._tool.version

    @property
    def _tool(self) -> OpenSSL:
        return OpenSSL(self.path, self.stamp)

    def suites(self, version: Version) -> frozenset[Suite]:
        return _suites(self._tool, self.providers, version)

    def groups(self) -> frozenset[str]:
        return _curves(self._tool)

    def refuses(self, scenario: Scenario) -> str:
        return ""

    def argv(
        self, scenario: Scenario, files: Path, port: int = 4433, host: str = "127.0.0.1"
    ) -> list[str]:
        """Port 0: any that is free."""
        server = scenario.server
        argv = [self.path, "s_server", *self.providers, "-accept", f"{host}:{port}"]
        argv += ["-cert", str(files / f"{server.cert}_cert.pem")]
        argv += ["-key", str(files / f"{server.cert}_key.pem")]
        if server.chain:
            argv += ["-cert_chain", str(files / f"{server.chain}_cert.pem")]
        if server.verify is not Verify.NONE:
            argv += ["-CAfile", str(files / "root_ca_of_client.pem")]
        if server.verify is Verify.REQUEST:
            argv += ["-verify", "2"]
        if server.verify is Verify.REQUIRE:
            argv += ["-Verify", "2", "-verify_return_error"]
        if server.min_version:
            argv += ["-min_protocol", server.min_version]
        if server.max_version:
            argv += ["-max_protocol", server.max_version]
        if server.tls13_only:
            argv += ["-tls1_3"]
        if server.suites or server.other_suites or server.security_level is not None:
            ciphers = [find(suite).openssl for suite in server.suites]
            ciphers = [*ciphers, *server.other_suites] or ["DEFAULT"]
            if server.security_level is not None:
                ciphers.append(f"@SECLEVEL={server.security_level}")
            argv += ["-cipher", ":".join(ciphers)]
        if server.groups:
            argv += ["-groups", ":".join(server.groups)]
        if server.echo:
            argv += ["-rev"]
        return argv

    def hearing(self, scenario: Scenario) -> Hearing:
        return _Echo() if scenario.server.echo else _Words()

    def keylog(self, file: str | os.PathLike[str]) -> list[str]:
        return ["-keylogfile", os.fspath(file)]

    def script(self, scenario: Scenario) -> Sequence[Step]:
        standing = () if scenario.server.echo else (Step((ANSWER,), after=REQUEST),)
        return scenario.script or standing

    def exchange(self, scenario: Scenario) -> Exchange | None:
        if scenario.server.echo:
            return _LINE
        steps = self.script(scenario)
        first = steps[0]
        return Exchange(first.after, b"".join(first.answers)) if first.after else None


class WeakSServer(SServer):
    """One with SSLv3 and the weak ciphers, which `make servers` builds."""

    name = "openssl-weak"
    binary = "servers/openssl-weak/openssl"
    remedy = "run `make servers` in a clone of spwf"
    providers = ("-provider", "legacy", "-provider", "default")  # RC4 is among the legacy ones


class _Words(Hearing):
    """Tells application data from s_server's own words, by the message."""

    def __init__(self) -> None:
        self._words = Lines()
        self._end = b""
        self._session: list[str] | None = None  # what came of its PEM
        self._agreed: Negotiated | None = None

    def hear(self, message: bytes) -> None:
        if self._end and not message.startswith(b"shutting down SSL\n"):
            # It was a record of the client's that reads like the end of a connection.
            self.received += self._end
            self.connected = True
        self._end = b""
        if self.connected and message in (b"DONE\n", b"ERROR\n"):
            self.connected = False
            self.torn = message == b"ERROR\n"
            self._end = message
        elif self.connected:
            self.received += message
        else:
            for line in self._words.take(message):
                self._understand(line)

    def _understand(self, line: str) -> None:
        if (accept := re.fullmatch(r"ACCEPT(?: .*:(\d+))?", line)) and not self.listening:
            self.port = int(accept[1] or 0)  # told where the kernel has chosen it
            self.listening = True
        elif line == "-----BEGIN SSL SESSION PARAMETERS-----":
            self._session = []
        elif line == "-----END SSL SESSION PARAMETERS-----":
            self._agreed = _session("".join(self._session or ()))
            self._session = None
        elif self._session is not None:
            self._session.append(line)
        # The last line that it prints about a new connection.
        elif line.startswith("Secure Renegotiation IS") or line.endswith("renegotiation."):
            self.begin(self._agreed)


class _Echo(_Words):
    """With -rev it tells of its connections on stderr, and nothing of what it received."""

    def __init__(self) -> None:
        super().__init__()
        self._errors = Lines()
        self._version = ""

    def complain(self, message: bytes) -> None:
        for line in self._errors.take(message):
            key, _, value = line.partition(": ")
            if key == "Protocol version":
                self._version = value
            elif key == "Ciphersuite":
                suite = next((suite for suite in SUITES if suite.openssl == value), None)
                known = self._version in list(Version)
                self.begin(Negotiated(Version(self._version), suite) if known else None)
            elif key == "CONNECTION CLOSED":
                self.connected = False


def _session(pem: str) -> Negotiated | None:
    """Version and suite of SSL_SESSION: SEQUENCE {INTEGER 1, INTEGER version, OCTET STRING}."""
    found = _SESSION.search(base64.b64decode(pem))
    versions = {version.code: version for version in Version}
    version = versions.get(int.from_bytes(found[1])) if found else None
    if found is None or version is None:
        return None
    return Negotiated(version, BY_CODE.get(int.from_bytes(found[2])))


@functools.cache
def _suites(openssl: OpenSSL, providers: tuple[str, ...], version: Version) -> frozenset[Suite]:
    """What `openssl ciphers -s` lists: the suites that this build can use in this version."""
    listing = ("ciphers", *providers, "-s", _SWITCHES[version], "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    try:
        names = openssl.run(*listing).strip().split(":")
    except OpenSSLError as error:
        if "nknown option" not in str(error):
            raise
        return frozenset()  # a version that was left out of the build has no switch
    return frozenset(suite for suite in SUITES if suite.openssl in names)


@functools.cache
def _curves(openssl: OpenSSL) -> frozenset[str]:
    listed = re.findall(r"^\s*(\w+)\s*:", openssl.run("ecparam", "-list_curves"), re.MULTILINE)
    return frozenset(GROUPS[name] for name in listed if name in GROUPS)
