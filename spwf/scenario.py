"""Scenarios: what a server does, what the module loads, and what must come of it, as data.

One TOML file each, in servers/ (installed as spwf/servers). This file reads and checks them; a
program of spwf/programs turns one into its command line [note 3.3, 3.4], and server.py runs it. A
scenario with a table [tcp] has a server without TLS instead, which is in tcp.py.
"""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from spwf.errors import ScenarioError
from spwf.outcome import Cause, Mode, Note
from spwf.pki import KEY_TYPES, ROLES, PkiSpec
from spwf.suites import Version, find

RECORD_MAX = 16384
"""Bytes of an answer: one TLS record (RFC 5246 6.2.1), and what s_server reads at a time."""


class Verify(StrEnum):
    """What the server does about the module's certificate [note 2.4.3]."""

    NONE = "none"
    """It does not ask for one."""
    REQUEST = "request"
    """It asks, and goes on without one, or with one that it does not trust: option 2."""
    REQUIRE = "require"
    """It ends the handshake unless it trusts the certificate: option 3."""


class Clock(StrEnum):
    """What the module knows of the time."""

    NOW = "now"
    UNSET = "unset"
    LOST = "lost"
    """It was told, and then reset."""


class Port(StrEnum):
    """How the port of a server without TLS takes a connection."""

    OPEN = "open"
    CLOSED = "closed"
    MUTE = "mute"
    """It does not answer, neither yes nor no."""


class End(StrEnum):
    """What a server without TLS does after its answer."""

    CLOSE = "close"
    RESET = "reset"
    WAIT = "wait"
    """Nothing, until the module leaves."""


@dataclass(frozen=True)
class ServerOptions:
    """How the server is started; a program refuses what it cannot do."""

    cert: str = "server"
    """Whose certificate and key: one of pki.ROLES."""
    chain: str = ""
    """Whose certificates it sends behind its own, as one file; "": none."""
    verify: Verify = Verify.NONE
    suites: tuple[str, ...] = ()
    """Names or codes as in Table 2, in the order of the server; empty: its default."""
    other_suites: tuple[str, ...] = ()
    """Suites outside Table 2, by the names of OpenSSL; they come after `suites`."""
    security_level: int | None = None
    """OpenSSL's own refusal of weak keys, digests and suites; 0 switches it off."""
    min_version: Version | None = None
    max_version: Version | None = None
    tls13_only: bool = False
    """It speaks TLS 1.3 and nothing else."""
    groups: tuple[str, ...] = ()
    """Curves by the names that OpenSSL takes; empty: its default."""
    echo: bool = False
    """It sends each line back, its characters in reverse order."""

    @property
    def versions(self) -> tuple[Version, ...]:
        """Those of the module that the server offers, oldest first."""
        first = self.min_version.code if self.min_version else 0
        last = self.max_version.code if self.max_version else 0xFFFF
        return tuple(version for version in Version if first <= version.code <= last)


@dataclass(frozen=True)
class TcpOptions:
    """A server that misbehaves below TLS."""

    answer: bytes = b""
    """Sent when the module's hello has come."""
    then: End = End.CLOSE
    port: Port = Port.OPEN


@dataclass(frozen=True)
class Loads:
    """What is loaded into the module before it connects, and how it calls the server."""

    ca: str = ""
    """One of pki.ROLES; "": none."""
    client: str = ""
    """Whose certificate and key; "": none."""
    key: str = ""
    """Whose key, where it is not that of `client`."""
    domain: str = ""
    clock: Clock = Clock.NOW
    host: str = ""
    """A name; "": the address of the server."""
    heap: int = 0
    """Most dynamic memory that the module may use, in bytes; 0: what it has. Emulated ones only."""


@dataclass(frozen=True)
class Expect:
    """How the module's SOCKON ends."""

    mode: Mode
    cause: Cause = Cause.NONE
    """NONE: it connects."""
    notes: tuple[Note, ...] = ()
    """Among what the outcome notes."""
    alert: str = ""
    """The one that the server sends; "": any, or none."""


@dataclass(frozen=True)
class Step:
    """When `after` has come from the module, the server sends each answer as one record."""

    answers: tuple[bytes, ...]
    after: bytes = b""
    """Empty: at once."""


@dataclass(frozen=True)
class Real:
    """The host that the note connects to."""

    host: str
    port: int
    gone: str = ""
    """Why there is none any more."""
    user: str = ""
    """Who logs in by the script, where a person's own name and password must take the place."""
    password: str = ""


@dataclass(frozen=True)
class Scenario:
    """One file of servers/."""

    name: str
    title: str
    note: str
    """Section of the note that it follows, such as `3.3`."""
    expect: Expect
    example: int = 0
    """Which of the note's five it is, or is a failing twin of; 0: none."""
    pki: PkiSpec = field(default_factory=PkiSpec)
    """For who has no Pki of his own; the scenario works with any."""
    server: ServerOptions = field(default_factory=ServerOptions)
    tcp: TcpOptions | None = None
    """In place of `server`."""
    module: Loads = field(default_factory=Loads)
    script: tuple[Step, ...] = ()
    """Played from its beginning for every connection. Empty, and no echo: one request is answered
    as the program does (Server.exchange)."""
    real: Real | None = None

    @classmethod
    def names(cls) -> list[str]:
        """All scenarios that are installed, in alphabetical order."""
        files = (file.name for file in _installed().iterdir())
        return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))

    @classmethod
    def load(cls, name: str | os.PathLike[str]) -> "Scenario":
        """The installed scenario of this name, or the one in this file (`*.toml`).

        ScenarioError, with file and key, for what is unknown, missing, or of the wrong type.
        """
        path = Path(name)
        file: Traversable = path if path.suffix == ".toml" else _installed() / f"{name}.toml"
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            if file is path:
                raise ScenarioError(f"there is no file {path}") from None
            known = ", ".join(cls.names())
            raise ScenarioError(f"no scenario {os.fspath(name)!r}: there are {known}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{file}: not TOML: {error}") from error
        reader = _Reader(str(file))
        if "name" in values:
            raise reader.error("name", "is the name of the file, and cannot be given in it")
        scenario = reader.read(cls, {"name": file.name.removesuffix(".toml"), **values}, "")
        reader.check(scenario)
        return scenario


def _installed() -> Traversable:
    return resources.files("spwf") / "servers"


def refuse_answer(data: bytes) -> str:
    """Why s_server could not send `data` as one record; "" where it can.

    s_server takes what it is given to send for a command of its own where it begins with one of
    these letters (openssl-s_server(1), CONNECTED COMMANDS), and an empty text for the end.
    """
    if not 1 <= len(data) <= RECORD_MAX:
        return f"{len(data)} bytes are not one record of 1 to {RECORD_MAX}"
    if data[:1] in (b"Q", b"q", b"P", b"S") or (
        data[:1] in (b"R", b"r", b"K", b"k", b"c", b"B") and data[1:2] in (b"\r", b"\n")
    ):
        return f"s_server takes {data[:2]!r} at the beginning for a command of its own"
    return ""


_T = TypeVar("_T")


@dataclass(frozen=True)
class _Reader:
    """Reads the tables of one TOML file into dataclasses, whose fields are the schema."""

    file: str

    def error(self, key: str, what: str) -> ScenarioError:
        return ScenarioError(f"{self.file}: {key}: {what}")

    def read(self, cls: type[_T], values: Mapping[str, Any], where: str) -> _T:
        """`where` is the dotted name of the table, with its dot."""
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        hints = get_type_hints(cls)
        for key in values.keys() - fields.keys():
            raise self.error(where + key, f"unknown key; there are {', '.join(fields)}")
        for key, f in fields.items():
            if key not in values and f.default is MISSING and f.default_factory is MISSING:
                raise self.error(where + key, "is missing")
        return cls(**{key: self.convert(hints[key], values[key], where + key) for key in values})

    def convert(self, hint: Any, value: Any, key: str) -> Any:
        """`value`, as TOML gave it, as the type `hint` of a field."""
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        if isinstance(hint, UnionType) and len(kinds) == 1:
            return self.convert(kinds[0], value, key)
        if dataclasses.is_dataclass(hint):
            if not isinstance(value, dict):
                raise self.error(key, f"must be a table, not {value!r}")
            return self.read(hint, value, f"{key}.")  # type: ignore[arg-type]
        if get_origin(hint) is tuple:
            if not isinstance(value, list):
                raise self.error(key, f"must be an array, not {value!r}")
            return tuple(self.convert(kinds[0], v, f"{key}[{i}]") for i, v in enumerate(value))
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            if value not in list(hint):
                raise self.error(key, f"must be one of {', '.join(hint)}, not {value!r}")
            return hint(value)
        kinds = [str] if hint is bytes else kinds or [hint]
        if type(value) not in kinds:
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise self.error(key, f"must be {wanted}, not {value!r}")
        return value.encode() if hint is bytes else value

    def check(self, scenario: Scenario) -> None:
        """What the types do not say."""
        named = {
            "server.cert": scenario.server.cert,
            "server.chain": scenario.server.chain or "ca",
            "module.ca": scenario.module.ca or "ca",
            "module.client": scenario.module.client or "client",
            "module.key": scenario.module.key or "client",
        }
        for key, name in named.items():
            if name not in ROLES:
                raise self.error(key, f"must be one of {', '.join(ROLES)}, not {name!r}")
        if scenario.pki.key not in KEY_TYPES:
            wanted = ", ".join(KEY_TYPES)
            raise self.error("pki.key", f"must be one of {wanted}, not {scenario.pki.key!r}")
        for i, suite in enumerate(scenario.server.suites):
            try:
                find(suite)
            except KeyError as error:
                raise self.error(f"server.suites[{i}]", str(error.args[0])) from None
        if not scenario.server.versions:
            raise self.error("server.max_version", "is below min_version")
        if scenario.server.tls13_only and len(scenario.server.versions) < len(Version):
            raise self.error("server.tls13_only", "goes without min_version and max_version")
        if scenario.tcp and (scenario.script or scenario.server != ServerOptions()):
            raise self.error("tcp", "is a server of its own: no [server], no [[script]]")
        if scenario.script and scenario.server.echo:
            raise self.error("script", "a server that echoes answers nothing else")
        for i, step in enumerate(scenario.script):
            for j, answer in enumerate(step.answers):
                if why := refuse_answer(answer):
                    raise self.error(f"script[{i}].answers[{j}]", why)
