"""The command line: what it accepts, and how it fails. No module is started here."""

import errno
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from spwf import ModuleError, cli, cli_emulate
from spwf.ports.options import OPTIONS


def run(*arguments: str) -> tuple[int, str]:
    """Exit status, and what came on stdout and stderr."""
    done = CliRunner().invoke(cli.main, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def test_help_names_every_command() -> None:
    status, text = run("--help")
    assert status == 0
    for name in (
        "demo",
        "emulate",
        "files",
        "flash",
        "ladder",
        "matrix",
        "pki",
        "probe",
        "provision",
        "repl",
        "serve",
    ):
        assert f"\n  {name} " in text


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--server", "apache"), "there are openssl"),
        (("-k", "(C027"), "missing"),
        (("-k", "C027 and tls1.4"), "no cell"),
    ],
)
def test_matrix_refuses_what_no_cell_has(options: tuple[str, ...], word: str) -> None:
    status, said = run("matrix", *options)
    assert status == 2
    assert word in said


def test_matrix_in_which_nothing_ran_is_not_as_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = run("matrix", "--server", "openssl", "-k", "C029")
    assert status == 1
    assert "No cell ran." in said
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    status, said = run("matrix", "--server", "openssl", "--server", "mbedtls", "-k", "C027")
    assert status == 1
    assert said.endswith("run `make servers` in a clone of spwf\n")


def test_version_names_core_wolfssl_and_openssl() -> None:
    status, text = run("--version")
    assert status == 0
    core, wolfssl, openssl = text.splitlines()
    assert core.startswith("spwf ")
    assert wolfssl.startswith("wolfSSL 5.")
    assert openssl.startswith("OpenSSL ")


def test_emulate_has_every_option_of_the_url_but_its_pace() -> None:
    assert set(cli_emulate.OPTION_HELP) == set(OPTIONS) - {"pace"}


@pytest.mark.parametrize(
    "text", ["", "4000", ":4000", "localhost", "localhost:", "localhost:x", "localhost:65536"]
)
def test_what_is_not_host_and_port_is_refused(text: str) -> None:
    status, said = run("emulate", "--tcp", text)
    assert status == 2
    assert "is not HOST:PORT, such as 127.0.0.1:4000" in said


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--route", "my.st.com:443", "NAME:PORT=HOST:PORT"),
        ("--ap", ":passphrase", "SSID"),
        ("--seed", "xyz", "'xyz' is not hexadecimal"),
        ("--min-version", "tls1.3", "tls1.2"),
        ("--timeout", "0", "seconds"),
    ],
)
def test_a_bad_option_of_the_module_says_what_is_allowed(
    option: str, value: str, word: str
) -> None:
    status, said = run("emulate", "--tcp", "127.0.0.1:0", option, value)
    assert status == 2
    assert option in said
    assert word in said


@pytest.mark.parametrize("places", [(), ("--tcp", "127.0.0.1:0", "--pty", "uart")])
def test_emulate_wants_exactly_one_place(places: tuple[str, ...]) -> None:
    status, said = run("emulate", *places)
    assert status == 2
    assert "either --tcp HOST:PORT or --pty PATH" in said


def test_a_percent_sign_in_a_passphrase_is_itself() -> None:
    command = cli.main.commands["emulate"]
    aps = next(option for option in command.params if option.name == "aps")
    context = click.Context(command)
    assert aps.type_cast_value(context, ["lab:100%25"]) == (("lab", "100%25"),)


def test_a_terminal_does_not_take_the_place_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    status, said = run("emulate", "--pty", str(file))
    assert status == 1
    assert "not a symbolic link" in said
    assert file.read_text() == "mine"


def test_a_terminal_does_not_take_the_place_of_another_or_of_a_link(tmp_path: Path) -> None:
    link = tmp_path / "uart"
    link.symlink_to("notes.txt")
    status, said = run("emulate", "--pty", str(link))
    assert (status, said) == (1, f"Error: {link} is a link to notes.txt: choose another path\n")
    link.unlink()
    ours, theirs = os.openpty()
    link.symlink_to(os.ttyname(theirs))
    status, said = run("emulate", "--pty", str(link))
    os.close(ours)
    os.close(theirs)
    assert status == 1
    assert "is a terminal in use" in said


def test_an_address_that_cannot_be_listened_on_is_named() -> None:
    status, said = run("emulate", "--tcp", "192.0.2.1:1")
    assert status == 1
    assert said == "Error: cannot listen on 192.0.2.1:1: Cannot assign requested address\n"


def test_a_capture_that_cannot_be_written_is_named() -> None:
    status, said = run("emulate", "--tcp", "127.0.0.1:0", "--pcap", "/dev/full")
    assert (status, said) == (1, "Error: /dev/full: No space left on device\n")


def test_an_address_for_servers_is_tried_before_anything_else(tmp_path: Path) -> None:
    why = "Error: cannot listen on 192.0.2.1:0: Cannot assign requested address\n"
    for command in ("demo", "matrix"):
        assert run(command, "--bind", "192.0.2.1") == (1, why)


def test_expected_errors_are_described_on_one_line() -> None:
    missing = FileNotFoundError(errno.ENOENT, "No such file or directory", "module.nv")
    assert cli.describe(missing) == "module.nv: No such file or directory"
    assert cli.describe(ModuleError("Pending data", "AT+S.SOCKC=0")) == "AT+S.SOCKC=0: Pending data"
    assert cli.describe(TimeoutError()) == "TimeoutError"
