"""`spwf ladder`: each message of a live handshake, on any terminal and as a picture."""

import os
import re
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import spwf
from spwf.capture import Capture
from spwf.handshake import Conversation
from spwf.tap import Event, Kind

DEADLINE = 60.0  # s, for every wait
SPWF = Path(sysconfig.get_path("scripts")) / "spwf"
SVG = "{http://www.w3.org/2000/svg}"

Serve = Callable[..., spwf.Server]

MUTUAL = [
    *("SYN", "SYN, ACK", "ClientHello", "ServerHello", "Certificate", "ServerKeyExchange"),
    *("CertificateRequest", "ServerHelloDone", "Certificate", "ClientKeyExchange"),
    *("CertificateVerify", "ChangeCipherSpec", "Finished", "ChangeCipherSpec", "Finished"),
    "application data",
]


def ladder(
    server: spwf.Server, *options: str, url: str = "spwf://", columns: int = 100
) -> tuple[int, str]:
    """Exit status and what was drawn."""
    done = subprocess.run(
        [SPWF, "ladder", url, f"{server.host}:{server.port}", *options],
        env={**os.environ, "COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def files(server: spwf.Server) -> list[str]:
    """What example 1 gives a module."""
    pki = server.pki
    client = pki["client"]
    found = ["--ca", pki["ca"].cert_path, "--cert", client.cert_path, "--key", client.key_path]
    return [*map(str, found), "--domain", "server domain"]


def rungs(drawn: str) -> list[str]:
    """The names at the arrows."""
    arrows = [line for line in drawn.splitlines() if re.search(r"[─╌]{2}", line)]
    names = [re.sub(r"[│─╌▶◀]|\d+ bytes?", "", line).strip() for line in arrows]
    return [name for name in names if name]


def test_a_mutual_handshake_is_figure_2(serve: Serve) -> None:
    server = serve("example1")
    status, drawn = ladder(server, *files(server), "--send", "hello")
    assert status == 0
    lines = drawn.splitlines()
    assert lines[0] == "TLSv1.2 handshake, mutual"
    assert lines[1] == "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, P-256"
    assert lines[-1] == "connected"
    assert rungs(drawn)[: len(MUTUAL)] == MUTUAL
    for carried in (
        "up to TLSv1.2, 27 suites",
        "O=STM, OU=R&D, CN=server domain: EC P-256, sha256",
        "ECDHE key on P-256",
        "signed by ECDSA with SHA-256",
        "CN=client domain: EC P-256, sha256",
        r"7 bytes: 'hello\r\n'",
        "warning: close_notify",
    ):
        assert carried in drawn


@pytest.mark.parametrize("columns", [24, 47, 48, 70])
def test_it_fits_every_terminal(serve: Serve, columns: int) -> None:
    server = serve("example1")
    status, drawn = ladder(server, *files(server), columns=columns)
    assert status == 0
    assert max(map(len, drawn.splitlines())) <= columns
    assert "CertificateVerify" in drawn


@pytest.mark.parametrize(
    ("scenario", "last", "why"),
    [
        ("no-common-suite", "fatal: handshake_failure", "no common cipher suite"),
        ("wrong-domain", "fatal: bad_certificate", "no name of the server's certificate matches"),
        ("client-certificate-missing", "fatal: handshake_failure", "wants a certificate"),
        ("server-garbage", "part of a message", "refused: "),
        ("server-http", "'HTTP/'", "not TLS"),
        ("server-resets", "RST", "reset the connection"),
        ("port-closed", "RST: connection refused", "TCP connection refused"),
    ],
)
def test_a_refusal_is_drawn_up_to_where_it_ended(
    serve: Serve, scenario: str, last: str, why: str
) -> None:
    server = serve(scenario)
    ca = ["--ca", str(server.pki["ca"].cert_path), "--domain", "another"]
    status, drawn = ladder(server, *(ca if scenario == "wrong-domain" else []))
    assert status == 1
    assert last in drawn
    assert why in drawn.splitlines()[-1]
    assert "application data" not in drawn


def test_the_picture_stands_by_itself(serve: Serve, tmp_path: Path) -> None:
    server, file = serve("example1"), tmp_path / "ladder.svg"
    assert ladder(server, *files(server), "--send", "<&>", "--svg", str(file))[0] == 0
    root = ElementTree.parse(file).getroot()
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    names = [text for text in texts if text in MUTUAL]
    assert names[: len(MUTUAL)] == MUTUAL
    assert r"5 bytes: '<&>\r\n'" in texts
    text = file.read_text()
    assert "prefers-color-scheme: dark" in text
    assert text.count("http") == text.count("http://www.w3.org/2000/svg") == 1
    assert "href" not in text
    height = float(root.get("height", "0"))
    assert all(float(node.get("y", "0")) < height for node in root.iter(f"{SVG}text"))


def test_a_module_that_nobody_hears_needs_a_way_through_here(serve: Serve) -> None:
    server = serve("echo")
    with subprocess.Popen(
        [SPWF, "emulate", "--tcp", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = "socket://" + process.stdout.readline().removeprefix("listening on ").strip()
        with spwf.open(url) as module:
            module.join("lab")
        done = subprocess.run(
            [SPWF, "ladder", url, f"{server.host}:{server.port}"],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
        )
        assert done.returncode == 2
        assert "--through ADDRESS" in " ".join(done.stderr.split())
        status, drawn = ladder(server, "--through", "127.0.0.1", "--send", "hello", url=url)
        process.terminate()
    assert status == 0
    assert rungs(drawn)[:3] == MUTUAL[:3]
    assert rungs(drawn).count("Finished") == 2
    assert rungs(drawn)[-1] == "FIN"
    assert "'hello" not in drawn  # nobody has told the secrets


def test_files_that_are_too_large_are_told_before_anything_is_sent(
    serve: Serve, tmp_path: Path
) -> None:
    large = tmp_path / "large.pem"
    large.write_bytes(serve("echo").pki["ca"].cert_pem + b"\n" * 4096)
    done = subprocess.run(
        [SPWF, "ladder", "spwf://", "127.0.0.1:1", "--ca", large],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 1
    assert re.match(r"Error: The files need \d{4} bytes", done.stderr), done.stderr


@pytest.mark.parametrize("real", [False, True])
def test_an_interruption_is_heeded_at_once(
    serve: Serve, stand_in: Callable[..., Any], real: bool
) -> None:
    server, url, through = serve("server-silent"), "spwf://", list[str]()
    if real:
        board = stand_in("--tcp", "127.0.0.1:0")
        url, through = board.url, ["--through", "127.0.0.1"]
        with spwf.open(url) as module:
            module.join(board.SSID, board.PSK)
    with subprocess.Popen(
        [SPWF, "ladder", url, f"{server.host}:{server.port}", *through],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        server.wait_for("bytes came", DEADLINE)  # the module waits 10 s for an answer
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read() == "\nAborted!\n"
        assert process.wait(DEADLINE) == 1
    assert time.monotonic() - begin < 5
    if real:
        with spwf.open(url) as module:
            module.set_time()  # once after each reset


@pytest.mark.emulated
def test_a_session_that_is_changed_anywhere_is_still_read(
    module: spwf.Module, serve: Serve
) -> None:
    """Of real bytes, with real secrets: each seventh one changed."""
    server, events = serve("echo"), list[Event]()
    assert module.emulation is not None
    with Capture(listener=events.append) as capture:
        capture.attach(module.emulation.core)
        with module.connect(server.host, server.port, indicate=True) as sock:
            sock.write(b"hello\n")
            assert sock.read_until(b"\n") == b"olleh\n"
    secrets = {e.data[:32]: e.data[32:] for e in events if e.kind is Kind.SECRETS}
    moved = [event for event in events if event.kind in (Kind.SENT, Kind.RECEIVED)]
    for i, event in enumerate(moved):
        for at in range(0, len(event.data), 7):
            conversation, found = Conversation(secrets.get), 0
            for j, each in enumerate(moved):
                data = bytearray(each.data)
                data[at if j == i else 0] ^= 0x40 * (j == i)
                ours = each.kind is Kind.SENT
                found += len(list(conversation.feed(ours, bytes(data), each.time)))
            assert found + len(list(conversation.rest())) > 0
