"""What server.py must know of a program that serves TLS; each adapter beside this file tells it.

One file per program: its command line, what its output means, and how one talks through it. What a
program can serve is asked of the program itself, never concluded from its version: builds of one
version differ a lot (Debian's OpenSSL has no SSLv3, RC4 or 3DES).
"""

import os
import shlex
import shutil
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple, TypeVar

from spwf.errors import ProgramMissing, ServerError
from spwf.listening import bound
from spwf.pki import KEY_TYPES, Pki, PkiSpec
from spwf.scenario import Scenario, Step, Verify
from spwf.suites import Suite, Version, find

REQUEST = b"GET / HTTP/1.0\r\n\r\n"
"""What every program answers, unless its scenario has a script or an echo."""

GROUPS = {  # the names that OpenSSL takes, to that of a key type
    **dict.fromkeys(("P-192", "prime192v1", "secp192r1"), "p192"),
    **dict.fromkeys(("P-224", "secp224r1"), "p224"),
    **dict.fromkeys(("P-256", "prime256v1", "secp256r1"), "p256"),
    **dict.fromkeys(("P-384", "secp384r1"), "p384"),
    **dict.fromkeys(("P-521", "secp521r1"), "p521"),
}


def cache() -> Path:
    """The folder for what can be made again; `make servers` builds into its `servers/`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spwf"


class Negotiated(NamedTuple):
    """What a program says that a handshake agreed on."""

    version: Version
    suite: Suite | None
    """None: one that Table 2 does not have."""


@dataclass(frozen=True)
class Exchange:
    """How data passes both ways: the client sends `request` as one record."""

    request: bytes
    answer: bytes
    """What the program then sends: all of it where `whole`, else its beginning."""
    whole: bool = True


class Hearing:
    """What a program has told so far. server.py reads it; the adapter's own kind fills it."""

    listening = False
    port = 0
    """Where it listens, if the program tells."""
    connected = False
    connections = 0
    """Handshakes that completed."""
    received = b""
    """Application data of the latest of them."""
    negotiated: Negotiated | None = None
    """Of the latest of them."""
    torn = False
    """The latest that is over ended without the client's close_notify, as far as is told."""

    @property
    def ended(self) -> int:
        """How many of the connections are over."""
        return self.connections - self.connected

    def hear(self, message: bytes) -> None:
        """What it wrote on stdout at once."""

    def complain(self, message: bytes) -> None:
        """What came on stderr."""

    def begin(self, negotiated: Negotiated | None) -> None:
        """A handshake is complete."""
        self.negotiated = negotiated
        self.connected = True
        self.connections += 1
        self.received = b""


class Lines:
    """Puts lines together from what comes in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, piece: bytes) -> list[str]:
        """Those that this piece completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


def ask(*argv: str, fails: bool = False) -> str:
    """What a command prints, on stdout and stderr, until its end within a minute.

    ServerError, with its words, where it takes longer, or fails though `fails` is not said.
    """
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60.0,
            check=not fails,
        )
    except (OSError, subprocess.SubprocessError) as error:
        words = getattr(error, "stdout", None) or str(error).encode()
        raise ServerError(f"{shlex.join(argv)}\n{words.decode(errors='replace')}") from error
    return done.stdout.decode(errors="replace")


@contextmanager
def hold_port() -> Iterator[int]:
    """A port that is free on all addresses, and that nobody else is given in the meantime.

    A socket that is bound and does not listen keeps the kernel from giving its port away, and with
    SO_REUSEADDR on both sides it is in nobody's way who binds that very port and listens. It is
    bound to all addresses, for a program may listen on all of them, and then one other server on
    any would be in its way.
    """
    with bound("::" if socket.has_dualstack_ipv6() else "0.0.0.0", 0) as holder:
        yield holder.getsockname()[1]


_P = TypeVar("_P", bound="Program")


@dataclass(frozen=True)
class Program(ABC):
    """One binary that serves TLS. Make it with find()."""

    path: str
    stamp: tuple[int, int]
    """Size in bytes and mtime in ns: a binary built anew is asked anew."""

    name: ClassVar[str]
    """What `spwf serve --program` calls it."""
    binary: ClassVar[str]
    """On PATH, or below cache()."""
    remedy: ClassVar[str]
    """How to get it."""
    needs_port: ClassVar[bool] = True
    """It cannot have the kernel choose, or would not tell what was chosen."""

    @classmethod
    def find(cls: type[_P], path: str | os.PathLike[str] | None = None) -> _P:
        """The program where it is expected, or at this path; ProgramMissing, with the remedy."""
        wanted = cache() / cls.binary if "/" in cls.binary else cls.binary
        found = shutil.which(os.fspath(path or wanted))
        if found is None:
            raise ProgramMissing(f"no program {os.fspath(path or wanted)!r}: {cls.remedy}")
        status = Path(found).stat()
        return cls(found, (status.st_size, status.st_mtime_ns))

    @property
    @abstractmethod
    def version(self) -> str:
        """Its name and version, as it says them."""

    @abstractmethod
    def suites(self, version: Version) -> frozenset[Suite]:
        """Those of Table 2 that it can serve in this version. Asked once per binary."""

    @abstractmethod
    def groups(self) -> frozenset[str]:
        """The curves of pki.KEY_TYPES that it can do ECDHE on."""

    @abstractmethod
    def argv(
        self, scenario: Scenario, files: Path, port: int = 4433, host: str = "127.0.0.1"
    ) -> list[str]:
        """The command that serves it from the folder `files` of a Pki."""

    @abstractmethod
    def hearing(self, scenario: Scenario) -> Hearing:
        """One that has heard nothing yet."""

    @abstractmethod
    def exchange(self, scenario: Scenario) -> Exchange | None:
        """How to pass data through it; None where the scenario's script tells nothing of it."""

    def keys(self) -> frozenset[str]:
        """The pki.KEY_TYPES that its certificate and the client's may have."""
        return self.groups() | {key for key in KEY_TYPES if key.startswith("rsa")}

    def refuses(self, scenario: Scenario) -> str:
        """Why it cannot be this one, whatever the binary can do; "" where it can."""
        server = scenario.server
        if scenario.script or server.echo:
            return "answers requests, and plays no script and no echo"
        if server.tls13_only or server.other_suites:
            return "is asked for Table 2 only"
        if strange := [group for group in server.groups if group not in GROUPS]:
            return f"is not known to have {strange[0]}"
        return ""

    def keylog(self, file: str | os.PathLike[str]) -> list[str]:
        """What to add to argv() so that it appends the secrets of its sessions to a file."""
        return []

    def script(self, scenario: Scenario) -> Sequence[Step]:
        """What server.py sends through its standard input, for every connection."""
        return scenario.script

    def prepare(self, scenario: Scenario, pki: Pki) -> None:
        """Makes the files that argv() names."""
        pki.make(*filter(None, (scenario.server.cert, scenario.server.chain)))
        if scenario.server.verify is not Verify.NONE:
            pki.make("root_ca_of_client")

    def listens_on(self, host: str) -> str:
        """The address that it listens on where it should on `host`."""
        return host

    def serves(self, version: Version, suite: Suite) -> bool:
        """Whether it can serve the suite in this version."""
        return suite in self.suites(version)

    def speaks(self, version: Version) -> bool:
        """Whether it can serve any suite of Table 2 in this version."""
        return bool(self.suites(version))

    def missing(self, scenario: Scenario) -> str:
        """Why it cannot be the server of this scenario and its `pki`; "" where it can."""
        if scenario.tcp:
            return ""
        lack = self.refuses(scenario) or self._lacks(scenario)
        return f"{self.version} ({self.path}) {lack}" if lack else ""

    def _lacks(self, scenario: Scenario) -> str:
        server = scenario.server
        for key in sorted(keys_of(scenario.pki, server.verify) - self.keys()):
            return f"cannot use {key} keys"
        for group in server.groups:
            if group in GROUPS and GROUPS[group] not in self.groups():
                return f"cannot do ECDHE on {group}"
        if server.tls13_only:
            return ""
        for suite in map(find, server.suites):
            if not any(self.serves(version, suite) for version in server.versions):
                return f"cannot serve {suite.name}"
        if not any(map(self.speaks, server.versions)):
            return f"cannot serve {', '.join(server.versions)}"
        return ""


def keys_of(spec: PkiSpec, verify: Verify) -> set[str]:
    """The key types that a server of these certificates computes with."""
    used = [spec.server]
    if verify is not Verify.NONE:
        used += [spec.client, spec.client_ca or spec.ca]
    return {certificate.key or spec.key for certificate in used}
