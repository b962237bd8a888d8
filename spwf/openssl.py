"""The openssl program as a tool: where it is, and its commands.

Used by pki, which makes certificates with it, and by programs/openssl.py, which serves with it.
"""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from spwf.errors import OpenSSLError

_TIMEOUT = 60.0  # s; the slowest command makes an RSA key


def environment(**changes: str) -> dict[str, str]:
    """This process's environment, for an openssl program: it knows no CA but those it is given.

    Where the machine's own are named there, each s_server would take 20 ms to read them.
    """
    nowhere = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
    return {**os.environ, **nowhere, **changes}


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
        changes = {} if config is None else {"OPENSSL_CONF": str(config)}
        try:
            done = subprocess.run(
                [self.path, *args],
                cwd=cwd,
                env=environment(**changes),
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


@functools.cache
def _version(openssl: OpenSSL) -> str:
    return openssl.run("version").split("(Library")[0].strip()
