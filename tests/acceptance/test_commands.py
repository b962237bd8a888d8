"""spwf demo, repl, serve and pki, each as a person runs it."""

import os
import pty
import re
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import spwf
from spwf.openssl import OpenSSL
from spwf.outcome import Cause
from spwf.scenario import Scenario

SPWF = str(Path(sysconfig.get_path("scripts")) / "spwf")
DEADLINE = 30.0  # s, for every wait


def run(*arguments: str, typed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SPWF, *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env=os.environ | env,
    )


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kills the process if the test fails before it has ended."""
    try:
        yield
    finally:
        process.kill()


def test_demo_shows_the_five_examples_each_with_its_failing_twins() -> None:
    done = run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    _, *rows, end = done.stdout.splitlines()
    cases = [scenario for scenario in map(Scenario.load, Scenario.names()) if scenario.example]
    assert {row.split()[0] for row in rows} == {scenario.name for scenario in cases}
    order = [Scenario.load(row.split()[0]).example for row in rows]
    assert order == sorted(order)
    for row in rows:
        scenario = Scenario.load(row.split()[0])
        assert row.split()[1] == scenario.expect.mode.replace("_", "-")
        if scenario.expect.cause is Cause.NONE:
            assert "  ID: 00 OK  " in row
            assert "  TLSv1.2 ECDHE-" in row
        else:
            assert "  ERROR: " in row
            assert scenario.expect.cause.text in row
    assert any("TLSv1.2 ECDHE-ECDSA-AES128-SHA256: a certificate of" in row for row in rows)
    assert any("273 bytes sent, 229 bytes read" in row for row in rows)
    assert any("18 bytes sent, 483 bytes read" in row for row in rows)
    told = re.fullmatch(rf"{len(cases)} of {len(cases)} as expected, in (.+) s\.", end)
    assert told, end
    assert float(told[1]) < 60


@pytest.mark.parametrize("columns", [80, 60])
def test_demo_fits_a_terminal(columns: int) -> None:
    master, terminal = pty.openpty()
    env = os.environ | {"COLUMNS": str(columns), "LINES": "24", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen([SPWF, "demo"], stdout=terminal, env=env) as demo:
        os.close(terminal)
        shown = b""
        with suppress(OSError):  # the terminal has ended
            while piece := os.read(master, 4096):
                shown += piece
        assert demo.wait(DEADLINE) == 0
    os.close(master)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).splitlines()
    assert any("client-certificate-missing" in line for line in lines)
    assert any("ERROR: SSL/TLS" in line for line in lines)
    assert not any("\N{HORIZONTAL ELLIPSIS}" in line for line in lines)  # nothing is cut
    assert max(map(len, lines)) <= columns


def test_demo_that_is_ended_leaves_no_keys_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [SPWF, "demo"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as demo:
        assert demo.stdout is not None
        assert next(line for line in demo.stdout if line.startswith("example1 "))
        assert len(list(tmp_path.iterdir())) == 1
        demo.terminate()
        assert demo.wait(DEADLINE) == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("serve",)])
def test_a_full_disk_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [SPWF, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE
        )
    assert (done.returncode, done.stderr) == (1, "Error: No space left on device\n")


def test_demo_fails_where_a_server_is_not_what_it_should_be(tmp_path: Path) -> None:
    config = tmp_path / "openssl.cnf"
    config.write_text(
        "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = default\n"
        "[default]\nMinProtocol = TLSv1.3\n"
    )
    done = run("demo", OPENSSL_CONF=str(config))
    assert done.returncode == 1
    assert "example1: expected mutual, connected; got mutual, refused: version" in done.stdout
    assert "example2: expected one_way, connected; got one-way, refused: version" in done.stdout


def test_demo_of_a_real_host_says_where_there_is_none() -> None:
    done = run("demo", "--real", "example4")
    assert (done.returncode, done.stdout) == (1, "")
    assert "api.xively.com:8091 cannot be reached: Xively no longer exists" in done.stderr
    done = run("demo", "--real", "example1")
    assert done.returncode == 1
    assert "the server of example1 is your own: spwf serve example1" in done.stderr


def test_demo_of_a_real_host_plays_the_script_against_it(serve: Callable[..., spwf.Server]) -> None:
    server = serve("example5")
    url = f"spwf://?route=my.st.com:443={server.host}:{server.port}"
    done = run("demo", "--real", "example5", "--url", url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("connected to my.st.com:443\n> GET / HTTP/1.1\n")
    assert "< HTTP/1.1 302 Found\n" in done.stdout
    assert done.stdout.endswith("< </html>\n")


@pytest.mark.long
def test_demo_of_a_real_host_logs_in_with_what_it_asked_for(
    serve: Callable[..., spwf.Server],
) -> None:
    server = serve("example3")
    url = f"spwf://?route=smtp.gmail.com:465={server.host}:{server.port}"
    typed = "example@gmail.com\npassword\n"
    done = run("demo", "--real", "example3", "--url", url, typed=typed)
    assert done.returncode == 0, done.stderr
    assert "> AUTH PLAIN <user and password>\n< 235 2.7.0 Accepted\n" in done.stdout
    assert "< 221 " in done.stdout
    assert b"AUTH PLAIN AGV4YW1wbGVAZ21haWwuY29tAHBhc3N3b3Jk\r\n" in server.received


def test_demo_says_what_is_wrong_with_a_url() -> None:
    done = run("demo", "--url", "spwf://?colour=red")
    assert done.returncode == 2
    assert "spwf:// has no option 'colour'" in done.stderr
    done = run("demo", "--url", "/dev/no-such-port")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: there is no port /dev/no-such-port; ")


def test_a_prompt_evaluates_and_shows_what_passes() -> None:
    done = run("repl", typed='print("it is", module.status("version"))\n')
    assert done.returncode == 0
    assert "it is 160129-c5bf5ce-SPWF01S" in done.stdout
    assert "> AT+S.STS=version\\r\n" in done.stdout
    assert "module.join(" in done.stderr


def test_a_prompt_serves_what_the_scenario_says() -> None:
    done = run(
        "repl",
        typed='module.join("lab")\n'
        'closed, rsa, ec = map(serve, ("port-closed", "example2", "example1"))\n'
        "module.connect(closed.host, closed.port)\n"
        'print("outcome:", module.emulation.outcome.cause)\n'
        'print("keys:", rsa.pki.spec.key, ec.pki.spec.key, ec.pki.directory == pki.directory)\n',
    )
    assert done.returncode == 0
    assert "outcome: refused\n" in done.stdout
    assert "keys: rsa2048 p256 True\n" in done.stdout


class Terminal:
    """`spwf repl` at a terminal, and what it has shown and nobody has looked at."""

    def __init__(self) -> None:
        self._master, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [SPWF, "repl"], stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True
        )
        os.close(terminal)
        self.shown = b""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while text.encode() not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self.shown += os.read(self._master, 4096)
        self.shown = self.shown.partition(text.encode())[2]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def test_a_prompt_completes_and_shows_indications_while_it_waits(terminal: Terminal) -> None:
    terminal.until(">>> ")
    terminal.type("module.joi\t")
    terminal.until("module.join(")
    terminal.type('"lab")\n')
    terminal.until("+WIND:24:WiFi Up:")
    terminal.until(">>> ")
    terminal.type("module.emulation.link(False)\n")
    terminal.until("+WIND:33:")
    terminal.until(">>> ")
    terminal.type("\x04")
    assert terminal.process.wait(DEADLINE) == 0


def test_serve_lists_its_scenarios() -> None:
    for done in (run("serve"), run("serve", "--list")):
        assert done.returncode == 0
        assert all(f"  {name} " in done.stdout for name in Scenario.names())


def test_serve_names_the_scenarios_where_there_is_no_such_one() -> None:
    done = run("serve", "example9")
    assert done.returncode == 1
    assert done.stderr.count("port-closed") == 1
    assert "Example 1: mutual authentication" in done.stderr
    assert done.stderr.endswith("Error: no scenario 'example9': these are all\n")
    done = run("serve", "mine.toml")
    assert (done.returncode, done.stderr) == (1, "Error: there is no file mine.toml\n")


def test_serve_prints_its_command_and_sends_what_is_typed(
    tmp_path: Path, module: spwf.Module
) -> None:
    with (
        subprocess.Popen(
            [SPWF, "serve", "example5", "--port", "0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
            text=True,
            bufsize=1,
        ) as serve,
        ended(serve),
    ):
        assert serve.stdin is not None
        assert serve.stdout is not None
        title, _, command = (serve.stdout.readline() for _ in range(3))
        assert title.startswith("Example 5: ")
        files = str(tmp_path / "spwf" / "pki")
        assert command.startswith(
            f"{OpenSSL.find().path} s_server -accept 127.0.0.1:0 -cert {files}"
        )
        accept = next(line for line in serve.stdout if line.startswith("ACCEPT "))
        with module.connect("127.0.0.1", int(accept.rpartition(":")[2]), indicate=True) as sock:
            sock.write(b"GET / HTTP/1.1\r\n\r\n")
            assert len(sock.read(483)) == 483
            serve.stdin.write("hello\n")
            assert sock.read_until(b"\n") == b"hello\n"
        serve.send_signal(signal.SIGINT)
        assert serve.wait(DEADLINE) == 0


@pytest.mark.long
def test_pki_writes_both_examples_and_overwrites_them_only_when_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("pki", str(tmp_path))
    assert done.returncode == 0
    openssl = OpenSSL.find()
    for folder, key in (("Example1", "id-ecPublicKey"), ("Example2", "rsaEncryption")):
        ca, server = tmp_path / folder / "ca_cert.pem", tmp_path / folder / "server_cert.pem"
        assert f"{folder}/server_cert.pem " in done.stdout
        assert openssl.run("verify", "-CAfile", str(ca), str(server)).endswith(": OK\n")
        assert key in openssl.run("x509", "-noout", "-text", "-in", str(server))
    before = ca.read_bytes()
    monkeypatch.chdir(tmp_path)
    done = run("pki", ".")
    assert done.returncode == 1
    assert "Example1/ca_cert.pem exists already: --force overwrites it" in done.stderr
    assert ca.read_bytes() == before
    assert run("pki", ".", "--force").returncode == 0
    assert ca.read_bytes() != before
