"""The failing twins of the note's examples: the reply on the wire, and the cause beside it.

And the two whose checks are off, so that they connect.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

import spwf
from spwf.demo import connect
from spwf.outcome import Cause, Note
from spwf.scenario import Scenario

Serve = Callable[..., spwf.Server]
Provision = Callable[[spwf.Module, spwf.Server], None]

FAILING = [n for n in Scenario.names() if Scenario.load(n).expect.cause is not Cause.NONE]
SMALL = "memory-exhausted"  # for a module of its own


@pytest.mark.parametrize(
    ("name", "note"),
    [("example1-option2", Note.CERT_SENT), ("domain-not-set", Note.NAME_UNCHECKED)],
)
def test_what_nobody_checks_connects_and_is_noted(
    module: spwf.Module, serve: Serve, provision: Provision, name: str, note: Note
) -> None:
    server = serve(name)
    provision(module, server)
    with connect(module, server) as sock:
        sock.write(b"hello from the module\n")
        server.wait_received(b"hello from the module\n")
        if module.emulation is not None:
            outcome = module.emulation.outcome
            assert outcome is not None
            assert outcome.connected
            assert note in outcome.notes
            assert server.scenario.expect.notes == (note,)


@pytest.mark.parametrize("name", [name for name in FAILING if name != SMALL])
def test_failure_is_short_on_the_wire_and_told_in_full_beside_it(
    module: spwf.Module, serve: Serve, provision: Provision, name: str
) -> None:
    refused(module, serve(name), provision)


@pytest.mark.emulated
def test_module_with_little_memory_fails_likewise_and_lives(
    new_module: Callable[..., spwf.Module], serve: Serve, provision: Provision
) -> None:
    server = serve(SMALL)
    heap = server.scenario.module.heap
    module = new_module(heap=heap)
    refused(module, server, provision)
    assert module.emulation is not None
    assert 0 < module.emulation.heap.peak <= heap
    assert module.emulation.heap.live == 0


def refused(module: spwf.Module, server: spwf.Server, provision: Provision) -> None:
    """SOCKON answers the short error, and the outcome is the one that the scenario expects."""
    provision(module, server)
    expect = server.scenario.expect
    module.transcript.clear()
    with pytest.raises(spwf.ModuleError) as error:
        connect(module, server)
    assert error.value.text == expect.cause.error
    came = b"".join(entry.data for entry in module.transcript if entry.direction == "<")
    assert came == f"\r\nERROR: {expect.cause.error}\r\n".encode()
    if module.emulation is not None:
        outcome = module.emulation.outcome
        assert outcome is not None
        assert not outcome.connected
        assert (outcome.mode, outcome.cause) == (expect.mode, expect.cause), str(outcome)
        assert expect.alert in (outcome.alert_received, ""), str(outcome)
    assert module.command("AT").error is None


def test_the_certificate_between_makes_all_the_difference(
    module: spwf.Module, serve: Serve, provision: Provision
) -> None:
    refused = Scenario.load("unknown-intermediate")
    server = serve(replace(refused, server=replace(refused.server, chain="intermediate")))
    provision(module, server)
    connect(module, server).close()
