"""TLS within the memory of the original module: what is largest, and what is left over."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import spwf
from spwf.outcome import Mode
from spwf.scenario import Scenario

pytestmark = pytest.mark.spwf("qemu://lm3s6965evb")

RAM = 52 * 1024  # bytes of the board's 64 KB that everything together may take
RECORD = bytes(ord("a") + i % 26 for i in range(16_384))

Serve = Callable[..., spwf.Server]
Provision = Callable[[spwf.Module, spwf.Server], None]
NewModule = Callable[..., spwf.Module]


def mutual(key: str, suite: str) -> Scenario:
    """Example 1 with keys of this type and this suite."""
    example = Scenario.load("example1")
    server = replace(example.server, suites=(suite,))
    return replace(example, name=key, pki=spwf.PkiSpec(key=key), server=server)


def emulation_of(module: spwf.Module) -> spwf.Emulation:
    assert module.emulation is not None
    return module.emulation


@pytest.mark.parametrize(
    "suite", ["TLS_RSA_WITH_AES_256_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"]
)
def test_mutual_rsa_2048_and_a_record_of_16_kilobytes_fit(
    new_module: NewModule, serve: Serve, provision: Provision, suite: str
) -> None:
    server = serve(mutual("rsa2048", suite))
    module = new_module(limits="off")
    provision(module, server)
    with module.connect(server.host, server.port, indicate=True) as sock:
        outcome = emulation_of(module).outcome
        assert outcome is not None
        assert (outcome.mode, outcome.suite) == (Mode.MUTUAL, suite)
        server.send(RECORD)
        assert sock.read(len(RECORD)) == RECORD
        sock.write(b"thanks\n")
        server.wait_received(b"thanks\n")
    memory = emulation_of(module).memory
    assert memory.static + memory.top + memory.stack <= RAM
    assert memory.blocks == 0


HANDSHAKES = 200


@pytest.mark.long
def test_200_mixed_handshakes_leave_nothing_behind(
    new_module: NewModule, serve: Serve, provision: Provision
) -> None:
    kinds = [
        Scenario.load("example5"),
        Scenario.load("example2"),
        mutual("p256", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        mutual("rsa2048", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
        Scenario.load("wrong-ca"),
    ]
    module, emulation = (opened := new_module(limits="off")), emulation_of(opened)
    for scenario in kinds:
        server = serve(scenario)
        provision(module, server)
        for _ in range(HANDSHAKES // len(kinds)):
            reply = module.command(
                f"AT+S.SOCKON={server.host},{server.port},s", check=False, timeout=30
            )
            if scenario.expect.cause is spwf.Cause.NONE:
                assert reply.value == "00"
                module.command("AT+S.SOCKC=00")
            else:
                assert reply.error == "SSL/TLS unable to connect"
            assert (emulation.heap.live, emulation.heap.blocks) == (0, 0)
        module.reset()
        module.wait_for(24)
    outcome = emulation.outcome
    assert outcome is not None
    assert outcome.count == HANDSHAKES


BOARDS, EACH = 8, 20


def test_8_boards_side_by_side_do_20_handshakes_each(
    new_module: NewModule, serve: Serve, provision: Provision
) -> None:
    modules = [new_module() for _ in range(BOARDS)]
    servers = [serve("example1") for _ in modules]

    def work(module: spwf.Module, server: spwf.Server) -> None:
        provision(module, server)
        for _ in range(EACH):
            with module.connect(server.host, server.port) as sock:
                sock.write(b"hello\n")

    with ThreadPoolExecutor(BOARDS) as pool:
        list(pool.map(work, modules, servers))
    for module in modules:
        outcome = emulation_of(module).outcome
        assert outcome is not None
        assert (outcome.count, outcome.mode) == (EACH, Mode.MUTUAL)
        assert emulation_of(module).heap.blocks == 0
