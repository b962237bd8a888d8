"""`spwf probe`: can a module with these files connect to that server? See [note 2].

Called by cli.py. An emulated module connects, and its verdict is the answer; where it is refused,
or for the chain, the machine's openssl takes a second look (survey.py), and diagnosis.py says what
it means. A real module tells only its reply: then the emulated one says why.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import spwf
from spwf.advice import too_large
from spwf.capture import Capture
from spwf.certificates import (
    CAP,
    Material,
    digest,
    distinguished_name,
    issuer,
    key_text,
    names,
    public_key,
    subject,
)
from spwf.connection import Socket
from spwf.diagnosis import BESIDES, THOROUGH, Case, remarks
from spwf.errors import HarnessError, ModuleError, NetworkError, OpenSSLError
from spwf.module import Module, Slot
from spwf.openssl import OpenSSL
from spwf.outcome import Cause, Outcome
from spwf.survey import Survey, Surveyor

_SILENT = {Cause.NOT_TLS, Cause.TIMEOUT, Cause.MEMORY}  # another look would meet the same
_DNS_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.?")
SLOTS = {"ca": Slot.RAM_CA, "cert": Slot.RAM_CERT, "key": Slot.RAM_KEY}


@dataclass(frozen=True)
class Report:
    """The answer, and what it rests on."""

    server: str
    """HOST:PORT."""
    connects: bool
    problem: str
    """A key of advice.TEXTS; "" where it connects."""
    reason: str
    advice: str
    remarks: tuple[str, ...] = ()
    reply: str = ""
    """Of the module to SOCKON; "" where it was not asked."""
    material: Material = field(default_factory=Material)
    outcome: Outcome | None = None
    """Of the emulated module."""
    survey: Survey | None = None

    def fields(self) -> dict[str, object]:
        """For --json; keys are only ever added."""
        outcome, survey = self.outcome, self.survey
        return {
            "server": self.server,
            "connects": self.connects,
            "problem": self.problem or None,
            "reason": self.reason or None,
            "advice": self.advice or None,
            "remarks": list(self.remarks),
            "reply": self.reply or None,
            "files": {"sizes": self.material.sizes, "bytes": self.material.size, "limit": CAP},
            "module": outcome and outcome.summary(),
            "versions": list(survey.versions) if survey else [],
            "suites": list(survey.suites) if survey else [],
            "chain": [
                {
                    "subject": distinguished_name(subject(each)),
                    "issuer": distinguished_name(issuer(each)),
                    "names": list(names(each)),
                    "not_before": each.not_valid_before_utc.isoformat(),
                    "not_after": each.not_valid_after_utc.isoformat(),
                    "key": key_text(public_key(each)),
                    "digest": digest(each),
                }
                for each in (survey.chain if survey else ())
            ],
        }

    def json(self) -> str:
        """fields() as text."""
        return json.dumps(self.fields(), indent=2)

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.connects:
            yield f"A module with these files connects to {self.server}."
        else:
            yield f"A module with these files does not connect to {self.server}."
            yield f"  Why:    {self.reason}"
            yield f"  Change: {self.advice}"
        if self.outcome and self.outcome.version:
            told = (self.outcome.version, self.outcome.suite, self.outcome.group)
            yield f"  TLS:    {', '.join(part for part in told if part)}"
        for i, each in enumerate(self.survey.chain if self.survey else ()):
            name = distinguished_name(subject(each))
            yield (
                f"  {'Chain:' if i == 0 else '      '}  {name}: {key_text(public_key(each))}, "
                f"{digest(each)}, until {each.not_valid_after_utc:%Y-%m-%d}"
            )
        if self.reply:
            yield f"  Module: {self.reply}"
        yield from (f"  Note:   {remark}" for remark in self.remarks)


def probe(
    host: str,
    port: int,
    material: Material,
    identity: tuple[str, ...] = (),
    capture: Capture | None = None,
) -> Report:
    """Ask an emulated module, and explain what it says.

    `identity`: s_client's switches for the client's certificate, for the second look. `capture`
    hears the module.
    """
    server = f"{host}:{port}"
    if material.size > CAP:
        return Report(server, False, "size", *too_large(material), material=material)
    outcome, reply = _emulated(host, port, material, capture)
    survey = _survey(outcome, host, port, identity)
    case = Case(outcome, material, survey)
    problem = reason = advice = ""
    if not outcome.connected:
        sni = not _silent(outcome) and _connects_with_sni(host, port, material, capture)
        problem = "sni" if sni else case.problem()
        reason, advice = case.explain(problem)
        notes = () if sni else _besides(outcome, host, port, material, capture)
    else:
        notes = tuple(remarks(case))
    return Report(
        server, outcome.connected, problem, reason, advice, notes, reply, material, outcome, survey
    )


def probe_real(
    url: str,
    module: Module,
    host: str,
    port: int,
    material: Material,
    identity: tuple[str, ...] = (),
    capture: Capture | None = None,
) -> Report:
    """Ask the module at `url`, which keeps its flash: the files go into its RAM.

    The emulated one explains. HarnessError where the module is in no network.
    """
    report = probe(host, port, material, identity, capture)
    if report.problem == "size":
        return report
    reply = ask(url, module, host, port, material)
    connects = not reply.startswith("ERROR")
    told = replace(report, connects=connects, reply=reply, outcome=None)
    if connects == report.connects:
        return told
    if connects:
        notes = (f"An emulated module would not connect. {report.reason}",)
        return replace(told, problem="", reason="", advice="", remarks=notes)
    return replace(
        told,
        problem="module",
        reason="An emulated module connects from this machine; this one does not.",
        advice=f"See that its network reaches the server, and what is in its flash: `spwf files "
        f"{url}`.",
        remarks=(),
    )


def _emulated(
    host: str, port: int, material: Material, capture: Capture | None, **options: Any
) -> tuple[Outcome, str]:
    """One connection of an emulated module: what it knows, and what it says."""
    with spwf.open("spwf://", **options) as module:
        assert module.emulation is not None
        if capture is not None:
            capture.attach(module.emulation.core)
        module.join("probe")
        reply = _connect(module, host, port, material, quiet)
        outcome = module.emulation.outcome
    if outcome is None:
        raise HarnessError(f"the module did not try to connect: {reply}")
    return outcome, reply


def _connect(
    module: Module, host: str, port: int, material: Material, talk: Callable[[Socket], None]
) -> str:
    """Load a module that has been reset, connect it, talk; its reply."""
    module.set_time()
    for name, slot in SLOTS.items():
        if data := getattr(material, name):
            module.load(slot, data)
    if material.domain:
        module.set_domain(material.domain, Slot.RAM_DOMAIN)
    try:
        sock = module.connect(host, port, indicate=True)
    except ModuleError as error:
        return f"ERROR: {error.text}"
    talk(sock)
    with suppress(ModuleError):  # the server sends without end: the reset closes it
        sock.close()
    return f"ID: {sock.id:02} OK"


def quiet(_sock: Socket) -> None:
    """Says nothing to the server."""


def ask(
    url: str,
    module: Module,
    host: str,
    port: int,
    material: Material,
    talk: Callable[[Socket], None] = quiet,
) -> str:
    """Connect the module at `url`, which keeps its flash, let it `talk`; its reply to SOCKON.

    The files go into its RAM, and the reset at the end forgets them. HarnessError where the module
    is in no network.
    """
    if module.emulation is not None and not module.config["wifi_ssid"].strip("0:"):
        module.join("probe")  # it knows of none yet, and any is in its reach
    else:
        module.reset()
        try:
            module.wait_for_network()
        except NetworkError as error:
            raise NetworkError(f"{error}; --ssid NAME --psk TEXT tell it another") from None
    try:
        reply = _connect(module, host, port, material, talk)
    except BaseException:
        if module.emulation is None:  # an emulated one is closed, and has forgotten all
            module.let_go()
        raise
    module.reset()
    return reply


def _connects_with_sni(host: str, port: int, material: Material, capture: Capture | None) -> bool:
    """Whether a module that sends a server_name connects: the domain's, or else the host's."""
    name = next((n for n in (material.domain, host) if _DNS_NAME.fullmatch(n)), None)
    if name is None:
        return False
    outcome, _ = _emulated(
        name, port, material, capture, sni=True, route=[(name, port, host, port)]
    )
    return outcome.connected


def _besides(
    outcome: Outcome, host: str, port: int, material: Material, capture: Capture | None
) -> tuple[str, ...]:
    """What the first fault of a certificate hides: without a CA the module only notes faults."""
    if outcome.depth is None:
        return ()
    unchecked, _ = _emulated(host, port, replace(material, ca=b""), capture)
    return tuple(
        text
        for note, (causes, text) in BESIDES.items()
        if note in unchecked.notes and outcome.cause not in causes
    )


def _silent(outcome: Outcome) -> bool:
    """Whether there is no TLS server to look at, or the module said nothing to it."""
    return not outcome.sent or outcome.cause in _SILENT


def _survey(outcome: Outcome, host: str, port: int, identity: tuple[str, ...]) -> Survey | None:
    if _silent(outcome):
        return None
    try:
        openssl = OpenSSL.find()
    except OpenSSLError:
        return None  # the module's own words must do
    surveyor = Surveyor(openssl, host, port, identity, outcome.version, outcome.suite)
    return surveyor.thorough() if outcome.cause in THOROUGH else surveyor.brief()
