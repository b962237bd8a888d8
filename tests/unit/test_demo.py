"""What makes a row of `spwf demo`, and the whole, right or wrong."""

from pathlib import Path

import pytest
import serial

import spwf
from spwf import demo
from spwf.demo import attempt, judge, meet
from spwf.outcome import ERRORS, Cause
from spwf.scenario import Scenario

SMALL = Scenario.load("memory-exhausted")
ALIKE = "ERROR: SSL/TLS unable to connect"
RIGHT = {  # what a module without an outcome says to some of the scenarios
    "example1": "ID: 00 OK",
    "wrong-ca": ALIKE,
    "client-foreign-key": ALIKE,
    "name-unknown": "ERROR: Failed to resolve name",
    "port-closed": "ERROR: Failed to connect",
    "port-mute": "ERROR: Failed to connect",
}


def test_row_that_needs_less_memory_is_not_tried_on_a_real_module(tmp_path: Path) -> None:
    with spwf.Module(serial.serial_for_url("loop://")) as module:
        row = attempt(module, "loop://", SMALL, "127.0.0.1", ("lab", "passphrase"), tmp_path)
    assert row.texts[3] == "not tried: only an emulated module can have less memory"
    assert (row.wrong, row.tried) == ("", False)


@pytest.mark.parametrize("name", RIGHT)
def test_row_is_right_with_one_reply_alone(name: str) -> None:
    for reply in {*RIGHT.values(), "ERROR: Low Memory"}:
        said = "" if reply.startswith("ID") else None
        row = judge(Scenario.load(name), reply, said, None)
        assert (row.wrong == "") == (reply == RIGHT[name])
        assert row.wrong == "" or row.wrong.endswith(f"; got {reply}")


def test_one_wrong_text_makes_the_demo_fail(
    module: spwf.Module, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = Scenario.load("port-closed")
    monkeypatch.setattr(demo, "cases", lambda: [closed])
    assert demo.run(module, "spwf://", "127.0.0.1", "lab", "passphrase") == 0
    monkeypatch.setitem(ERRORS, Cause.REFUSED, "Failed to resolve name")
    assert demo.run(module, "spwf://", "127.0.0.1", "lab", "passphrase") == 1
    said = " ".join(capsys.readouterr().out.split())  # on one line
    wrong = "anonymous, TCP connection refused (Failed to resolve name)"
    assert f"port-closed: expected {wrong}; got anonymous, refused: refused" in said
    assert "0 of 1 as expected" in said


def test_row_that_needs_less_memory_joins_the_same_network(tmp_path: Path) -> None:
    url, network = "spwf://?ap=home:12345678", ("home", "12345678")
    with spwf.open(url) as module:
        row = attempt(module, url, SMALL, "127.0.0.1", network, tmp_path)
    assert row.wrong == ""


def test_row_of_a_server_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    with spwf.open() as module:
        module.join("lab")
        row = meet(module, Scenario.load("wrong-domain"), "192.0.2.1", tmp_path)
    why = "cannot listen on 192.0.2.1:0: Cannot assign requested address"
    assert row.texts == ("wrong-domain", "one-way", "-", why)
    assert row.wrong == why
