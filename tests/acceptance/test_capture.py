"""Captures: the files hold what passed, their secrets open it, and without one nothing leaks out.

tshark is the judge; what it says is said again without it, of more suites and in less time.
"""

import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import spwf
from spwf.capture import Capture
from spwf.frames import checksum
from spwf.scenario import Scenario
from spwf.suites import Version, find
from spwf.tap import REFUSED, RESET, Event, Kind

from .pcapng import File, read

SPWF = Path(sysconfig.get_path("scripts")) / "spwf"
DEADLINE = 30.0  # s, for every wait
SAID = b"what nobody else may read\n"
ANSWER = SAID[-2::-1] + b"\n"

NewModule = Callable[..., spwf.Module]
Serve = Callable[..., spwf.Server]
Tshark = Callable[..., str]

pytestmark = pytest.mark.emulated

RSA = ("TLS_RSA_WITH_AES_128_CBC_SHA", "TLSv1")
ECDHE = ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLSv1.2")
SESSIONS = [
    RSA,
    ("TLS_RSA_WITH_AES_256_CBC_SHA", "TLSv1.1"),
    ("TLS_RSA_WITH_AES_256_CBC_SHA256", "TLSv1.2"),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLSv1"),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLSv1.1"),
    ECDHE,
]


def echo(suite: str, version: str) -> Scenario:
    """A server that has this suite and version alone."""
    plain = Scenario.load("echo")
    only = Version(version)
    server = replace(plain.server, suites=(suite,), min_version=only, max_version=only)
    key = "p256" if find(suite).auth == "ECDSA" else "rsa2048"
    return replace(plain, server=server, pki=spwf.PkiSpec(key=key))


def emulation_of(module: spwf.Module) -> spwf.Emulation:
    assert module.emulation is not None
    return module.emulation


def talk(module: spwf.Module, server: spwf.Server) -> None:
    with module.connect(server.host, server.port, indicate=True) as sock:
        sock.write(SAID)
        assert sock.read_until(b"\n") == ANSWER


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    return tmp_path / "it.pcapng"


@pytest.fixture
def keylog(tmp_path: Path) -> Path:
    return tmp_path / "keys.log"


TROUBLE = (
    "_ws.malformed || _ws.expert.severity == error || tcp.checksum.status == bad || "
    "ip.checksum.status == bad || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment || "
    "tcp.analysis.retransmission || tcp.analysis.out_of_order || tcp.analysis.window_full"
)


def verify(file: File) -> None:
    """All checksums are right."""
    for frame in file.frames:
        ip, segment = frame.data[14:34], frame.data[34:]
        assert checksum(ip) == 0
        pseudo = ip[12:20] + bytes([0, 6]) + len(segment).to_bytes(2)
        assert checksum(pseudo + segment) == 0


# ---- what passed --------------------------------------------------------------------------------


@pytest.mark.parametrize(("suite", "version"), SESSIONS)
def test_a_session_is_read_with_the_secrets_in_its_file(
    module: spwf.Module, serve: Serve, pcap: Path, suite: str, version: str
) -> None:
    server = serve(echo(suite, version))
    with emulation_of(module).capture(pcap=pcap):
        talk(module, server)
    file = read(pcap)
    verify(file)
    texts = [message.details for message in file.messages() if message.name == "application data"]
    assert [text for text in texts if text != ("0 bytes",)] == [
        (f"{len(SAID)} bytes: {SAID.decode()!r}",),
        (f"{len(ANSWER)} bytes: {ANSWER.decode()!r}",),
    ]
    assert [message.name for message in file.messages()].count("Finished") == 2


@pytest.mark.parametrize(("suite", "version"), [RSA, ECDHE])
def test_tshark_reads_a_session_with_its_file_alone(
    module: spwf.Module, serve: Serve, pcap: Path, suite: str, version: str, tshark: Tshark
) -> None:
    server = serve(echo(suite, version))
    with emulation_of(module).capture(pcap=pcap):
        talk(module, server)
    followed = tshark(pcap, "-q", "-z", "follow,tls,ascii,0")
    assert SAID.decode() in followed
    assert ANSWER.decode() in followed
    assert tshark(pcap, "-Y", TROUBLE) == ""
    assert "Close Notify" in tshark(pcap, "-Y", "tls.alert_message")


def test_the_key_log_alone_opens_what_somebody_else_has_captured(
    module: spwf.Module, serve: Serve, pcap: Path, keylog: Path, tshark: Tshark
) -> None:
    server = serve(echo(*ECDHE))
    with emulation_of(module).capture(pcap=pcap, keylog=keylog):
        talk(module, server)
    file = read(pcap)
    bare = pcap.with_suffix(".bare")
    data = pcap.read_bytes()
    at = data.index(b"KSLT") - 8
    size = int.from_bytes(data[at + 4 : at + 8], "little")
    bare.write_bytes(data[:at] + data[at + size :])
    assert SAID.decode() not in tshark(bare, "-q", "-z", "follow,tls,ascii,0")
    option = ("-o", f"tls.keylog_file:{keylog}")
    assert SAID.decode() in tshark(bare, *option, "-q", "-z", "follow,tls,ascii,0")
    (random,) = file.secrets
    assert keylog.read_text() == f"CLIENT_RANDOM {random.hex()} {file.secrets[random].hex()}\n"


def kinds(events: list[Event]) -> list[Kind]:
    return [event.kind for event in events]


def test_a_refused_port_is_a_syn_and_a_reset(
    module: spwf.Module, serve: Serve, pcap: Path, tshark: Tshark
) -> None:
    server = serve("port-closed")
    with emulation_of(module).capture(pcap=pcap), pytest.raises(spwf.ModuleError):
        module.connect(server.host, server.port)
    events = read(pcap).events()
    assert kinds(events) == [Kind.OPENED, Kind.FAILED]
    assert events[1].error == REFUSED
    assert tshark(pcap, "-Y", TROUBLE) == ""


@pytest.mark.parametrize(
    ("scenario", "last"),
    [
        ("server-resets", Kind.FAILED),
        ("server-closes", Kind.CLOSED),
        ("server-garbage", Kind.CLOSED),
        ("no-common-suite", Kind.CLOSED),
    ],
)
def test_a_refused_handshake_is_a_whole_connection(
    module: spwf.Module, serve: Serve, pcap: Path, scenario: str, last: Kind, tshark: Tshark
) -> None:
    server = serve(scenario)
    with emulation_of(module).capture(pcap=pcap), pytest.raises(spwf.ModuleError):
        module.connect(server.host, server.port)
    file = read(pcap)
    verify(file)
    events = file.events()
    assert kinds(events)[:3] == [Kind.OPENED, Kind.CONNECTED, Kind.SENT]
    assert events[-1].kind is last
    assert (events[-1].error == RESET) == (last is Kind.FAILED)
    assert not file.secrets
    assert file.messages()[0].name == "ClientHello"
    assert tshark(pcap, "-Y", TROUBLE) == ""


def test_a_client_that_is_refused_late_has_told_its_secrets(
    module: spwf.Module, serve: Serve, pcap: Path
) -> None:
    server = serve("client-certificate-missing")
    with emulation_of(module).capture(pcap=pcap), pytest.raises(spwf.ModuleError):
        module.connect(server.host, server.port)
    file = read(pcap)
    assert len(file.secrets) == 1
    finished = [message for message in file.messages() if message.name == "Finished"]
    assert finished[0].details  # so it was opened


def test_nothing_of_a_large_transfer_is_lost(
    module: spwf.Module, serve: Serve, pcap: Path, tshark: Tshark
) -> None:
    server = serve(echo(*ECDHE))
    line = bytes(ord("a") + i % 26 for i in range(3000)) + b"\n"
    with (
        emulation_of(module).capture(pcap=pcap),
        module.connect(server.host, server.port, indicate=True) as sock,
    ):
        for _ in range(50):
            sock.write(line)
            assert len(sock.read_until(b"\n")) == len(line)
    sizes = [m.details[0].split()[0] for m in read(pcap).messages() if m.name == "application data"]
    assert sum(map(int, sizes)) == 2 * 50 * len(line)
    assert tshark(pcap, "-Y", TROUBLE) == ""


# ---- the files ----------------------------------------------------------------------------------


def test_the_files_are_for_their_owner_alone(
    module: spwf.Module, serve: Serve, pcap: Path, keylog: Path
) -> None:
    keylog.write_text("# was there before\n")
    keylog.chmod(0o644)
    server = serve("echo")
    with emulation_of(module).capture(pcap=pcap, keylog=keylog):
        talk(module, server)
    assert pcap.stat().st_mode & 0o777 == 0o600
    assert keylog.stat().st_mode & 0o777 == 0o600
    comment, line = keylog.read_text().splitlines()
    assert comment == "# was there before"
    word, random, secret = line.split()
    assert (word, len(random), len(secret)) == ("CLIENT_RANDOM", 64, 96)


def test_a_module_has_one_capture_at_a_time(module: spwf.Module, pcap: Path) -> None:
    emulation = emulation_of(module)
    with (
        emulation.capture(pcap=pcap),
        Capture() as second,
        pytest.raises(spwf.HarnessError, match="captured already"),
    ):
        second.attach(emulation.core)
    with emulation.capture(pcap=pcap):
        pass


def test_a_file_that_cannot_be_written_is_told_and_the_module_goes_on(
    module: spwf.Module, serve: Serve
) -> None:
    server = serve("echo")
    with (
        pytest.raises(OSError, match="No space left"),
        emulation_of(module).capture(pcap="/dev/full"),
    ):
        talk(module, server)
    talk(module, server)


# ---- without a capture --------------------------------------------------------------------------


def test_without_a_capture_nothing_is_recorded(
    module: spwf.Module, serve: Serve, pcap: Path
) -> None:
    core = emulation_of(module).core
    server = serve("echo")
    with emulation_of(module).capture(pcap=pcap):
        pass
    before = pcap.read_bytes()
    talk(module, server)
    assert core.tapped(0) == b""
    assert pcap.read_bytes() == before


@contextmanager
def emulator(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A module of another process, as a pySerial URL, and the process."""
    with subprocess.Popen(
        [SPWF, "emulate", "--tcp", "127.0.0.1:0", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        place = process.stdout.readline().removeprefix("listening on ").strip()
        yield f"socket://{place}", process
        process.terminate()


def memory(process: subprocess.Popen[str]) -> bytes:
    """All that the process can write to."""
    held = []
    maps = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    with open(f"/proc/{process.pid}/mem", "rb", 0) as file:
        for line in maps:
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, end = (int(address, 16) for address in span.split("-"))
                file.seek(start)
                held.append(file.read(end - start))
    return b"".join(held)


def test_no_secret_stays_in_a_process_that_was_not_asked_for_it(
    pki: spwf.Pki, keylog: Path
) -> None:
    with (
        emulator() as (url, process),
        spwf.Server(echo(*ECDHE), pki, keylog=keylog) as server,
        spwf.open(url) as module,
    ):
        module.join("lab")
        talk(module, server)
        held = memory(process)
    secret = bytes.fromhex(keylog.read_text().split()[-1])
    assert len(secret) == 48
    assert b"160129-c5bf5ce-SPWF01S" in held  # so its memory was seen
    assert secret not in held
    assert secret.hex().encode() not in held


def test_emulate_writes_the_same_files(tmp_path: Path, pki: spwf.Pki) -> None:
    pcap, keylog = tmp_path / "it.pcapng", tmp_path / "keys.log"
    with (
        emulator("--pcap", str(pcap), "--keylog", str(keylog)) as (url, process),
        spwf.Server(echo(*ECDHE), pki) as server,
        spwf.open(url) as module,
    ):
        module.join("lab")
        talk(module, server)
        process.terminate()
        assert process.wait(DEADLINE) == 0
    assert len(keylog.read_text().splitlines()) == 1
    assert "application data" in [message.name for message in read(pcap).messages()]


def test_probe_writes_the_same_files(serve: Serve, pcap: Path, keylog: Path) -> None:
    server = serve(echo(*ECDHE))
    done = subprocess.run(
        [SPWF, "probe", f"{server.host}:{server.port}", "--pcap", pcap, "--keylog", keylog],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    file = read(pcap)
    assert file.messages()[-1].details == ("warning: close_notify",)
    (random,) = file.secrets
    assert random.hex() in keylog.read_text()


def test_matrix_writes_the_same_files(pcap: Path, keylog: Path) -> None:
    options = ("--server", "openssl", "-k", "C027 and suites", "--pcap", pcap, "--keylog", keylog)
    done = subprocess.run([SPWF, "matrix", *options], capture_output=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stdout
    assert len(read(pcap).secrets) == 3  # a session for each mode
    assert len(keylog.read_text().splitlines()) == 3


def test_a_server_of_ours_tells_the_secrets_of_its_sessions(
    module: spwf.Module, keylog: Path
) -> None:
    argv = [str(SPWF), "serve", "echo", "--port", "0", "--keylog", str(keylog)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        accept = next(line for line in process.stdout if line.startswith("ACCEPT "))
        with module.connect("127.0.0.1", int(accept.rpartition(":")[2]), indicate=True) as sock:
            sock.write(SAID)
            assert sock.read_until(b"\n") == ANSWER
        process.terminate()
    assert keylog.stat().st_mode & 0o777 == 0o600
    assert "CLIENT_RANDOM " in keylog.read_text()
