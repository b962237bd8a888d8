"""NSS's selfserv, as Debian's libnss3-tools has it: the second opinion, without any build.

It answers one request per connection with a header, the request, and a last line. Its certificates
are in a data base of its own kind, which is made from a Pki's files and stays in the Pki's folder.
[tls-facts 3]
"""

import functools
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from spwf.errors import ServerError
from spwf.openssl import OpenSSL
from spwf.pki import Pki
from spwf.processes import start
from spwf.programs.base import (
    GROUPS,
    REQUEST,
    Exchange,
    Hearing,
    Lines,
    Negotiated,
    Program,
    ask,
    hold_port,
)
from spwf.scenario import Scenario, Verify
from spwf.suites import SUITES, Suite, Version, find

_VERSIONS = {
    Version.SSL3: "ssl3",
    Version.TLS1: "tls1.0",
    Version.TLS1_1: "tls1.1",
    Version.TLS1_2: "tls1.2",
}
_CURVES = {"p256": "P256", "p384": "P384", "p521": "P521"}
_ANSWER = (
    b"HTTP/1.0 200 OK\r\nServer: Generic Web Server\r\nDate: Tue, 26 Aug 1997 22:10:05 GMT\r\n"
    b"Content-type: text/plain\r\n\r\n" + REQUEST + b"EOF\r\n\r\n\r\n"
)
_ACCEPTS = "selfserv: About to call accept."
_UNKNOWN_SUITE = "SSL_ERROR_UNKNOWN_CIPHER_SUITE"
_AGREED = re.compile(r"selfserv: SSL version 3\.(\d) using (.+) with \d+-bit (\w+)")
_PARTIES = re.compile(r"selfserv: Server Auth: \d+-bit (\w+), Key Exchange: \d+-bit (\w+)")
_CERTIFICATE = "server"  # its nickname in the data base


class Selfserv(Program):
    """One selfserv."""

    name = "nss"
    binary = "selfserv"
    remedy = "install it (apt-get install libnss3-tools)"

    @property
    def version(self) -> str:
        return f"NSS {_version(self)}"

    def suites(self, version: Version) -> frozenset[Suite]:
        lawful = {suite for suite in _suites(self) if version in suite.versions}
        return frozenset(lawful if version in _versions(self) else ())

    def groups(self) -> frozenset[str]:
        return _groups(self)

    def refuses(self, scenario: Scenario) -> str:
        if why := super().refuses(scenario):
            return why
        key = scenario.pki.server.key or scenario.pki.key
        groups = scenario.server.groups
        if groups and not key.startswith("rsa") and key not in map(GROUPS.get, groups):
            return f"does not show a {key} certificate where that is none of its groups"
        return ""

    def listens_on(self, host: str) -> str:
        """It listens on all addresses, and is met on the first of localhost, which may be ::1."""
        found = socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)
        return str(found[0][4][0])

    def argv(
        self, scenario: Scenario, files: Path, port: int = 4433, host: str = "127.0.0.1"
    ) -> list[str]:
        server = scenario.server
        argv = [self.path, "-v", "-N", "-d", f"sql:{files / _folder(scenario)}"]
        argv += ["-n", _CERTIFICATE, "-p", str(port)]
        first, last = server.min_version or Version.SSL3, server.max_version or Version.TLS1_2
        argv += ["-V", f"{_VERSIONS[first]}:{_VERSIONS[last]}"]
        if server.suites:
            argv += ["-c", "".join(f":{find(suite).code:04X}" for suite in server.suites)]
        if server.groups:
            argv += ["-I", ",".join(_CURVES[GROUPS[group]] for group in server.groups)]
        if server.verify is Verify.REQUEST:
            argv += ["-r", "-o"]  # -o: goes on with a certificate that it does not trust
        if server.verify is Verify.REQUIRE:
            argv += ["-r", "-r"]
        return argv

    def prepare(self, scenario: Scenario, pki: Pki) -> None:
        super().prepare(scenario, pki)
        folder = pki.directory / _folder(scenario)
        with pki.locked():
            if not folder.exists():
                with tempfile.TemporaryDirectory(dir=pki.directory, prefix=".") as private:
                    _fill(Path(private) / "db", scenario, pki.directory)
                    (Path(private) / "db").rename(folder)

    def hearing(self, scenario: Scenario) -> Hearing:
        return _Words()

    def exchange(self, scenario: Scenario) -> Exchange | None:
        return Exchange(REQUEST, _ANSWER)


class _Words(Hearing):
    """All is on stderr; it tells of a connection with the first data that comes."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._agreed = ("", "", "")

    def complain(self, message: bytes) -> None:
        for line in self._lines.take(message):
            self._understand(line)

    def _understand(self, line: str) -> None:
        if line == _ACCEPTS:
            self.listening = True
        elif agreed := _AGREED.match(line):
            self._agreed = agreed[1], agreed[2], agreed[3]
        elif parties := _PARTIES.match(line):
            minor, cipher, mac = self._agreed
            suite = _SUITES.get((parties[2], parties[1], _cipher(cipher), mac))
            self.begin(Negotiated(list(Version)[int(minor)], suite))
            self.connected = False  # it ends them by itself, and does not tell when


def _cipher(words: str) -> str:
    """`128-bit AES`, or of 3DES and RC4 without the bits."""
    return words if words.endswith("AES") else words.rpartition(" ")[2]


def _properties(suite: Suite) -> tuple[str, str, str, str]:
    """Key exchange, authentication, cipher and MAC, as selfserv calls them."""
    cipher = next(
        word
        for part, word in {
            "AES_128": "128-bit AES",
            "AES_256": "256-bit AES",
            "RC4": "RC4",
            "3DES": "3DES",
        }.items()
        if part in suite.name
    )
    mac = suite.name.rpartition("_")[2].replace("SHA", "SHA1").replace("SHA1256", "SHA256")
    return suite.key_exchange.value, suite.auth.value, cipher, mac


_SUITES = {_properties(suite): suite for suite in SUITES}


def _folder(scenario: Scenario) -> str:
    """The data base of this scenario in the Pki's folder."""
    server = scenario.server
    client = "" if server.verify is Verify.NONE else "root_ca_of_client"
    return "-".join(filter(None, ("nss", server.cert, server.chain, client)))


def _fill(folder: Path, scenario: Scenario, files: Path) -> None:
    """A data base without a password: the server's certificate and key, whom it trusts."""
    folder.mkdir()
    database = f"sql:{folder}"
    certutil, pk12util = _tool("certutil"), _tool("pk12util")
    ask(certutil, "-N", "-d", database, "--empty-password")
    server = scenario.server
    bundle = folder / "server.p12"
    OpenSSL.find().run(
        *("pkcs12", "-export", "-name", _CERTIFICATE, "-passout", "pass:", "-out", str(bundle)),
        *("-in", str(files / f"{server.cert}_cert.pem")),
        *("-inkey", str(files / f"{server.cert}_key.pem")),
    )
    ask(pk12util, "-i", str(bundle), "-d", database, "-W", "")
    bundle.unlink()
    if server.chain:
        chain = str(files / f"{server.chain}_cert.pem")
        ask(certutil, "-A", "-d", database, "-n", "chain", "-t", ",,", "-i", chain)
    if server.verify is not Verify.NONE:
        trusted = str(files / "root_ca_of_client.pem")
        ask(certutil, "-A", "-d", database, "-n", "client_ca", "-t", "T,,", "-i", trusted)


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ServerError(f"no program {name!r}: {Selfserv.remedy}")
    return path


@functools.cache
def _version(program: Selfserv) -> str:
    """Selfserv itself does not say it."""
    library = re.search(r"libnss3\.so => (\S+)", ask("ldd", program.path))
    found = re.search(rb"NSS (\d+\.[\d.]+\d)", Path(library[1]).read_bytes()) if library else None
    return found[1].decode() if found else "of unknown version"


@functools.cache
def _groups(program: Selfserv) -> frozenset[str]:
    """Those that its help lists."""
    words = re.findall(r"\w+", ask(program.path, "-h", fails=True))
    return frozenset(key for key, name in _CURVES.items() if name in words)


@functools.cache
def _suites(program: Selfserv) -> frozenset[Suite]:
    """It looks at the suites before it looks for the certificate, which there is not."""
    known = set()
    with tempfile.TemporaryDirectory() as folder, hold_port() as port:
        database = f"sql:{folder}"
        ask(_tool("certutil"), "-N", "-d", database, "--empty-password")
        for suite in SUITES:
            code = f":{suite.code:04X}"
            options = ("-d", database, "-n", "nobody", "-p", str(port), "-c", code)
            words = ask(program.path, *options, fails=True)
            if "nobody" in words:
                known.add(suite)
            elif _UNKNOWN_SUITE not in words:
                raise ServerError(f"{program.path} -c {code}\n{words}")
    return frozenset(known)


@functools.cache
def _versions(program: Selfserv) -> frozenset[Version]:
    """Those that it starts with."""
    spoken = set()
    with tempfile.TemporaryDirectory() as folder, hold_port() as port:
        database = f"sql:{folder}"
        certutil = _tool("certutil")
        noise = Path(folder) / "noise"
        noise.write_bytes(bytes(range(64)))  # it asks a person else
        ask(certutil, "-N", "-d", database, "--empty-password")
        ask(
            certutil,
            *("-S", "-d", database, "-n", _CERTIFICATE, "-s", "CN=spwf", "-x", "-t", ",,"),
            *("-k", "ec", "-q", "nistp256", "-z", str(noise)),
        )
        for version, name in _VERSIONS.items():
            argv = [program.path, "-v", "-d", database, "-n", _CERTIFICATE, "-p", str(port)]
            with start([*argv, "-V", f"{name}:{name}"], stderr=subprocess.PIPE) as process:
                if process.stderr and any(_ACCEPTS in line.decode() for line in process.stderr):
                    spoken.add(version)
                process.kill()
    return frozenset(spoken)
