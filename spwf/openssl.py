"""The openssl program: where it is, and what it can do.

Used by pki (which makes certificates with it), scenario and server. What it can serve is asked of
the program itself, never concluded from its version, and remembered for each binary: builds of one
version differ a lot (Debian's has no SSLv3, RC4 or 3DES).
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spwf.errors import OpenSSLError
from spwf.suites import SUITES, Suite, Version

_TIMEOUT = 60.0  # s; the slowest command makes an RSA key
_SWITCHES = {
    Version.SSL3: "-ssl3",
    Version.TLS1: "-tls1",
    Version.TLS1_1: "-tls1_1",
    Version.TLS1_2: "-tls1_2",
}


@dataclass(frozen=True)
class OpenSSL:
    """One binary. Make it with find()."""

    path: str
    stamp: tuple[int, int]
    """Size in bytes and mtime in ns: a binary built anew is asked anew."""

    @classmethod
    def find(cls, program: str | os.PathLike[str] = "openssl") -> "OpenSSL":
        """The program of this name on PATH, or at this path; OpenSSLError where there is none."""
        path = shutil.which(os.fspath(program))
        if path is None:
            raise OpenSSLError(
                f"no program {os.fspath(program)!r}: install openssl (apt-get install openssl), "
                "or name the path of one"
            )
        status = Path(path).stat()
        return cls(path, (status.st_size, status.st_mtime_ns))

    def run(self, *args: str, cwd: Path | None = None, config: Path | None = None) -> str:
        """Runs one command to its end and returns what it printed on stdout.

        `config` takes the place of the machine's openssl.cnf. Files it makes are readable by the
        owner only. OpenSSLError, with the command and its words, where it fails or takes a minute.
        """
        env: Mapping[str, str] = dict(os.environ)
        if config is not None:
            env = {**env, "OPENSSL_CONF": str(config)}
        try:
            done = subprocess.run(
                [self.path, *args],
                cwd=cwd,
                env=env,
                umask=0o077,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            words = getattr(error, "stderr", None) or str(error).encode()
            command = " ".join([self.path, *args])
            raise OpenSSLError(f"{command}\n{words.decode(errors='replace')}") from error
        return done.stdout.decode(errors="replace")

    @property
    def version(self) -> str:
        """Its name and version as it says them: `OpenSSL 3.0.19 27 Jan 2026`."""
        return _version(self)

    def serves(self, version: Version, suite: Suite) -> bool:
        """Whether `s_server` can serve the suite in this version, at security level 0."""
        return suite in _suites(self, version)

    def speaks(self, version: Version) -> bool:
        """Whether `s_server` can serve any suite of Table 2 in this version."""
        return bool(_suites(self, version))


@functools.cache
def _version(openssl: OpenSSL) -> str:
    return openssl.run("version").split("(Library")[0].strip()


@functools.cache
def _suites(openssl: OpenSSL, version: Version) -> frozenset[Suite]:
    """What `openssl ciphers -s` lists: the suites that this build can use in this version."""
    listing = ("ciphers", "-s", _SWITCHES[version], "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    try:
        names = openssl.run(*listing).strip().split(":")
    except OpenSSLError as error:
        if "nknown option" not in str(error):
            raise
        return frozenset()  # a version that was left out of the build has no switch
    return frozenset(suite for suite in SUITES if suite.openssl in names)
