"""Real s_servers on scenarios; Python's ssl module is the client. For many: test_crowd.py."""

import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from spwf.errors import ServerError
from spwf.outcome import Mode
from spwf.pki import Certificate, Pki
from spwf.programs import find
from spwf.scenario import RECORD_MAX, Expect, Scenario, ServerOptions, Step, Verify
from spwf.server import Server
from spwf.suites import Version

REQUEST = b"GET / HTTP/1.1\r\n\r\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def start(certificates: Pki) -> Iterator[Callable[[Scenario], Server]]:
    with ExitStack() as stack:
        yield lambda scenario: stack.enter_context(Server(scenario, certificates))


ANY_KEY = ServerOptions(security_level=0)


def scenario(*script: Step, server: ServerOptions = ANY_KEY) -> Scenario:
    return Scenario("mine", "mine", "2.4", Expect(Mode.ANONYMOUS), server=server, script=script)


def client_context(pki: Pki, client: str = "") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_verify_locations(pki["ca"].cert_path)
    if client:
        context.load_cert_chain(pki[client].cert_path, pki[client].key_path)
    return context


def connect(server: Server, client: str = "") -> ssl.SSLSocket:
    plain = socket.create_connection((server.host, server.port), timeout=10)
    return client_context(server.pki, client).wrap_socket(plain)


def take(sock: ssl.SSLSocket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        assert piece, f"the end came after {data!r}"
        data += piece
    return data


def gone(pid: int) -> bool:
    """Whether the process ends within 10 s."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def test_kernel_chooses_the_port(start: Callable[[Scenario], Server]) -> None:
    one, two = start(scenario()), start(scenario())
    assert one.host == "127.0.0.1"
    assert 0 < one.port < 65536
    assert one.port != two.port
    assert one.argv[1:4] == ["s_server", "-accept", "127.0.0.1:0"]


def test_example1_demands_a_certificate_of_its_ca(start: Callable[[Scenario], Server]) -> None:
    server = start(Scenario.load("example1"))
    with connect(server, "client") as sock:
        sock.sendall(b"hello\n")
        server.wait_for("hello\n")
    with pytest.raises(ssl.SSLError), connect(server) as sock:
        sock.recv(1)
    server.wait_for("peer did not return a certificate")
    with pytest.raises(ssl.SSLError), connect(server, "wrong_ca") as sock:
        sock.recv(1)
    assert server.connections == 1


@pytest.mark.parametrize("key", ["rsa1024", "rsa2048", "p192", "p224", "p256", "p384", "p521"])
def test_example1_serves_every_key_type_of_the_module(tmp_path: Path, key: str) -> None:
    # As the module does, and unlike Python's ssl, s_client can offer the small curves.
    groups = "P-521:P-384:P-256:secp224r1:prime192v1"
    pki = Pki(tmp_path, key=key)
    with Server(Scenario.load("example1"), pki) as server:
        command = (
            f"openssl s_client -connect {server.host}:{server.port} -tls1_2 -groups {groups}"
            f" -cert {pki.client.cert_path} -key {pki.client.key_path}"
            f" -CAfile {pki['ca'].cert_path} -verify_return_error -cipher DEFAULT:@SECLEVEL=0"
        ).split(" ")
        subprocess.run(command, input=b"hello\n", capture_output=True, check=True, timeout=30)
        server.wait_received(b"hello\n")


def test_example5_answers_each_connection_in_two_records(
    start: Callable[[Scenario], Server],
) -> None:
    server = start(Scenario.load("example5"))
    header, body = server.scenario.script[0].answers
    for _ in range(20):
        with connect(server) as sock:
            sock.sendall(REQUEST[:7])
            sock.sendall(REQUEST[7:])
            # SSLSocket.recv() returns what is left of one record.
            assert [sock.recv(RECORD_MAX), sock.recv(RECORD_MAX)] == [header, body]
            assert server.received == REQUEST
    assert server.connections == 20


def test_steps_are_played_one_after_the_other(start: Callable[[Scenario], Server]) -> None:
    server = start(
        scenario(
            Step((b"220 hello\r\n",)),
            Step((b"250 one\r\n", b"250 two\r\n"), after=b"EHLO\r\n"),
            Step((b"250 three\r\n",), after=b"EHLO\r\n"),
        )
    )
    with connect(server) as sock:
        assert sock.recv(99) == b"220 hello\r\n"
        sock.sendall(b"EHLO\r\n")
        assert [sock.recv(99), sock.recv(99)] == [b"250 one\r\n", b"250 two\r\n"]
        sock.sendall(b"EHLO\r\n")
        assert sock.recv(99) == b"250 three\r\n"


def test_answers_of_a_client_that_left_are_not_for_the_next(
    start: Callable[[Scenario], Server],
) -> None:
    answers = tuple(b"%d" % i + b"x" * 1000 for i in range(20))
    server = start(scenario(Step(answers, after=REQUEST)))
    for _ in range(10):
        with connect(server) as sock:
            sock.sendall(REQUEST)
        server.wait_closed()
        with connect(server) as sock:
            sock.sendall(b"ping")
            server.wait_received(b"ping")
            sock.sendall(REQUEST)
            assert sock.recv(RECORD_MAX) == answers[0]
        server.wait_closed()


def test_sends_one_record_at_a_time(start: Callable[[Scenario], Server]) -> None:
    server = start(scenario())
    largest = b"y" * RECORD_MAX
    with connect(server) as sock:
        for data in (b"a", b"bc", largest, b"\0\xff\r\n"):
            server.send(data)
        assert [sock.recv(1 << 15) for _ in range(4)] == [b"a", b"bc", largest, b"\0\xff\r\n"]


def test_what_s_server_would_take_for_a_command_is_not_sent(
    start: Callable[[Scenario], Server],
) -> None:
    server = start(scenario())
    with connect(server) as sock:
        for data in (b"", b"Q", b"quit", b"P\r\n", b"x" * (RECORD_MAX + 1)):
            with pytest.raises(ValueError, match=r"record|command"):
                server.send(data)
        for data in (b"right", b"k", b"cB", b"R."):
            server.send(data)
            assert sock.recv(99) == data


def test_sending_needs_a_connection(start: Callable[[Scenario], Server]) -> None:
    server = start(scenario())
    with pytest.raises(ServerError, match=r"waited for a connection: not within 0\.1 s"):
        server.send(b"hello", timeout=0.1)
    with connect(server):
        server.send(b"hello")
    server.wait_closed()
    with pytest.raises(ServerError, match="a connection"):
        server.send(b"hello", timeout=0.1)


@pytest.mark.parametrize(
    "records",
    [
        [b"plain\n"],
        [bytes(range(256)) * 64],
        [b"DONE", b"DONE\n", b"more"],
        [b"ERROR\n", b"ERROR\n", b"x"],
        [b"a\nshutting down SSL\nCONNECTION CLOSED\n", b"ACCEPT 127.0.0.1:1\n", b"b"],
        [b"Secure Renegotiation IS NOT supported\n", b"c"],
    ],
    ids=lambda records: repr(records[0][:12]),
)
def test_received_is_what_the_client_sent_and_no_word_of_s_server(
    start: Callable[[Scenario], Server], records: list[bytes]
) -> None:
    server = start(scenario())
    for end in (b"1", b"2"):
        with connect(server) as sock:
            for record in [*records, end]:
                sock.sendall(record)
            server.wait_received(records[-1] + end)
            sock.unwrap()
        server.wait_closed()
        assert server.received == b"".join(records) + end
    assert server.connections == 2


def test_client_that_resets_ends_its_connection_only(start: Callable[[Scenario], Server]) -> None:
    server = start(scenario())
    for count in (1, 2, 3):
        sock = connect(server)
        sock.sendall(b"hello %d" % count)
        server.wait_received(b"hello %d" % count)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()
        server.wait_closed()
        assert server.received == b"hello %d" % count


def test_client_that_speaks_no_tls_is_followed_by_others(
    start: Callable[[Scenario], Server],
) -> None:
    server = start(scenario())
    with socket.create_connection((server.host, server.port), timeout=10) as sock:
        sock.sendall(REQUEST)
        server.wait_for("http request")
    with connect(server) as tls:
        tls.sendall(b"hello")
        server.wait_received(b"hello")
    assert server.connections == 1


def test_echo_returns_each_line_reversed(start: Callable[[Scenario], Server]) -> None:
    server = start(Scenario.load("echo"))
    for _ in range(2):
        with connect(server) as sock:
            sock.sendall(b"abc\nde")
            assert take(sock, 4) == b"cba\n"
            sock.sendall(b"f\n")
            assert take(sock, 4) == b"fed\n"


def test_request_goes_on_without_a_certificate(start: Callable[[Scenario], Server]) -> None:
    options = ServerOptions(verify=Verify.REQUEST, security_level=0)
    server = start(scenario(server=options))
    for client in ("", "client"):
        with connect(server, client) as sock:
            sock.sendall(b"hello")
            server.wait_received(b"hello")


def test_client_ca_of_its_own_is_what_the_server_trusts(tmp_path: Path) -> None:
    pki = Pki(tmp_path, client_ca=Certificate())
    with Server(Scenario.load("example1"), pki) as server:
        with connect(server, "client") as sock:
            sock.sendall(b"hello")
            server.wait_received(b"hello")
        with pytest.raises(ssl.SSLError), connect(server, "server") as sock:
            sock.recv(1)


def test_suites_and_versions_are_those_of_the_scenario(start: Callable[[Scenario], Server]) -> None:
    suite = start(scenario(server=ServerOptions(suites=("C00A",), groups=("P-384",))))
    with connect(suite) as sock:
        cipher = sock.cipher()
        assert cipher is not None
        assert cipher[0] == "ECDHE-ECDSA-AES256-SHA"
    suite.wait_for("Shared groups: secp384r1")
    old = start(scenario(server=ServerOptions(security_level=0, max_version=Version.TLS1_1)))
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        connect(old)


@pytest.mark.parametrize("name", ["expired", "not-yet-valid", "wrong-domain"])
def test_refused_certificate_is_what_the_server_shows(
    start: Callable[[Scenario], Server], name: str
) -> None:
    server = start(Scenario.load(name))
    context = client_context(server.pki)
    context.check_hostname = name == "wrong-domain"
    said = {"expired": "has expired", "not-yet-valid": "not yet valid", "wrong-domain": "ostname"}
    with (
        socket.create_connection((server.host, server.port), timeout=10) as plain,
        pytest.raises(ssl.SSLCertVerificationError, match=said[name]),
    ):
        context.wrap_socket(plain, server_hostname="server.example")


def test_option_that_s_server_refuses_is_shown_with_its_words(certificates: Pki) -> None:
    wrong = scenario(server=ServerOptions(groups=("no-such-group",)))
    with pytest.raises(ServerError, match=r"listened: .*no-such-group.*\n.*-groups no-such-group$"):
        Server(wrong, certificates).__enter__()


@pytest.mark.parametrize("program", ["openssl", "nss"])
def test_address_that_cannot_be_listened_on_is_named(certificates: Pki, program: str) -> None:
    echo = Scenario.load("echo" if program == "openssl" else "example2")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = Server(echo, certificates, port=port, program=find(program))
        with pytest.raises(ServerError) as told:
            server.__enter__()
    assert str(told.value) == f"cannot listen on 127.0.0.1:{port}: Address already in use"
    with pytest.raises(ServerError) as told:
        Server(echo, certificates, host="nowhere.invalid", program=find(program)).__enter__()
    assert str(told.value).startswith("cannot listen on nowhere.invalid:0: ")
    assert "\n" not in str(told.value)


def test_suite_that_openssl_lacks_is_not_even_tried(certificates: Pki) -> None:
    wrong = scenario(server=ServerOptions(suites=("C005",)))
    with pytest.raises(ServerError, match="cannot serve TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA"):
        Server(wrong, certificates).__enter__()


def test_waiting_ends_with_the_log(start: Callable[[Scenario], Server]) -> None:
    server = start(scenario())
    with pytest.raises(ServerError, match=r"waited for 'nothing'(.|\n)*ACCEPT 127\.0\.0\.1:"):
        server.wait_for("nothing", timeout=0.1)


def test_log_and_received_outlive_the_server(certificates: Pki) -> None:
    with Server(scenario(), certificates) as server, connect(server) as sock:
        sock.sendall(b"hello")
        server.wait_received(b"hello")
    assert server.received == b"hello"
    assert "CIPHER is " in server.log
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_server_ends_while_answers_wait_that_nobody_takes(certificates: Pki) -> None:
    answers = (b"z" * RECORD_MAX,) * 1000
    with Server(scenario(Step(answers)), certificates) as server, connect(server) as sock:
        assert sock.recv(1) == b"z"


def test_server_outlives_the_thread_that_started_it(start: Callable[[Scenario], Server]) -> None:
    servers: list[Server] = []
    thread = threading.Thread(target=lambda: servers.append(start(scenario())))
    thread.start()
    thread.join()
    (server,) = servers
    with connect(server) as sock:
        sock.sendall(b"hello")
        server.wait_received(b"hello")


@pytest.mark.parametrize("kind", ["Server(scenario, pki)", "AsyncServer(pki)"])
def test_server_dies_with_its_process(tmp_path: Path, kind: str) -> None:
    code = (
        "import sys\n"
        "from spwf.pki import Pki\n"
        "from spwf.scenario import Scenario\n"
        "from spwf.server import AsyncServer, Server\n"
        "pki, scenario = Pki(sys.argv[1]), Scenario.load('example5')\n"
        f"with {kind} as server:\n"
        "    print(server._process.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as harness:
        assert harness.stdout is not None
        pid = int(harness.stdout.readline())
        os.kill(pid, 0)
        harness.send_signal(signal.SIGKILL)
        assert gone(pid)
