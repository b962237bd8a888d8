"""What is said of a refusal where nothing but the module's cause is known."""

from dataclasses import replace

import pytest

from spwf.advice import TEXTS
from spwf.certificates import CAP, Material
from spwf.diagnosis import Case, remarks
from spwf.outcome import Cause, Mode, Note, Outcome
from spwf.survey import Survey

OUTCOME = Outcome(
    count=1,
    cause=Cause.NONE,
    mode=Mode.ANONYMOUS,
    connected=False,
    depth=None,
    version=None,
    suite=None,
    group=None,
    alert_sent=None,
    alert_received=None,
    detail=0,
    notes=frozenset(),
    peak_heap=0,
    sent=0,
    received=0,
    subject="",
)
# The first means success; the others cannot be, for a probe sets the clock.
SILENT = (Cause.NONE, Cause.CLOCK, Cause.CLOCK_LOST)
SPOKEN = [cause for cause in Cause if cause not in SILENT]


@pytest.mark.parametrize("cause", SPOKEN)
def test_every_cause_has_its_words_even_where_nothing_else_is_known(cause: Cause) -> None:
    case = Case(replace(OUTCOME, cause=cause), Material())
    reason, advice = case.explain(case.problem())
    assert reason.endswith(".")
    assert advice.endswith(".")
    assert "{" not in reason + advice


def test_every_problem_finds_all_its_facts() -> None:
    case = Case(OUTCOME, Material(domain="a {name}"))
    for problem in TEXTS:
        reason, advice = case.explain(problem)
        assert reason
        assert advice


@pytest.mark.parametrize(
    ("cause", "versions", "suites", "lacks", "problem"),
    [
        (Cause.VERSION, ("TLSv1.3",), (), "", "tls13_only"),
        (Cause.CLOSED, ("TLSv1.3",), (), "", "tls13_only"),
        (Cause.SUITE, ("TLSv1.3",), (), "", "suite_of_key"),
        (Cause.ALERT, ("TLSv1.2", "TLSv1.3"), ("AES256-GCM-SHA384",), "", "suite"),
        (Cause.ALERT, ("TLSv1.2",), ("AES128-SHA", "AES256-GCM-SHA384"), "curve", "curve"),
        (Cause.SUITE, ("TLSv1.2",), ("AES128-SHA",), "", "alert"),
        (Cause.RESET, ("TLSv1.2",), ("AES128-SHA",), "", "reset"),
        (Cause.ALERT, (), (), "", "alert"),
    ],
)
def test_what_the_server_offers_refines_the_cause(
    cause: Cause, versions: tuple[str, ...], suites: tuple[str, ...], lacks: str, problem: str
) -> None:
    outcome = replace(OUTCOME, cause=cause, alert_received="handshake_failure")
    survey = Survey(versions, suites, (), (), lacks)
    assert Case(outcome, Material(), survey).problem() == problem


@pytest.mark.parametrize(
    ("domain", "problem"),
    [("192.0.2.7", "address"), ("::1", "address"), ("127001", "domain"), ("a.example", "domain")],
)
def test_an_address_that_does_not_match_is_told_from_a_name(domain: str, problem: str) -> None:
    case = Case(replace(OUTCOME, cause=Cause.DOMAIN), Material(domain=domain))
    assert case.problem() == problem
    assert repr(domain) in case.explain(problem)[0]


def test_the_cas_that_a_server_accepts_are_named() -> None:
    survey = Survey((), (), (), ("CN = one", "CN = two"), "")
    case = Case(replace(OUTCOME, cause=Cause.CLIENT_REFUSED), Material(), survey)
    assert "It accepts those of: CN = one; CN = two." in case.explain("client_refused")[1]


def test_a_connection_below_tls_1_2_and_an_unchecked_server_are_remarked() -> None:
    outcome = replace(OUTCOME, version="TLSv1", notes=frozenset({Note.CERT_REQUESTED}))
    said = " ".join(remarks(Case(outcome, Material())))
    assert "give its CA with --ca" in said
    assert "TLSv1 is no longer safe" in said
    assert "went on without one" in said


def test_the_size_is_that_of_all_files_together() -> None:
    material = Material(ca=b"text\n-----BEGIN X", cert=b"x" * CAP, domain="é")
    assert material.sizes == {"ca": 17, "cert": CAP, "domain": 2}
    assert material.size == CAP + 19
    assert material.bare_size == material.size - 5
