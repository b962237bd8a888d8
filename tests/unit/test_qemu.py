"""qemu:// without QEMU: its URL, the firmware's command line, and what is missing."""

import os
import re
from pathlib import Path

import pytest
import serial

import spwf
from spwf.ports import protocol_qemu
from spwf.qemu import PROGRAM, Qemu, find_image

BAD_URLS = {
    "qemu://": "qemu://BOARD[?OPTION=VALUE",
    "qemu://?nv=a": "qemu://BOARD[?OPTION=VALUE",
    "qemu://a/b": "qemu://BOARD[?OPTION=VALUE",
    "spwf://board": "qemu://BOARD[?OPTION=VALUE",
    "qemu://board?colour=red": "qemu:// has no option 'colour'; there are nv=FILE",
    "qemu://board?image=": "qemu:// option image=FILE: a file name is needed",
    "qemu://board?cut=-1": "qemu:// option cut=N: not a count",
    "qemu://board?sni=yes": "not one of 0, 1",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a program of QEMU's name in PATH that only fails."""
    program = tmp_path / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho no such machine >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("SPWF_FIRMWARE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def image(root: Path, board: str = "board") -> Path:
    file = root / board / "spwf.elf"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


@pytest.mark.parametrize("url", BAD_URLS)
def test_bad_url_is_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(BAD_URLS[url])):
        protocol_qemu.parse(url)


def test_url_gives_the_board_and_what_spwf_urls_give() -> None:
    board, arguments = protocol_qemu.parse("QEMU://board/?nv=a%26b&pace=real&image=a.elf&cut=7")
    assert board == "board"
    assert arguments == {"nv": "a&b", "pace": "real", "image": "a.elf", "cut": 7}


def test_firmware_is_told_the_options_without_blanks_and_commas() -> None:
    _, arguments = protocol_qemu.parse(
        "qemu://board?nv=n&image=i&seed=00ff&ap=my net:pass,word&sni=1&timeout=2.5"
        "&route=my.st.com:443=localhost:4433&route=10.0.0.1:1=127.0.0.2:2&cut=7"
    )
    assert list(protocol_qemu.words(arguments)) == [
        "pace=fast",
        "seed=00ff",
        "route=my.st.com:443=127.0.0.1:4433",
        "route=10.0.0.1:1=127.0.0.2:2",
        "ap=my%20net:pass%2Cword",
        "sni=1",
        "timeout=2.5",
        "cut=7",
    ]
    assert not list(protocol_qemu.words({"pace": "real"}))


def test_image_is_the_one_that_make_has_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = image(folder / "build" / "firmware")
    assert find_image("board") == made
    below = folder / "tests" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_image("board") == made
    other = image(folder / "other")
    monkeypatch.setenv("SPWF_FIRMWARE", str(other.parent.parent))
    assert find_image("board") == other


def test_missing_image_is_told_with_the_way_to_make_it(folder: Path) -> None:
    for url in ("qemu://board", f"qemu://board?image={folder}/none.elf"):
        with pytest.raises(spwf.HarnessError, match="`make firmware BOARD=board`"):
            spwf.open(url)


def test_missing_qemu_is_told_with_the_way_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(spwf.HarnessError, match="`make firmware` installs it"):
        spwf.open("qemu://board")


def test_qemu_that_does_not_start_is_told_with_its_words(folder: Path) -> None:
    image(folder / "build" / "firmware")
    with pytest.raises(spwf.QemuError, match=r"ended by itself, status 3: no such machine"):
        spwf.open("qemu://board")


def test_flash_belongs_to_one_module(folder: Path) -> None:
    image(folder / "build" / "firmware")
    first = Qemu("board", nv="module.nv")
    with pytest.raises(serial.SerialException, match=r"another module uses.*module\.nv"):
        serial.serial_for_url("qemu://board?nv=module.nv")
    first.close()
    Qemu("board", nv="module.nv").close()
    with pytest.raises(serial.SerialException, match="could not open"):
        serial.serial_for_url("qemu://board?nv=no-such-folder/module.nv")


def test_closed_board_refuses_everything_but_close(folder: Path) -> None:
    image(folder / "build" / "firmware")
    board = Qemu("board")
    assert board.outcome is None
    assert board.heap == (0, 0, 0)
    assert board.write(b"lost") == 4
    assert board.read(1, 0) == b""
    with pytest.raises(spwf.QemuError, match="no power"):
        board.memory  # noqa: B018
    with pytest.raises(spwf.QemuError, match="lives in real time"):
        board.skip(1)
    board.close()
    board.close()
    for act in (lambda: board.power(True), lambda: board.read(1, None), lambda: board.write(b"")):
        with pytest.raises(ValueError, match="was closed"):
            act()


@pytest.mark.emulated
def test_only_a_board_tells_its_stack(module: spwf.Module) -> None:
    assert module.emulation is not None
    with pytest.raises(spwf.HarnessError, match="use qemu://"):
        module.emulation.memory  # noqa: B018
