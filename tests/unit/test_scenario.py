"""Scenario files: what is read, what is refused, and the command that comes of one."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spwf.errors import ScenarioError
from spwf.outcome import Cause, Mode
from spwf.pki import Certificate, PkiSpec
from spwf.programs import find
from spwf.programs.openssl import SServer
from spwf.scenario import RECORD_MAX, Clock, Scenario, Verify, refuse_answer
from spwf.suites import Version

GOOD = 'title = "A title"\nnote = "3.3"\n[expect]\nmode = "mutual"\n'
TREE = Path(__file__).parents[2] / "servers"


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def refusal(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        Scenario.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value).removeprefix(f"{path}: ")


def test_installed_scenarios_are_those_of_the_tree() -> None:
    assert Scenario.names() == sorted(path.stem for path in TREE.glob("*.toml"))
    assert {"example1", "example2", "example5", "echo"} < set(Scenario.names())


@pytest.mark.parametrize("name", sorted(path.stem for path in TREE.glob("*.toml")))
def test_every_scenario_loads_and_stock_openssl_can_serve_it(name: str) -> None:
    scenario = Scenario.load(name)
    assert scenario.name == name
    assert scenario == Scenario.load(TREE / f"{name}.toml")
    assert find("openssl").missing(scenario) == ""


def test_refusals_and_failures_are_these() -> None:
    refused = {
        (scenario.name, scenario.expect.mode, scenario.expect.cause)
        for scenario in map(Scenario.load, Scenario.names())
        if scenario.expect.cause is not Cause.NONE
    }
    assert refused == {
        ("wrong-ca", Mode.ONE_WAY, Cause.CHAIN),
        ("unknown-intermediate", Mode.ONE_WAY, Cause.ISSUER),
        ("wrong-domain", Mode.ONE_WAY, Cause.DOMAIN),
        ("not-yet-valid", Mode.ONE_WAY, Cause.NOT_YET_VALID),
        ("ca-expired", Mode.ONE_WAY, Cause.CA_EXPIRED),
        ("ca-not-yet-valid", Mode.ONE_WAY, Cause.CA_NOT_YET_VALID),
        ("clock-not-set", Mode.ONE_WAY, Cause.CLOCK),
        ("clock-lost", Mode.ONE_WAY, Cause.CLOCK_LOST),
        ("expired", Mode.MUTUAL, Cause.EXPIRED),
        ("example1-option3", Mode.MUTUAL, Cause.CLIENT_UNKNOWN),
        ("client-expired", Mode.MUTUAL, Cause.CLIENT_EXPIRED),
        ("client-foreign-key", Mode.MUTUAL, Cause.PAIR),
        ("client-certificate-missing", Mode.ANONYMOUS, Cause.CLIENT_CERTIFICATE),
        ("name-unknown", Mode.ANONYMOUS, Cause.RESOLVE),
        ("port-closed", Mode.ANONYMOUS, Cause.REFUSED),
        ("port-mute", Mode.ANONYMOUS, Cause.CONNECT_TIMEOUT),
        ("server-silent", Mode.ANONYMOUS, Cause.TIMEOUT),
        ("server-closes", Mode.ANONYMOUS, Cause.CLOSED),
        ("server-resets", Mode.ANONYMOUS, Cause.RESET),
        ("server-garbage", Mode.ANONYMOUS, Cause.PROTOCOL),
        ("server-http", Mode.ANONYMOUS, Cause.NOT_TLS),
        ("no-common-suite", Mode.ANONYMOUS, Cause.SUITE),
        ("memory-exhausted", Mode.MUTUAL, Cause.MEMORY),
        ("tls13-only", Mode.ANONYMOUS, Cause.VERSION),
    }
    assert len({cause for _, _, cause in refused}) == len(refused), "each has a cause of its own"


def test_every_scenario_but_the_echo_belongs_to_an_example() -> None:
    examples = {scenario.example for scenario in map(Scenario.load, Scenario.names())}
    assert examples == {0, 1, 2, 3, 4, 5}
    assert [name for name in Scenario.names() if not Scenario.load(name).example] == ["echo"]


def test_example_3_logs_in_as_the_user_it_names() -> None:
    scenario = Scenario.load("example3")
    assert scenario.real is not None
    assert (scenario.real.host, scenario.real.port) == ("smtp.gmail.com", 465)
    login = f"\0{scenario.real.user}\0{scenario.real.password}".encode()
    assert b"AUTH PLAIN " + b64encode(login) + b"\r\n" in [s.after for s in scenario.script]


def test_mode_follows_from_what_is_loaded() -> None:
    for scenario in map(Scenario.load, Scenario.names()):
        loads = scenario.module
        mode = (
            Mode.MUTUAL if loads.ca and loads.client else Mode.ONE_WAY if loads.ca else "anonymous"
        )
        assert scenario.expect.mode == mode, scenario.name


def test_examples_have_the_keys_of_the_note() -> None:
    assert Scenario.load("example1").pki == PkiSpec(key="p256")
    assert Scenario.load("example2").pki == PkiSpec(key="rsa2048")


def test_example5_answers_483_bytes_in_two_records_to_the_request_of_the_note() -> None:
    (step,) = Scenario.load("example5").script
    assert len(step.after) == 18
    header, body = step.answers
    assert (len(header), len(body)) == (245, 238)
    assert header.startswith(b"HTTP/1.1 302 Found\r\n")
    assert header.endswith(b"\r\n\r\n")
    assert b"\r\nContent-Length: 238\r\n" in header


def test_all_keys_reach_the_server(write: Path) -> None:
    write.write_text(
        GOOD + '[server]\ncert = "expired"\nverify = "request"\n'
        'suites = ["TLS_RSA_WITH_AES_128_CBC_SHA", "0005"]\nsecurity_level = 1\n'
        'min_version = "TLSv1"\nmax_version = "TLSv1.1"\ngroups = ["P-256"]\necho = true\n'
        '[module]\nca = "wrong_ca"\nclock = "unset"\n'
        '[pki]\nkey = "p521"\ndigest = "sha1"\n'
        '[pki.server]\nsans = ["DNS:a.example"]\nnot_after = 2060-01-01T00:00:00Z\n'
    )
    scenario = Scenario.load(write)
    assert " ".join(SServer("/bin/ssl", (0, 0)).argv(scenario, Path("/f"), 0, "0.0.0.0")) == (
        "/bin/ssl s_server -accept 0.0.0.0:0 -cert /f/expired_cert.pem -key /f/expired_key.pem "
        "-CAfile /f/root_ca_of_client.pem -verify 2 -min_protocol TLSv1 -max_protocol TLSv1.1 "
        "-cipher AES128-SHA:RC4-SHA:@SECLEVEL=1 -groups P-256 -rev"
    )
    assert scenario.server.verify is Verify.REQUEST
    assert scenario.server.versions == (Version.TLS1, Version.TLS1_1)
    assert (scenario.module.ca, scenario.module.clock) == ("wrong_ca", Clock.UNSET)
    assert scenario.pki == PkiSpec(
        key="p521",
        digest="sha1",
        server=Certificate(sans=("DNS:a.example",), not_after=datetime(2060, 1, 1, tzinfo=UTC)),
    )


def test_unknown_scenario_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'example9': there are .*example1, "):
        Scenario.load("example9")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "not TOML: "),
        ('name = "mine"\n' + GOOD, "name: is the name of the file"),
        ('title = "A"\nnote = "3"\n', "expect: is missing"),
        ('title = "A"\nnote = "3"\n[expect]\n', "expect.mode: is missing"),
        (GOOD + 'cause = "weather"\n', "expect.cause: must be one of none, resolve, "),
        (GOOD.replace('"3.3"', "3.3"), "note: must be str, not 3.3"),
        (GOOD + "[server]\nport = 1\n", "server.port: unknown key; there are cert, chain, "),
        (GOOD + "server = 1\n", "expect.server: unknown key"),
        ("server = 1\n" + GOOD, "server: must be a table, not 1"),
        (GOOD + '[server]\nverify = "maybe"\n', "server.verify: must be one of none, request, "),
        (GOOD + "[server]\necho = 1\n", "server.echo: must be bool, not 1"),
        (
            GOOD + "[server]\nsecurity_level = true\n",
            "server.security_level: must be int, not True",
        ),
        (GOOD + '[server]\ngroups = "P-256"\n', "server.groups: must be an array, not 'P-256'"),
        (GOOD + '[server]\ngroups = ["P-256", 1]\n', "server.groups[1]: must be str, not 1"),
        (GOOD + '[server]\nsuites = ["AES"]\n', "server.suites[0]: Table 2 has no suite 'AES'"),
        (GOOD + '[server]\nmax_version = "TLSv1.3"\n', "server.max_version: must be one of SSLv3"),
        (
            GOOD + '[server]\nmin_version = "TLSv1.2"\nmax_version = "TLSv1"\n',
            "server.max_version: is below min_version",
        ),
        (GOOD + '[server]\ncert = "mine"\n', "server.cert: must be one of ca, server, client, "),
        (GOOD + '[server]\nchain = "mine"\n', "server.chain: must be one of ca, server, "),
        (GOOD + '[module]\nca = "mine"\n', "module.ca: must be one of ca, "),
        (GOOD + '[module]\nclient = "mine"\n', "module.client: must be one of ca, "),
        (GOOD + '[module]\nkey = "mine"\n', "module.key: must be one of ca, "),
        (
            GOOD + '[server]\ntls13_only = true\nmin_version = "TLSv1"\n',
            "server.tls13_only: goes without min_version and max_version",
        ),
        (GOOD + "[server]\necho = true\n[tcp]\n", "tcp: is a server of its own"),
        (GOOD + '[tcp]\nthen = "sing"\n', "tcp.then: must be one of close, reset, wait, not"),
        (GOOD + "[pki.ca]\nnot_after = 1\n", "pki.ca.not_after: must be datetime or timedelta"),
        (GOOD + '[pki]\nkey = "dsa"\n', "pki.key: must be one of rsa1024, "),
        (GOOD + '[[script]]\nafter = "x"\n', "script[0].answers: is missing"),
        (
            GOOD + '[server]\necho = true\n[[script]]\nanswers = ["x"]\n',
            "script: a server that echoes answers nothing else",
        ),
        (
            GOOD + '[[script]]\nanswers = ["HTTP", "Quit"]\n',
            "script[0].answers[1]: s_server takes b'Qu' at the beginning for a command of its own",
        ),
        (GOOD + '[[script]]\nanswers = [""]\n', "script[0].answers[0]: 0 bytes are not one record"),
    ],
)
def test_wrong_file_is_refused_with_its_name_and_the_key(write: Path, text: str, said: str) -> None:
    assert refusal(write, text).startswith(said)


@pytest.mark.parametrize("answer", [b"Q", b"quit", b"P", b"Sure", b"r\n", b"R\r\n", b"k\n", b"K\r"])
def test_answer_that_s_server_takes_for_a_command_is_refused(answer: bytes) -> None:
    assert "command" in refuse_answer(answer)


@pytest.mark.parametrize("answer", [b"HTTP", b"right", b"Rest", b"r", b"220 ok\r\nQUIT\r\n", b"\0"])
def test_other_answers_are_allowed(answer: bytes) -> None:
    assert refuse_answer(answer) == ""


def test_answer_is_at_most_one_record() -> None:
    assert refuse_answer(b"x" * RECORD_MAX) == ""
    assert "16385 bytes" in refuse_answer(b"x" * (RECORD_MAX + 1))
