"""spwf.plugin from outside: small suites, run as a user would run them."""

import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEADLINE = 60.0  # s, for every wait

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Runs one test file in a pytest of its own."""

    def run(source: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(source)
        return pytester.runpytest_inprocess("-p", "no:xdist", *options)

    return run


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[str]:
    """A module that another process emulates, as a pySerial URL."""
    program = Path(sysconfig.get_path("scripts")) / "spwf"
    with subprocess.Popen(
        [program, "emulate", "--tcp", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield "socket://" + process.stdout.readline().removeprefix("listening on ").strip()
        process.terminate()


def test_six_fixtures_are_at_hand_without_any_set_up(run: Run) -> None:
    result = run(
        """
        def test_all(module, new_module, pki, openssl, serve, transcript):
            assert str(transcript) == ""  # though the module has joined
            server = serve("example1", pki)
            module.load("f_ca", pki["ca"].cert_pem)
            assert "f_ca" in str(transcript)
            assert openssl.version.startswith("OpenSSL")
            assert server.port > 0
            other = new_module()
            assert other.indications[-1].number == 24
            assert not other.command("AT+S.TLSCERT=f_content,0").lines
        """
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["spwf: spwf://"])


def test_every_test_gets_a_new_module_in_the_network(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_turn(module, turn):
            assert module.config["user_desc"] == "anonymous"
            module.config["user_desc"] = "spoilt"
            module.set_time()
            assert module.connect
        """
    )
    result.assert_outcomes(passed=2)


def test_module_that_joined_nothing_is_to_be_had(run: Run) -> None:
    result = run(
        """
        def test_off(new_module):
            module = new_module(join=False)
            assert all(indication.number != 24 for indication in module.indications)
        """
    )
    result.assert_outcomes(passed=1)


def test_options_reach_the_emulated_module(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.emulated
        def test_echo(new_module):
            assert new_module(echo=True).command("AT").raw.startswith(b"AT")
        """
    )
    result.assert_outcomes(passed=1)


def test_suite_runs_once_per_url(run: Run) -> None:
    result = run(
        "def test_at(module): module.command('AT')",
        "-v",
        "--spwf",
        "spwf://?echo=1",
        "--spwf",
        "spwf://?sni=1",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_at?spwf://?echo=1? PASSED*", "*sni=1? PASSED*"])


def test_single_url_does_not_show_in_the_names(run: Run) -> None:
    result = run("def test_at(module): module.command('AT')", "-v")
    result.stdout.fnmatch_lines(["*::test_at PASSED*"])


def test_ini_keys_say_the_same_as_the_options(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini(
        "[pytest]\nspwf =\n    spwf://?ap=home:home home\nspwf_ssid = home\nspwf_psk = home home\n"
    )
    result = run(
        """
        def test_home(module):
            assert module.command("AT+S.SSIDTXT").lines == ("home",)
        """
    )
    result.assert_outcomes(passed=1)


def test_options_go_before_ini_keys(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nspwf = loop://\nspwf_ssid = nowhere\n")
    result = run(
        """
        def test_home(module):
            assert module.command("AT+S.SSIDTXT").lines == ("home",)
        """,
        "--spwf=spwf://?ap=home:home home",
        "--spwf-ssid=home",
        "--spwf-psk=home home",
    )
    result.assert_outcomes(passed=1)


def test_servers_listen_where_they_are_told(run: Run) -> None:
    result = run(
        """
        def test_host(module, serve):
            server = serve("echo")
            assert server.host == "127.0.0.2"
            with module.connect(server.host, server.port) as sock:
                sock.write(b"hello\\n")
                assert sock.read_until(b"\\n") == b"olleh\\n"
        """,
        "--spwf-bind=127.0.0.2",
    )
    result.assert_outcomes(passed=1)


def test_failure_shows_transcript_outcome_and_server(run: Run) -> None:
    result = run(
        """
        def test_fails(module, serve):
            server = serve("wrong-domain")
            module.set_time()
            module.load("f_ca", server.pki["ca"].cert_pem)
            module.load("f_key", server.pki["client"].key_pem)
            module.set_domain("server domain")
            module.connect(server.host, server.port)
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*AT transcript*",
            "* > AT+S.SCFG=wifi_wpa_psk_text,<10 bytes>*",
            "* > AT+S.TLSCERT=f_key,*",
            "* > <* bytes>",
            "* < ?r?nERROR: SSL/TLS unable to connect?r?n",
            "*TLS outcome*",
            "one-way, * refused: domain *",
            "*server wrong-domain*",
            "*openssl s_server -accept 127.0.0.1:0 *",
            "ACCEPT 127.0.0.1:*",
        ]
    )
    result.stdout.no_fnmatch_line("*PRIVATE KEY*")


def test_success_shows_nothing(run: Run) -> None:
    result = run("def test_at(module): module.command('AT')")
    result.stdout.no_fnmatch_line("*AT transcript*")


def test_failure_shows_each_of_several_modules(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.emulated
        def test_two(new_module):
            new_module(), new_module()
            assert False
        """
    )
    result.stdout.fnmatch_lines(["*AT transcript -*", "*AT transcript 2 -*"])
    result.stdout.no_fnmatch_line("*TLS outcome*")  # there was no handshake


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("foo://", "invalid URL, protocol 'foo' not known"),
        ("spwf://?foo=1", "spwf:// has no option 'foo'; there are *"),
        ("/dev/no-such-port", "there is no port /dev/no-such-port; *"),
        ("spwf://?ap=lab:another one", "the network 'lab' refuses the module: *"),
    ],
)
def test_module_that_is_not_to_be_had_fails_with_one_line(run: Run, url: str, why: str) -> None:
    result = run("def test_at(module): pass", f"--spwf={url}", "--tb=short")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([why])
    result.stdout.no_fnmatch_line("*raise *")


def test_server_that_is_not_to_be_had_fails_with_one_line(run: Run) -> None:
    result = run(
        """
        def test_name(serve): serve("no-such")
        def test_place(serve): serve("echo")
        """,
        "--spwf-bind=192.0.2.1",
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "no scenario 'no-such': there are *",
            "cannot listen on 192.0.2.1:0: Cannot assign requested address",
        ]
    )
    result.stdout.no_fnmatch_line("*raise *")


MISSING = """
import dataclasses
from spwf import Scenario
from spwf.scenario import ServerOptions

def test_export(serve):
    scenario = Scenario.load("echo")
    serve(dataclasses.replace(scenario, server=ServerOptions(suites=("C029",))))
"""


def test_server_that_openssl_cannot_be_fails(run: Run) -> None:
    result = run(MISSING)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*cannot serve TLS_ECDH_RSA*--spwf-allow-missing*"])


def test_server_that_openssl_cannot_be_may_be_skipped(run: Run) -> None:
    result = run(MISSING, "--spwf-allow-missing")
    result.assert_outcomes(skipped=1)
    result = run(MISSING, "-o", "spwf_allow_missing=true")
    result.assert_outcomes(skipped=1)


def test_server_that_is_not_installed_may_be_skipped(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = """
        def test_mbedtls(serve): serve("example2", program="mbedtls")
        def test_unknown(serve): serve("example2", program="gnutls")
        """
    run(source).assert_outcomes(failed=2)
    result = run(source, "--spwf-allow-missing", "-rs")
    result.assert_outcomes(failed=1, skipped=1)
    result.stdout.fnmatch_lines(["no server program 'gnutls': *", "SKIPPED*make servers*"])


EMULATED = """
import pytest

@pytest.mark.emulated
def test_heap(module):
    assert module.emulation.heap.live >= 0

def test_at(module):
    assert module.emulation is None or module.emulation.time > 0
    module.command("AT")
"""


def test_marked_test_runs_on_an_emulated_module(run: Run) -> None:
    run(EMULATED).assert_outcomes(passed=2)


def test_marked_test_is_skipped_on_another_port(run: Run, emulator: str) -> None:
    result = run(EMULATED, f"--spwf={emulator}", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED*needs module.emulation, which a real module has not: --spwf spwf://*"]
    )


def test_test_for_certain_modules_runs_on_these(run: Run, emulator: str) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.spwf("spwf://", "spwf://?echo=1")
        def test_own(module, request):
            assert module.emulation is not None
            assert module.config["localecho1"] == str(int("echo" in request.node.name))
        """,
        f"--spwf={emulator}",
    )
    result.assert_outcomes(passed=2)


def test_module_of_another_port_is_made_as_new(run: Run, emulator: str) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_turn(module, turn):
            assert not module.command("AT+S.TLSCERT=f_content,0").lines
            assert module.config["user_desc"] == "anonymous"
            module.set_time()
            module.load("f_ca", b"left behind")
            module.config["user_desc"] = "left behind"
            module.save()
        """,
        f"--spwf={emulator}",
    )
    result.assert_outcomes(passed=2)


def test_unmarked_test_that_needs_emulation_is_told_so(run: Run, emulator: str) -> None:
    result = run("def test_two(new_module): new_module(sni=True)", f"--spwf={emulator}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*mark the test `emulated`*"])


def test_workers_of_xdist_share_the_certificates(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", range(4))
        def test_ca(pki, turn):
            with open("cas", "ab") as file:
                file.write(pki["ca"].cert_pem)
        """
    )
    result = pytester.runpytest_subprocess("-n2", timeout=DEADLINE)
    result.assert_outcomes(passed=4)
    made = (pytester.path / "cas").read_bytes().split(b"-----BEGIN CERTIFICATE-----")[1:]
    assert len(made) == 4
    assert len(set(made)) == 1


CONNECTS = """
    import pytest

    @pytest.mark.parametrize("n", [1, 2])
    def test_it(module, serve, n):
        server = serve("echo")
        with module.connect(server.host, server.port, indicate=True) as sock:
            sock.write(b"ping\\n")
            assert sock.read_until(b"\\n") == b"gnip\\n"
"""


def test_each_test_has_a_capture_of_its_own(run: Run, tmp_path: Path) -> None:
    folder, keylog = tmp_path / "captures", tmp_path / "keys.log"
    options = ("--spwf-pcap", str(folder), "--spwf-keylog", str(keylog))
    run(CONNECTS, *options).assert_outcomes(passed=2)
    written = sorted(folder.iterdir())
    assert [file.name.rpartition("test_it")[2] for file in written] == ["_1.pcapng", "_2.pcapng"]
    lines = keylog.read_bytes().splitlines()
    assert [line.split()[0] for line in lines] == [b"CLIENT_RANDOM"] * 2
    for file, line in zip(written, lines, strict=True):
        assert line in file.read_bytes()


def test_a_real_module_is_captured_through_a_relay(run: Run, emulator: str, tmp_path: Path) -> None:
    folder, keylog = tmp_path / "captures", tmp_path / "keys.log"
    options = ("--spwf", emulator, "--spwf-pcap", str(folder), "--spwf-keylog", str(keylog))
    run(CONNECTS, *options).assert_outcomes(passed=2)
    for file, line in zip(sorted(folder.iterdir()), keylog.read_bytes().splitlines(), strict=True):
        assert line in file.read_bytes()


def test_without_the_options_nothing_is_written(run: Run, pytester: pytest.Pytester) -> None:
    run(CONNECTS).assert_outcomes(passed=2)
    assert not list(pytester.path.rglob("*.pcapng")) + list(pytester.path.rglob("*.log"))
