"""The pytest plugin: a module, certificates and servers at hand in any test [design 6].

    def test_greeting(module, pki, serve):
        server = serve("example2")
        module.load(Slot.CA, server.pki["ca"].cert_pem)
        with module.connect(server.host, server.port) as sock: ...

Six fixtures: module, new_module, pki, openssl, serve, transcript. `--spwf URL`, which may be given
more than once, runs the tests that use a module once per URL, unchanged: on an emulated module by
default, on a real one with `--spwf /dev/ttyUSB0 --spwf-ssid NAME --spwf-psk TEXT --spwf-bind
ADDRESS`; docs/board.md has it step by step. `--spwf-pcap FOLDER` and `--spwf-keylog FILE` capture
what passes between modules and servers; a real module reaches them through a relay then. A test
that needs what only an emulated module has is marked `emulated`, and one that is for certain
modules `spwf(URL, ...)`. A test that fails shows what passed between host and module, how its last
handshake went, and what its servers said.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import spwf
from spwf.board import Board
from spwf.capture import Capture, needs
from spwf.emulation import Emulation
from spwf.errors import ProgramMissing
from spwf.module import Module
from spwf.opening import is_emulated
from spwf.openssl import OpenSSL
from spwf.pki import Pki
from spwf.programs import Program, find
from spwf.scenario import Scenario
from spwf.server import Server
from spwf.tcp import serving
from spwf.transcript import Transcript

Section = tuple[str, Callable[[], str]]
NAME = 180  # characters of a file's name, of 255
SECTIONS = pytest.StashKey[list[Section]]()


# Of a module on a desk: metavar, what it says, and what holds for an emulated one. `spwf demo` has
# the same.
PLACE = {
    "bind": ("ADDRESS", "what servers listen on: this machine, as the module sees it", "127.0.0.1"),
    "ssid": ("NAME", "the network that modules join", "lab"),
    "psk": ("TEXT", 'its passphrase, "" for an open one', "passphrase"),
    "reset": ("METHOD", "how modules are reset: at, rts, dtr, or a command of the shell", "at"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each option has an ini key of the same name, with _ for -; the option goes first."""
    group = parser.getgroup("spwf", "SPWF01S modules")
    group.addoption(
        "--spwf",
        action="append",
        metavar="URL",
        help="pySerial URL or device of the module (spwf://, an emulated one); may be repeated",
    )
    group.addoption(
        "--spwf-allow-missing",
        action="store_true",
        default=None,
        help="skip, and do not fail, a test whose server the installed openssl cannot be",
    )
    group.addoption(
        "--spwf-pcap",
        metavar="FOLDER",
        help="write a pcapng per test, secrets inside, for Wireshark",
    )
    group.addoption("--spwf-keylog", metavar="FILE", help="append the secrets of TLS sessions")
    parser.addini("spwf_pcap", "as --spwf-pcap", default="")
    parser.addini("spwf_keylog", "as --spwf-keylog", default="")
    for name, (metavar, what, default) in PLACE.items():
        group.addoption(f"--spwf-{name}", metavar=metavar, help=f"{what} ({default})")
        parser.addini(f"spwf_{name}", f"as --spwf-{name}", default=default)
    parser.addini("spwf", "as --spwf, one URL a line", type="linelist", default=["spwf://"])
    parser.addini("spwf_allow_missing", "as --spwf-allow-missing", type="bool", default=False)


def setting(config: pytest.Config, name: str) -> Any:
    """The option of this name, without its "spwf-", else the ini key."""
    name = "spwf" if name == "spwf" else f"spwf_{name}"
    given = config.getoption(name)
    return config.getini(name) if given is None else given


def pytest_configure(config: pytest.Config) -> None:
    """The markers; a real module has one user at a time."""
    boards = [url for url in setting(config, "spwf") if not is_emulated(url)]
    if boards and config.getoption("numprocesses", None):
        raise pytest.UsageError(f"{boards[0]} is one module: run its tests one by one, with -n0")
    config.addinivalue_line(
        "markers", "emulated: needs module.emulation, so a test on a real module is skipped"
    )
    config.addinivalue_line(
        "markers", "spwf(url, ...): runs on these modules, whatever --spwf says"
    )


def pytest_report_header(config: pytest.Config) -> str:
    """Says what the tests run on."""
    urls, host = setting(config, "spwf"), setting(config, "bind")
    where = f", servers on {host}" if not all(map(is_emulated, urls)) else ""
    hidden = where and host.startswith("127.") and any("://" not in url for url in urls)
    hint = ", where only this machine sees them: see --spwf-bind" if hidden else ""
    return f"spwf: {' '.join(urls)}{where}{hint}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Once per URL what uses a module; a single URL does not show in the names of the tests."""
    if "_url" in metafunc.fixturenames:
        own = metafunc.definition.get_closest_marker("spwf")
        urls = list(dict.fromkeys(own.args if own else setting(metafunc.config, "spwf")))
        skip = pytest.mark.skip(
            reason="needs module.emulation, which a real module has not: --spwf spwf://"
        )
        needs = metafunc.definition.get_closest_marker("emulated") is not None
        metafunc.parametrize(
            "_url",
            [
                pytest.param(url, marks=[skip] if needs and not is_emulated(url) else [])
                for url in urls
            ],
            ids=urls if len(urls) > 1 else [pytest.HIDDEN_PARAM],
            scope="session",
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds to the report of a failure what the fixtures know."""
    report = yield
    if report.failed:
        for title, tell in item.stash.get(SECTIONS, []):
            if text := tell():
                report.sections.append((title, text))
    return report


def told(emulation: Emulation) -> str:
    """The outcome, for a report; "" where there was no handshake. QEMU may have ended."""
    try:
        outcome = emulation.outcome
        return str(outcome) if outcome else ""
    except spwf.HarnessError as error:
        return str(error)


@contextmanager
def user_errors(*kinds: type[Exception]) -> Iterator[None]:
    """What is wrong with the set-up fails the test in its own words, without a line of code."""
    try:
        yield
    except kinds as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def _url() -> str:  # parametrized by pytest_generate_tests
    return "spwf://"


@pytest.fixture(scope="session")
def _board(request: pytest.FixtureRequest, _url: str) -> Board | None:
    """What is known of the real module at `_url`; None of an emulated one."""
    config = request.config
    return None if is_emulated(_url) else Board(setting(config, "ssid"), setting(config, "psk"))


@pytest.fixture
def _capture(request: pytest.FixtureRequest) -> Iterator[Callable[[], Capture | None]]:
    """The test's Capture, made when it is asked for; None where the options name no file."""
    folder, keylog = (setting(request.config, name) for name in ("pcap", "keylog"))
    with ExitStack() as stack:

        @cache
        def capture() -> Capture | None:
            if not (folder or keylog):
                return None
            pcap = None
            if folder:
                Path(folder).mkdir(parents=True, exist_ok=True)
                name = re.sub(r"[^\w.-]+", "_", request.node.nodeid)[-NAME:].strip("_")
                pcap = Path(folder, f"{name}.pcapng")
            return stack.enter_context(Capture(pcap=pcap, keylog=keylog or None))

        yield capture


@pytest.fixture
def new_module(
    request: pytest.FixtureRequest,
    _url: str,
    _board: Board | None,
    _capture: Callable[[], Capture | None],
) -> Iterator[Callable[..., Module]]:
    """Opens a module: `new_module(join=True, **options)`.

    A module with factory settings, without TLS files, just reset and, unless join=False, in the
    network. It is closed when the test ends. `options` are those of spwf.open() for such a URL; a
    test that gives some, or that opens two modules, is for emulated ones.
    """
    config = request.config
    with ExitStack() as stack:
        opened: list[Module] = []

        def open_module(*, join: bool = True, **options: Any) -> Module:
            # An error of an option that the test gives is its own.
            ours = () if options else (spwf.HarnessError, spwf.ModuleError, ValueError)
            if _board is not None and (options or opened):
                pytest.fail(f"there is one module at {_url}, as it is: mark the test `emulated`")
            capture = _capture() if is_emulated(_url) else None
            if capture is not None:
                options = needs(_url) | options
            reset = setting(config, "reset") if _board else "at"
            with user_errors(*ours):
                module = stack.enter_context(spwf.open(_url, reset=reset, **options))
            if capture is not None and module.emulation is not None:
                capture.attach(module.emulation.core)
            opened.append(module)
            number = f" {len(opened)}" if len(opened) > 1 else ""
            sections = request.node.stash.setdefault(SECTIONS, [])
            sections.append((f"AT transcript{number}", lambda: str(module.transcript)))
            if module.emulation is not None:
                emulation = module.emulation
                sections.append((f"TLS outcome{number}", lambda: told(emulation)))
            with user_errors(*ours):
                if _board is not None:
                    _board.renew(module, join=join)
                elif join:
                    module.join(setting(config, "ssid"), setting(config, "psk"))
            return module

        yield open_module


@pytest.fixture
def module(new_module: Callable[..., Module]) -> Module:
    """A module in the network: nothing loaded, clock not set, no socket open."""
    return new_module()


@pytest.fixture
def transcript(module: Module) -> Transcript:
    """What passes between the test and `module`."""
    module.transcript.clear()
    return module.transcript


@pytest.fixture(scope="session")
def openssl() -> OpenSSL:
    """The openssl program of this machine."""
    return OpenSSL.find()


@pytest.fixture(scope="session")
def _pki_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    # The workers of pytest-xdist have folders in one folder: they share the certificates in it.
    return (base.parent if base.name.startswith("popen-") else base) / "pki"


@pytest.fixture(scope="session")
def pki(_pki_root: Path) -> Pki:
    """Certificates with P-256 keys, as in Example 1 of the note; made when they are asked for."""
    return Pki.shared(_pki_root)


@pytest.fixture
def serve(
    request: pytest.FixtureRequest, _pki_root: Path, _capture: Callable[[], Capture | None]
) -> Iterator[Callable[..., Server]]:
    """Starts a server: `serve(scenario, pki=None, program=None)`; it ends with the test.

    `scenario` is the name of one that is installed, the path of a TOML file, or a Scenario; without
    `pki` it has certificates of the scenario's own kind, which are `serve(...).pki`. `program` is
    one of spwf.programs, or its name; openssl's s_server without it.
    """
    with ExitStack() as stack:

        def start(
            scenario: str | Path | Scenario,
            pki: Pki | None = None,
            program: Program | str = "openssl",
        ) -> Server:
            with user_errors(spwf.ScenarioError, spwf.ServerError, spwf.OpenSSLError):
                if not isinstance(scenario, Scenario):
                    scenario = Scenario.load(scenario)
                pki = pki or Pki.shared(_pki_root, scenario.pki)
                host = setting(request.config, "bind")
                try:
                    program = find(program) if isinstance(program, str) else program
                    missing = program.missing(replace(scenario, pki=pki.spec))
                except ProgramMissing as error:
                    missing = str(error)
                if missing:
                    if setting(request.config, "allow_missing"):
                        pytest.skip(missing)
                    pytest.fail(f"{missing}; --spwf-allow-missing skips such tests", pytrace=False)
                url = (
                    request.getfixturevalue("_url") if "_url" in request.fixturenames else "spwf://"
                )
                capture = None if is_emulated(url) else _capture()
                server = stack.enter_context(
                    serving(scenario, pki, capture, program=program, host=host)
                )
                sections = request.node.stash.setdefault(SECTIONS, [])
                command = shlex.join(server.argv)
                sections.append((f"server {scenario.name}", lambda: f"{command}\n{server.log}"))
                return server

        yield start
