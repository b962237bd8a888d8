"""The examples of the note, through spwf.Module, with real servers. Failures: test_twins.py."""

import json
from collections.abc import Callable

import pytest

import spwf
from spwf.outcome import Cause, Mode

Serve = Callable[..., spwf.Server]
Provision = Callable[[spwf.Module, spwf.Server], None]


def connected(module: spwf.Module, mode: Mode) -> None:
    """What only an emulated module can tell."""
    if module.emulation is not None:
        outcome = module.emulation.outcome
        assert outcome is not None
        assert (outcome.mode, outcome.cause, outcome.connected) == (mode, Cause.NONE, True)
        assert outcome.version == "TLSv1.2"


def tells_its_peak(module: spwf.Module) -> None:
    """TLS takes nearly all of the memory that is allocated; the rest is the allocator's to tell."""
    if module.emulation is not None and module.emulation.outcome is not None:
        peak = module.emulation.heap.peak
        assert 10_000 < peak < 20_000
        assert 0.9 * peak < module.emulation.outcome.peak_heap < peak


def test_example_1_mutual(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example1")
    provision(module, server)
    with module.connect(server.host, server.port, indicate=True) as sock:
        assert sock.id == 0
        sock.write(b"hello from the module\n")
        server.wait_for("hello from the module")
        connected(module, Mode.MUTUAL)
        tells_its_peak(module)


def test_example_2_one_way(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example2")
    provision(module, server)
    with module.connect(server.host, server.port) as sock:
        sock.write(b"hello from the module\n")
        server.wait_for("hello from the module")
        connected(module, Mode.ONE_WAY)


def smtp(sock: spwf.Socket, server: spwf.Server) -> list[bytes]:
    """Speaks SMTP as a driver would, one command after the other's reply; returns the codes."""
    codes = []
    for step in server.scenario.script:
        if step.after:
            sock.write(step.after)
        lines = [sock.read_until(b"\r\n")]
        while lines[-1][3:4] == b"-":
            lines.append(sock.read_until(b"\r\n"))
        codes.append(lines[-1][:3])
    return codes


def test_example_3_delivers_a_mail(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example3")
    provision(module, server)
    with module.connect(server.host, server.port) as sock:
        connected(module, Mode.ANONYMOUS)
        codes = smtp(sock, server)
    assert codes == [b"220", b"250", b"235", b"250", b"250", b"354", b"250", b"221"]
    _, _, rest = server.received.partition(b"DATA\r\n")
    mail, _, quit_ = rest.partition(b"\r\n.\r\n")
    assert mail == (
        b"From: <example@gmail.com>\r\n"
        b"To: <example@gmail.com>\r\n"
        b"Subject: hello from the module\r\n\r\n"
        b"This mail has left an SPWF01S over TLS."
    )
    assert quit_ == b"QUIT\r\n"


def test_example_3_refuses_another_password(
    module: spwf.Module, serve: Serve, provision: Provision
) -> None:
    server = serve("example3-refused")
    provision(module, server)
    with module.connect(server.host, server.port) as sock:
        assert smtp(sock, server) == [b"220", b"250", b"535", b"221"]


def test_example_4_updates_a_feed(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("example4")
    provision(module, server)
    (step,) = server.scenario.script
    with module.connect(server.host, server.port) as sock:
        sock.write(step.after)
        answer = json.loads(sock.read_until(b"\r\n"))
        connected(module, Mode.ANONYMOUS)
    update = json.loads(server.received)
    assert update["body"]["datastreams"] == [{"id": "temperature", "current_value": "21.5"}]
    assert answer == {"status": 200, "resource": update["resource"], "token": update["token"]}


@pytest.mark.emulated
@pytest.mark.parametrize("name", ["example3", "example4", "example5"])
def test_example_is_reached_by_the_name_that_the_note_gives(
    new_module: Callable[..., spwf.Module], serve: Serve, name: str
) -> None:
    server = serve(name)
    real = server.scenario.real
    assert real is not None
    module = new_module(route=[(real.host, real.port, server.host, server.port)])
    reply = module.command(f"AT+S.SOCKON={real.host},{real.port},s", timeout=30)
    assert reply.raw == b"\r\n ID: 00\r\n\r\nOK\r\n"
    connected(module, Mode.ANONYMOUS)


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


def test_refusal_is_a_module_error(module: spwf.Module, serve: Serve, provision: Provision) -> None:
    server = serve("wrong-ca")
    provision(module, server)
    with pytest.raises(spwf.ModuleError) as refusal:
        module.connect(server.host, server.port)
    assert refusal.value.text == "SSL/TLS unable to connect"
    assert refusal.value.command.startswith("AT+S.SOCKON=")


def test_refused_module_connects_after_cleaning(module: spwf.Module, serve: Serve) -> None:
    server = serve("wrong-ca")
    module.set_time()
    module.load(spwf.Slot.CA, server.pki["wrong_ca"].cert_pem)
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


def test_certificate_that_does_not_parse_has_its_own_error(
    module: spwf.Module, serve: Serve
) -> None:
    server = serve("echo")
    module.set_time()
    module.load(spwf.Slot.CA, b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    with pytest.raises(spwf.ModuleError, match="Unable to load CA certificate"):
        module.connect(server.host, server.port)
