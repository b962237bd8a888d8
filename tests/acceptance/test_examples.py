"""The examples of the note and its refusals, through spwf.Module, with real servers."""

import socket
from collections.abc import Callable

import pytest

import spwf
from spwf.outcome import Cause, Mode

Serve = Callable[..., spwf.Server]
Provision = Callable[[spwf.Module, spwf.Server], None]

SOCKON_REFUSED = b"\r\nERROR: SSL/TLS unable to connect\r\n"
REFUSALS = (
    "client-certificate-missing",
    "clock-not-set",
    "expired",
    "not-yet-valid",
    "wrong-ca",
    "wrong-domain",
)


def connected(module: spwf.Module, mode: Mode) -> None:
    """What only an emulated module can tell."""
    if module.emulation is not None:
        outcome = module.emulation.outcome
        assert outcome is not None
        assert (outcome.mode, outcome.cause, outcome.connected) == (mode, Cause.NONE, True)
        assert outcome.version == "TLSv1.2"


def test_example_1_mutual(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example1")
    provision(module, server)
    with module.connect(server.host, server.port, indicate=True) as sock:
        assert sock.id == 0
        sock.write(b"hello from the module\n")
        server.wait_for("hello from the module")
        connected(module, Mode.MUTUAL)


def test_example_2_one_way(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example2")
    provision(module, server)
    with module.connect(server.host, server.port) as sock:
        sock.write(b"hello from the module\n")
        server.wait_for("hello from the module")
        connected(module, Mode.ONE_WAY)


def test_example_5_anonymous(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example5")
    provision(module, server)
    header, body = server.scenario.script[0].answers
    assert (len(header), len(body)) == (245, 238)
    with module.connect(server.host, server.port, indicate=True) as sock:
        sock.write(b"GET / HTTP/1.1\r\n\r\n")
        assert module.wait_for(55).text == "Pending Data:0:ENC"
        assert module.wait_for(55).text == "Pending Data:0:ENC"
        assert sock.pending() == 483
        assert sock.read(483) == header + body
        assert sock.pending() == 0
        connected(module, Mode.ANONYMOUS)


@pytest.mark.parametrize("name", REFUSALS)
def test_refusal_hides_its_cause_on_the_wire_and_tells_it_beside(
    module: spwf.Module, serve: Serve, provision: Provision, name: str
) -> None:
    server = serve(name)
    provision(module, server)
    reply = module.command(
        f"AT+S.SOCKON={server.host},{server.port},s,ind", check=False, timeout=30
    )
    assert reply.raw == SOCKON_REFUSED
    if module.emulation is not None:
        outcome = module.emulation.outcome
        assert outcome is not None
        assert not outcome.connected
        assert (outcome.mode, outcome.cause) == (
            server.scenario.expect.mode,
            server.scenario.expect.cause,
        )
    assert module.command("AT").error is None


def test_refusal_is_a_module_error(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("wrong-ca")
    provision(module, server)
    with pytest.raises(spwf.ModuleError) as refusal:
        module.connect(server.host, server.port)
    assert refusal.value.text == "SSL/TLS unable to connect"
    assert refusal.value.command.startswith("AT+S.SOCKON=")


def test_refused_module_connects_after_cleaning(
    module: spwf.Module, serve: Serve, provision: Provision
) -> None:
    server = serve("wrong-ca")
    provision(module, server)
    with pytest.raises(spwf.ModuleError):
        module.connect(server.host, server.port)
    module.clean()
    with module.connect(server.host, server.port):
        connected(module, Mode.ANONYMOUS)


@pytest.mark.parametrize("indicate", [True, False])
def test_lines_go_both_ways(module: spwf.Module, serve: Serve, indicate: bool) -> None:
    server = serve("echo")
    with module.connect(server.host, server.port, indicate=indicate) as sock:
        for word in (b"hello", b"AT", b"x" * 700):
            sock.write(word + b"\n")
            assert sock.read_until(b"\n") == word[::-1] + b"\n"


def test_data_larger_than_one_sockw_arrives_whole(module: spwf.Module, serve: Serve) -> None:
    server = serve("echo")
    data = bytes(ord("a") + i % 26 for i in range(5000))
    with module.connect(server.host, server.port, indicate=True) as sock:
        sock.write(data + b"\n")
        assert sock.read(len(data) + 1) == data[::-1] + b"\n"


def test_second_secure_socket_is_refused(module: spwf.Module, serve: Serve) -> None:
    server = serve("echo")
    first = module.connect(server.host, server.port)
    with pytest.raises(spwf.ModuleError, match="Too many sockets"):
        module.connect(server.host, server.port)
    first.close()
    module.connect(server.host, server.port).close()


def test_second_settime_is_refused(module: spwf.Module) -> None:
    module.set_time()
    reply = module.command("AT+S.SETTIME=1427791696", check=False)
    assert reply.raw == b"\r\nERROR: Cannot update DateTime\r\n"
    module.reset()
    module.set_time()


def test_material_in_ram_goes_before_flash_until_the_reset(
    module: spwf.Module, serve: Serve, provision: Provision
) -> None:
    server = serve("example2")
    provision(module, server)
    module.load(spwf.Slot.RAM_CA, server.pki["wrong_ca"].cert_pem)
    with pytest.raises(spwf.ModuleError, match="SSL/TLS unable to connect"):
        module.connect(server.host, server.port)
    module.reset()
    module.wait_for(24)
    module.set_time()
    with module.connect(server.host, server.port):
        connected(module, Mode.ONE_WAY)


def test_name_that_does_not_resolve_has_its_own_error(module: spwf.Module) -> None:
    with pytest.raises(spwf.ModuleError, match="Failed to resolve name"):
        module.connect("no-such-host.invalid", 443)


def test_server_that_is_not_there_has_its_own_error(module: spwf.Module) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(spwf.ModuleError, match="Failed to connect"):
            module.connect(*nobody.getsockname())


def test_certificate_that_does_not_parse_has_its_own_error(
    module: spwf.Module, serve: Serve
) -> None:
    server = serve("echo")
    module.set_time()
    module.load(spwf.Slot.CA, b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    with pytest.raises(spwf.ModuleError, match="Unable to load CA certificate"):
        module.connect(server.host, server.port)
