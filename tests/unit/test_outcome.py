"""The outcome of a handshake: same names as the C header, good words."""

import pickle
import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import pytest

from spwf.errors import HarnessError, ModuleError
from spwf.outcome import Cause, Mode, Note, Outcome

HEADER = (Path(__file__).parents[2] / "csrc/core/spwf.h").read_text()

FIELDS: dict[str, int | str] = {
    "count": 3,
    "cause": 0,
    "mode": 2,
    "connected": 1,
    "depth": -1,
    "version": 0x0303,
    "suite": 0xC023,
    "group": 23,
    "alert_sent": -1,
    "alert_received": -1,
    "detail": 0,
    "notes": 1 << 8 | 1 << 9,
    "peak_heap": 9585,
    "sent": 1200,
    "received": 1300,
    "subject": "/C=IT/CN=server domain",
}


def declaration(of: str) -> str:
    """What stands between the braces after `of` in the header, without comments."""
    body = re.search(rf"^{of} \{{(.*?)\}};", HEADER, re.DOTALL | re.MULTILINE)
    assert body, f"spwf.h has no {of}"
    return re.sub(r"/\*.*?\*/", "", body[1], flags=re.DOTALL)


@pytest.mark.parametrize(
    ("enum", "tag", "prefix"),
    [
        (Cause, "spwf_cause", "SPWF_CAUSE_"),
        (Mode, "spwf_mode", "SPWF_"),
        (Note, "spwf_note", "SPWF_NOTE_"),
    ],
)
def test_enum_has_the_names_and_the_order_of_the_header(
    enum: type[StrEnum], tag: str, prefix: str
) -> None:
    names = [n.lower() for n in re.findall(rf"\b{prefix}([A-Z0-9_]+)", declaration(f"enum {tag}"))]
    assert names
    assert [member.value for member in enum] == names


def test_outcome_has_the_members_of_the_struct_in_order() -> None:
    members = re.findall(r"(\w+)(?:\[\d+\])?\s*[,;]", declaration("struct spwf_outcome"))
    assert [field.name for field in fields(Outcome)] == members


def test_numbers_become_names() -> None:
    outcome = Outcome.from_fields(FIELDS)
    assert outcome.mode is Mode.MUTUAL
    assert outcome.cause is Cause.NONE
    assert outcome.connected is True
    assert outcome.version == "TLSv1.2"
    assert outcome.suite == "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"
    assert outcome.group == "P-256"
    assert outcome.notes == {Note.CERT_REQUESTED, Note.CERT_SENT}
    assert outcome.depth is None
    assert (outcome.alert_sent, outcome.alert_received) == (None, None)


def test_nothing_negotiated_is_none() -> None:
    outcome = Outcome.from_fields(FIELDS | {"version": 0, "suite": 0, "group": 0})
    assert (outcome.version, outcome.suite, outcome.group) == (None, None, None)


def test_suite_outside_table_2_is_its_number() -> None:
    assert Outcome.from_fields(FIELDS | {"suite": 0x009C}).suite == "0x009c"


def test_cause_that_python_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="no number 200"):
        Outcome.from_fields(FIELDS | {"cause": 200})


def test_line_of_a_connection_names_what_was_negotiated() -> None:
    assert str(Outcome.from_fields(FIELDS)) == (
        "mutual, TLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, P-256, "
        "notes: cert_requested cert_sent, peak heap 9585 bytes"
    )


def test_line_of_a_refusal_names_cause_certificate_and_alert() -> None:
    refused = FIELDS | {
        "cause": list(Cause).index(Cause.DOMAIN),
        "mode": 1,
        "connected": 0,
        "depth": 0,
        "alert_sent": 42,
        "detail": -322,
        "notes": 0,
    }
    line = str(Outcome.from_fields(refused))
    assert line.startswith("one-way, TLSv1.2, ")
    assert f"refused: domain ({Cause.DOMAIN.text})" in line
    assert "'/C=IT/CN=server domain' at depth 0" in line
    assert "sent alert bad_certificate" in line
    assert "error -322" in line


def test_every_cause_is_explained() -> None:
    assert len({cause.text for cause in Cause}) == len(Cause)


def test_module_error_survives_pickling_and_is_no_harness_error() -> None:
    error = pickle.loads(pickle.dumps(ModuleError("Command not found", "AT+S.NO")))
    assert (error.text, error.command) == ("Command not found", "AT+S.NO")
    assert str(error) == "AT+S.NO: Command not found"
    assert not isinstance(error, HarnessError)
