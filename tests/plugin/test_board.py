"""spwf.plugin on a board: what the next test finds, and what the board's flash bears for it."""

from collections.abc import Callable
from typing import Any

import pytest

Stand = Callable[..., Any]

# Each leaves behind something else, in RAM.
SPOILS = """
import pytest
from spwf import Slot

def spoil_nothing(module, serve): pass
def spoil_settings(module, serve): module.config["user_desc"] = "spoilt"
def spoil_files(module, serve): module.load(Slot.RAM_CA, b"spoilt")
def spoil_clock(module, serve): module.set_time()
def spoil_echo(module, serve): module.config["localecho1"] = 1
def spoil_command(module, serve): module.port.write(b"AT+S.TLSCERT=ca,3000\\rhalf of")
def spoil_line(module, serve): module.port.write(b"AT+S.SC")
def spoil_socket(module, serve):
    server = serve("echo")
    module.connect(server.host, server.port)

SPOILS = [value for name, value in globals().items() if name.startswith("spoil_")]

@pytest.mark.parametrize("spoil", SPOILS[:{count}])
def test_module_is_as_new(module, serve, spoil):
    assert module.config["user_desc"] == "anonymous"
    assert module.config["localecho1"] == "0"
    assert module.status("ip_sock_open") == "0"
    assert not module.command("AT+S.TLSCERT=f_content,0").lines
    server = serve("example2")
    module.load(Slot.RAM_CA, server.pki["ca"].cert_pem)
    module.set_time()
    with module.connect(server.host, server.port):
        pass
    module.reset()
    module.wait_for_network()
    spoil(module, serve)
"""


def borne(pytester: pytest.Pytester, board: Any, source: str, passed: int) -> tuple[int, int]:
    pytester.makepyfile(source)
    result = pytester.runpytest_inprocess(
        "-p", "no:xdist", f"--spwf={board.url}", *board.options("--spwf-")
    )
    result.assert_outcomes(passed=passed)
    writes, erases = board.end()
    return writes, erases


@pytest.mark.long
def test_more_tests_cost_the_flash_no_more_than_one(
    pytester: pytest.Pytester, stand_in: Stand
) -> None:
    one = borne(pytester, stand_in(), SPOILS.format(count=1), 1)
    all_of_them = borne(pytester, stand_in(), SPOILS.format(count=8), 8)
    assert one == all_of_them
    assert one[0] > 0  # the network is saved once


@pytest.mark.long
def test_second_run_writes_nothing(
    pytester: pytest.Pytester, stand_in: Stand, tmp_path: Any
) -> None:
    place = ["--tcp", "127.0.0.1:0", "--nv", str(tmp_path / "nv")]
    assert borne(pytester, stand_in(*place), SPOILS.format(count=1), 1) > (0, 0)
    assert borne(pytester, stand_in(*place), SPOILS.format(count=1), 1) == (0, 0)


@pytest.mark.long
def test_what_a_test_saved_is_removed_and_nothing_else_is_written(
    pytester: pytest.Pytester, stand_in: Stand
) -> None:
    source = """
    import pytest
    from spwf import Slot

    @pytest.mark.parametrize("turn", range({count}))
    def test_turn(module, turn):
        assert module.config["user_desc"] == "anonymous"
        assert not module.command("AT+S.TLSCERT=f_content,0").lines
        if turn == 1:
            module.config["user_desc"] = "left behind"
            module.save()
            module.load(Slot.CA, b"left behind")
    """
    few = borne(pytester, stand_in(), source.format(count=3), 3)
    more = borne(pytester, stand_in(), source.format(count=6), 6)
    assert few == more


def test_module_that_joins_nothing_is_in_no_network(
    pytester: pytest.Pytester, stand_in: Stand
) -> None:
    source = """
    def test_in(module): assert module.status("wifi_state") == "10"
    def test_out(new_module): assert new_module(join=False).config["wifi_ssid_len"] == "0"
    def test_in_again(module): assert module.status("wifi_state") == "10"
    """
    borne(pytester, stand_in(), source, 3)


def test_wrong_passphrase_is_told_at_once(pytester: pytest.Pytester, stand_in: Stand) -> None:
    board = stand_in()
    pytester.makepyfile("def test_at(module): pass")
    result = pytester.runpytest_inprocess(
        "-p", "no:xdist", f"--spwf={board.url}", "--spwf-ssid=desk", "--spwf-psk=off the desk"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["the network 'desk' refuses the module: its passphrase is another"]
    )


def test_one_module_has_one_user(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_at(module): pass")
    result = pytester.runpytest_subprocess("-n2", "--spwf=/dev/ttyUSB0", timeout=60)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*/dev/ttyUSB0 is one module: * with -n0"])


def test_report_says_where_servers_are(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    run = pytester.runpytest_inprocess
    result = run("-p", "no:xdist", "--spwf=/dev/ttyUSB0", "--spwf-bind=192.168.1.7")
    result.stdout.fnmatch_lines(["spwf: /dev/ttyUSB0, servers on 192.168.1.7"])
    result = run("-p", "no:xdist", "--spwf=/dev/ttyUSB0")
    result.stdout.fnmatch_lines(["spwf: /dev/ttyUSB0, *, where only this machine *--spwf-bind"])
