"""Every server program in a real session with a module: data, certificates, what it says of it.

NSS in `make test`; those that `make servers` builds in `make test-full`. The matrix asks far more
of them; here is what its cells take for granted.
"""

import socket
import ssl
from collections.abc import Callable

import pytest

import spwf
from spwf.demo import connect
from spwf.outcome import Cause, Mode, Note
from spwf.pki import Certificate, PkiSpec
from spwf.programs import Negotiated
from spwf.scenario import Expect, Loads, Scenario, ServerOptions, Verify
from spwf.suites import SUITES, KeyExchange, Suite, Version, find

Serve = Callable[..., spwf.Server]
Provision = Callable[[spwf.Module, spwf.Server], None]

EVERY = [
    "openssl",
    "nss",
    *(pytest.param(name, marks=pytest.mark.full) for name in ("mbedtls", "openssl-weak")),
]
every_program = pytest.mark.parametrize("program", EVERY)


def mutual(client: str = "client", **server: object) -> Scenario:
    options = ServerOptions(**{"security_level": 0, **server})  # type: ignore[arg-type]
    loads = Loads(ca="ca", client=client, domain="server domain")
    return Scenario("mine", "mine", "2.4", Expect(Mode.MUTUAL), server=options, module=loads)


@every_program
def test_data_pass_both_ways_for_one_client_after_the_other(
    module: spwf.Module, serve: Serve, provision: Provision, program: str
) -> None:
    wanted = mutual(suites=("C009",), max_version=Version.TLS1_1, verify=Verify.REQUIRE)
    server = serve(wanted, program=program)
    provision(module, server)
    exchange = server.exchange
    assert exchange is not None
    for _ in range(3):
        with connect(module, server) as sock:
            sock.write(exchange.request)
            assert sock.read(len(exchange.answer)) == exchange.answer
        server.wait_closed()
        assert server.negotiated == Negotiated(Version.TLS1_1, find("C009"))
    assert server.connections == 3


@pytest.mark.emulated
@every_program
def test_client_that_is_unknown_is_refused_where_it_must_be_known(
    module: spwf.Module, serve: Serve, provision: Provision, program: str
) -> None:
    required = serve(mutual("unknown_client", verify=Verify.REQUIRE), program=program)
    provision(module, required)
    with pytest.raises(spwf.ModuleError):
        connect(module, required)
    assert module.emulation is not None
    assert module.emulation.outcome is not None
    assert module.emulation.outcome.cause is Cause.CLIENT_UNKNOWN
    requested = mutual("unknown_client", verify=Verify.REQUEST)
    connect(module, serve(requested, required.pki, program=program)).close()
    assert Note.CERT_SENT in module.emulation.outcome.notes


@every_program
def test_certificates_behind_the_server_s_own_are_sent(
    module: spwf.Module, serve: Serve, provision: Provision, program: str
) -> None:
    pki = PkiSpec(ca=Certificate(extensions=("keyUsage = keyCertSign",)))
    options = ServerOptions(cert="behind_intermediate", chain="intermediate", security_level=0)
    loads = Loads(ca="ca", domain="server domain")
    wanted = Scenario(
        "mine", "mine", "2.4", Expect(Mode.ONE_WAY), pki=pki, server=options, module=loads
    )
    server = serve(wanted, program=program)
    provision(module, server)
    connect(module, server).close()


@pytest.mark.parametrize("program", ["openssl", pytest.param("mbedtls", marks=pytest.mark.full)])
def test_an_end_without_close_notify_is_told_from_one_with_it(serve: Serve, program: str) -> None:
    server = serve(mutual(), program=program)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    for torn in (False, True, False):
        plain = socket.create_connection((server.host, server.port), timeout=10)
        with client.wrap_socket(plain) as sock:
            if not torn:
                sock.unwrap().close()
        server.wait_closed()
        assert server.torn == torn


UNLAWFUL = [  # that ssl_server2 can be made to offer: SHA-256 belongs to TLS 1.2
    pytest.param(suite, version, id=f"{suite.openssl} {version}")
    for suite in SUITES
    for version in (Version.TLS1, Version.TLS1_1)
    if version not in suite.versions
]


@pytest.mark.full
@pytest.mark.emulated
@pytest.mark.parametrize(("suite", "version"), UNLAWFUL)
def test_suite_in_a_version_that_it_is_not_for_is_refused_after_the_handshake(
    module: spwf.Module, serve: Serve, suite: Suite, version: Version
) -> None:
    of_rsa = suite.auth == "RSA"
    static = suite.key_exchange is KeyExchange.ECDH
    pki = PkiSpec("p256" if static or not of_rsa else "rsa2048")
    if static and of_rsa:
        pki = PkiSpec("p256", ca=Certificate(key="rsa2048"))
    options = ServerOptions(suites=(suite.name,), min_version=version, max_version=version)
    wanted = Scenario("mine", "mine", "2.2", Expect(Mode.ANONYMOUS), pki=pki, server=options)
    server = serve(wanted, program="mbedtls-lawless")
    with pytest.raises(spwf.ModuleError):
        connect(module, server)
    assert module.emulation is not None
    outcome = module.emulation.outcome
    assert outcome is not None
    assert (outcome.cause, outcome.version, outcome.suite) == (Cause.SUITE, version, suite.name)
