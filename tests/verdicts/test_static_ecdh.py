"""What a certificate must allow for static ECDH, which no server here offers with the wrong one.

So the server's first flight is made by hand: it ends where the module has judged the certificate.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import pytest

import spwf
from spwf.outcome import Cause, Mode
from spwf.scenario import Expect, Scenario, TcpOptions
from spwf.suites import Suite, find

from .making import der, key_usage
from .row import leaf

Serve = Callable[..., spwf.Server]
SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE = 2, 11, 14  # RFC 5246 7.4
TLS1_2 = b"\x03\x03"


def sized(data: bytes, octets: int) -> bytes:
    """A vector of RFC 5246 4.3: its length in so many octets, and itself."""
    return len(data).to_bytes(octets, "big") + data


def flight(suite: Suite, certificate: bytes) -> bytes:
    """ServerHello, Certificate, ServerHelloDone in one record."""
    hello = TLS1_2 + bytes(32) + sized(b"", 1) + suite.code.to_bytes(2, "big") + b"\0"
    messages = (
        (SERVER_HELLO, hello),
        (CERTIFICATE, sized(sized(certificate, 3), 3)),
        (SERVER_HELLO_DONE, b""),
    )
    record = reduce(lambda text, m: text + bytes([m[0]]) + sized(m[1], 3), messages, b"")
    return b"\x16" + TLS1_2 + sized(record, 2)


@pytest.mark.emulated
@pytest.mark.parametrize("suite", ["C004", "C00E"])
@pytest.mark.parametrize(
    ("usages", "cause"),
    [
        (("keyAgreement",), Cause.CLOSED),  # by the server, which says no more
        (("digitalSignature", "keyAgreement"), Cause.CLOSED),
        (("digitalSignature",), Cause.USAGE),
        (("digitalSignature", "keyEncipherment"), Cause.USAGE),
    ],
)
def test_key_agreement_is_what_counts(
    module: spwf.Module, serve: Serve, suite: str, usages: tuple[str, ...], cause: Cause
) -> None:
    """RFC 5280 4.2.1.3, RFC 4492 2.1 and 2.3."""
    answer = flight(find(suite), der(leaf(key_usage(*usages))))
    plain = Scenario("static ECDH", "static ECDH", "2.2", Expect(Mode.ANONYMOUS))
    server = serve(replace(plain, tcp=TcpOptions(answer)))
    with pytest.raises(spwf.ModuleError, match="SSL/TLS unable to connect"):
        module.connect(server.host, server.port)
    assert module.emulation is not None
    assert module.emulation.outcome is not None
    assert module.emulation.outcome.cause is cause
