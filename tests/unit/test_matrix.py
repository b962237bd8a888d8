"""The cells of the matrix are the note's promises, whole and told apart; -k finds them."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from spwf.matrix import expression, page, show
from spwf.matrix.cells import Cell, Group, cells, lawful
from spwf.matrix.judge import Result, Status, disagreements, judge
from spwf.matrix.report import Report
from spwf.matrix.run import Plan
from spwf.outcome import Cause, Mode, Note, Outcome
from spwf.pki import KEY_TYPES
from spwf.programs import PROGRAMS
from spwf.suites import SUITES, KeyExchange, Version

CELLS = list(cells("openssl"))
KNOWN = {word for cell in CELLS for word in cell.words}


def of(group: Group) -> list[Cell]:
    return [cell for cell in CELLS if cell.group is group]


def test_table_2_has_72_pairs_of_suite_and_version() -> None:
    pairs = {(suite, version) for suite in SUITES for version in Version if lawful(suite, version)}
    assert len(pairs) == 72
    assert {(cell.suite, cell.version) for cell in of(Group.SUITES)} == pairs


def test_each_pair_of_108_is_there_once_in_each_mode() -> None:
    met = Counter(
        (cell.suite, cell.version, cell.mode) for cell in of(Group.SUITES) + of(Group.POLICY)
    )
    assert len(met) == 27 * 4 * 3
    assert set(met.values()) == {1}


def test_a_pair_outside_table_2_is_refused_but_for_the_downgrade_of_aes() -> None:
    policy = of(Group.POLICY)
    connect = {cell for cell in policy if cell.cause is Cause.NONE}
    assert {(cell.suite.openssl, cell.version, cell.note) for cell in connect if cell.suite} == {
        ("AES128-SHA", Version.SSL3, Note.OUTSIDE_TABLE_2),
        ("AES256-SHA", Version.SSL3, Note.OUTSIDE_TABLE_2),
    }
    assert {cell.cause for cell in policy if cell not in connect} == {Cause.SUITE}


def test_no_cell_is_there_twice() -> None:
    every = [cell.name for name in PROGRAMS for cell in cells(name)]
    assert len(every) == len(set(every))


def test_all_servers_have_the_same_cells() -> None:
    shared = [[cell.shared for cell in cells(name)] for name in PROGRAMS]
    assert all(each == shared[0] for each in shared)


@pytest.mark.parametrize(
    ("group", "number", "possible"),
    [
        (Group.CURVES, 5 * 7 * 4, 5 * 7 * 3),
        (Group.STATIC, 5 * 2 * 4, 5 * 2 * 3),
        (Group.CLIENTS, 2 * 7 * 4, 2 * 7 * 3 + 2),  # in SSL 3.0 RSA alone, under RSA
        (Group.DIGESTS, 6 * 2 * 2, 6 * 2 * 2 - 2),  # ECDSA has no MD5
        (Group.DOWNGRADE, 4 * 2, 4 * 2 - 1),
        (Group.MINIMUM, 3 * 4, 3 * 4),
    ],
)
def test_what_cannot_be_is_there_with_its_reason(group: Group, number: int, possible: int) -> None:
    mine = of(group)
    assert (len(mine), sum(not cell.impossible for cell in mine)) == (number, possible)


def test_every_key_type_and_curve_is_a_server_s_and_a_client_s() -> None:
    curves = set(KEY_TYPES) - {"rsa1024", "rsa2048"}
    assert {cell.key for cell in of(Group.CURVES)} == set(KEY_TYPES)
    assert {cell.curve for cell in of(Group.CURVES)} == curves
    assert {cell.client for cell in of(Group.CLIENTS)} == set(KEY_TYPES)
    assert {(cell.key, bool(cell.ca)) for cell in of(Group.STATIC)} == {
        (curve, rsa_ca) for curve in curves for rsa_ca in (False, True)
    }


def test_a_cell_s_scenario_has_the_keys_that_its_suite_needs() -> None:
    for cell in of(Group.SUITES):
        assert cell.suite is not None
        spec = cell.scenario.pki
        signer = spec.ca.key or spec.key
        assert (signer if cell.suite.key_exchange is KeyExchange.ECDH else spec.key).startswith(
            "rsa" if cell.suite.auth == "RSA" else "p"
        )
        assert cell.scenario.server.versions == (cell.version,)


def found(text: str) -> list[Cell]:
    test = expression.parse(text, KNOWN)
    return [cell for cell in CELLS if test(cell.words)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("C027", lambda c: c.suite and c.suite.code == 0xC027),
        ("tlsv1", lambda c: c.version is Version.TLS1),
        ("RC4", lambda c: c.suite and "RC4" in c.suite.name),
        ("not mutual", lambda c: c.mode is not Mode.MUTUAL),
        (
            "suites and (C027 or c023) and mutual",
            lambda c: (
                c.group is Group.SUITES
                and c.suite.code in (0xC027, 0xC023)
                and c.mode is Mode.MUTUAL
            ),
        ),
        (
            "static or suites and SSLv3",
            lambda c: (
                c.group is Group.STATIC or (c.group is Group.SUITES and c.version is Version.SSL3)
            ),
        ),
        ("curve=p192 and TLSv1.2", lambda c: c.curve == "p192" and c.version is Version.TLS1_2),
        ("ca=rsa2048", lambda c: c.ca == "rsa2048"),
    ],
)
def test_k_finds_cells(text: str, meant: Callable[[Cell], bool]) -> None:
    expected = [cell for cell in CELLS if meant(cell)]
    assert expected
    assert found(text) == expected


def test_k_finds_each_cell_by_its_words() -> None:
    for cell in CELLS[:: len(CELLS) // 50]:
        assert found(" and ".join(cell.words)) == [cell]


@pytest.mark.parametrize("text", ["", "and", "C027 and", "(C027", "C027)", "not", "C027 C023"])
def test_k_refuses_what_is_no_expression(text: str) -> None:
    with pytest.raises(ValueError, match=r"missing|one too many"):
        expression.parse(text, KNOWN)


def test_two_servers_that_differ_about_a_cell_are_told() -> None:
    one, other = (next(cells(name)) for name in ("one", "other"))
    same = [
        Result(one, Status.PASS, reply="ID: 00 OK"),
        Result(other, Status.PASS, "", "ID: 00 OK"),
    ]
    assert list(disagreements(same)) == []
    differ = [same[0], Result(other, Status.FAIL, reply="ERROR: no")]
    (told,) = disagreements(differ)
    assert "one: pass, ID: 00 OK; other: fail, ERROR: no" in told


def failed_report() -> Report:
    """One cell of openssl's first suite that failed, and one that passed."""
    plan = Plan.make(["openssl"], lambda cell: cell.suite == SUITES[0])
    fine, bad, *rest = (cell for cell in plan.cells if not cell.impossible)
    results = [Result(fine, Status.PASS), Result(bad, Status.FAIL, "it </script> did not connect")]
    results += [Result(cell, Status.PASS) for cell in rest]
    results += [
        Result(cell, Status.IMPOSSIBLE, cell.impossible) for cell in plan.cells if cell.impossible
    ]
    return Report.make("spwf://", plan, results, 1.5)


def test_the_terminal_names_what_failed_why_and_how_to_run_it_again() -> None:
    console = Console(file=StringIO(), width=100)
    report = failed_report()
    show.show(report, console)
    assert isinstance(console.file, StringIO)
    said = console.file.getvalue()
    (failure,) = report.failures
    assert failure.cell.name in said
    assert "Why:     it </script> did not connect" in said
    again = shlex.quote(" and ".join(failure.cell.words))
    assert f"spwf matrix -k {again} --html page.html" in said
    passed = len([result for result in report.results if result.status is Status.PASS])
    assert f"{passed} of {passed + 1} cells as expected" in said
    assert not report.good


def test_the_page_has_every_cell_and_nothing_from_elsewhere() -> None:
    report = failed_report()
    html = page.render(report)
    assert not re.search(r"""(src|href)=|url\(|@import|https?://""", html)
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', html)
    cells = json.loads(data)["cells"]
    assert [cell["name"] for cell in cells] == [result.cell.name for result in report.results]
    assert [cell["cause"] for cell in cells if cell["status"] == "fail"] == [
        "it </script> did not connect"
    ]


def test_json_has_what_the_cells_are_and_how_they_ended() -> None:
    told = json.loads(failed_report().json())
    wanted = {"suite", "version", "mode", "key", "server", "status", "cause"}
    assert all(wanted <= cell.keys() for cell in told["cells"])
    assert {cell["status"] for cell in told["cells"]} == {"pass", "fail", "impossible"}
    assert all((cell["cause"] is None) == (cell["status"] == "pass") for cell in told["cells"])


MET = next(c for c in of(Group.SUITES) if c.name.startswith("suites openssl TLSv1.1 C013 "))
WELL = Outcome(
    count=1,
    cause=Cause.NONE,
    mode=Mode.ANONYMOUS,
    connected=True,
    depth=None,
    version="TLSv1.1",
    suite="TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    group="P-256",
    alert_sent=None,
    alert_received=None,
    detail=0,
    notes=frozenset(),
    peak_heap=1,
    sent=1,
    received=1,
    subject="",
)
SAID = ("TLSv1.1", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")


def test_what_ends_as_it_must_passes() -> None:
    assert judge(Result(MET, Status.FAIL, outcome=WELL, server_says=SAID)).status is Status.PASS
    in_ssl3 = replace(MET, suite=None, version=Version.SSL3)
    chosen = replace(WELL, version="SSLv3", suite="TLS_RSA_WITH_AES_128_CBC_SHA", group=None)
    noted = replace(chosen, notes=frozenset([Note.OUTSIDE_TABLE_2]))
    assert judge(Result(in_ssl3, Status.FAIL, outcome=noted)).status is Status.PASS
    assert judge(Result(in_ssl3, Status.FAIL, outcome=chosen)).status is Status.FAIL


@pytest.mark.parametrize(
    ("cell", "outcome", "said", "why"),
    [
        ({}, {"version": "TLSv1.2"}, SAID, "version TLSv1.2, not TLSv1.1"),
        ({}, {"suite": "TLS_RSA_WITH_AES_128_CBC_SHA"}, SAID, "suite TLS_RSA_WITH_AES_128_CBC"),
        ({}, {"group": None}, SAID, "group None with TLS_ECDHE"),
        ({"curve": "p521"}, {}, SAID, "group P-256, not P-521"),
        ({}, {"mode": Mode.MUTUAL}, SAID, "mode mutual, not anonymous"),
        ({}, {"cause": Cause.ALERT}, SAID, "cause alert"),
        ({"cause": Cause.SUITE}, {}, SAID, "cause none"),
        ({"cause": Cause.SUITE}, {"cause": Cause.SUITE, "suite": None}, SAID, "did not choose"),
        ({"note": Note.OUTSIDE_TABLE_2}, {}, SAID, "not noted: outside_table_2"),
        ({"mode": Mode.MUTUAL}, {"mode": Mode.MUTUAL}, SAID, "certificate was not sent"),
        ({}, {"notes": frozenset([Note.NAME_UNCHECKED])}, SAID, "the name was not checked"),
        ({}, {}, ("TLSv1", SAID[1]), "the server says TLSv1"),
        ({}, {}, (SAID[0], "?"), "the server says ?"),
    ],
)
def test_each_difference_is_a_failure_with_its_words(
    cell: dict[str, Any], outcome: dict[str, Any], said: tuple[str, str], why: str
) -> None:
    met = Result(
        replace(MET, **cell), Status.PASS, outcome=replace(WELL, **outcome), server_says=said
    )
    judged = judge(met)
    assert judged.status is Status.FAIL
    assert why in judged.why
