"""`spwf flash` and a simulated chip: what gets into its flash, what is refused, how it fails."""

import os
import re
import struct
import termios
from pathlib import Path
from typing import Any

import pytest
import serial
from click.testing import CliRunner

from spwf import cli, flash

from .bootloader import BASE, ERASE, GREETING, PAGE, READ, SIZE, WRITE, Bootloader, Fault

NOTHING = "nothing was erased"
RETRY = "the module may lack firmware now: reset it with BOOT0 high and flash again"


def firmware(size: int = 5 * PAGE + 301, address: int = BASE) -> bytes:
    """An image with a plausible vector table and no byte that is 0x00, 0x5A or 0xFF after it."""
    vectors = struct.pack("<II", 0x2001_0000, address + 0x101)
    return (vectors + bytes(1 + at % 89 for at in range(size)))[:size]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "main.bin"
    path.write_bytes(firmware())
    return path


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit status, and what came on stdout and stderr."""
    done = CliRunner().invoke(cli.main, ["flash", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def error(text: str) -> str:
    """The one line that says it."""
    lines = text.splitlines()
    found = [line for line in lines if line.startswith("Error: ")]
    assert found == lines[-1:], text
    return found[0].removeprefix("Error: ")


# ---- what gets there ----------------------------------------------------------------------------


def test_image_gets_into_the_flash_and_only_its_pages_are_erased(image: Path) -> None:
    data = image.read_bytes()
    with Bootloader() as chip:
        status, said = run(chip.port, image)
    assert status == 0, said
    for step in ("Erasing", "Writing", "Verifying"):
        assert re.search(rf"{step} .* 100%", said)
    last = f"{len(data)} bytes written and verified. Set BOOT0 low and reset the module."
    assert said.splitlines()[-1] == last
    assert chip.flash.startswith(data)
    assert chip.erased == [0, 1, 2, 3, 4, 5]
    assert chip.flash[6 * PAGE :] == b"\x5a" * (SIZE - 6 * PAGE)


def test_many_pages_take_several_commands(tmp_path: Path) -> None:
    file = tmp_path / "main.bin"
    file.write_bytes(firmware(20 * PAGE))
    with Bootloader() as chip:
        assert run(chip.port, file)[0] == 0
    assert chip.erased == [*range(20)]
    assert chip.commands.count(ERASE) == 3


def test_image_for_another_place_leaves_what_is_before_it(tmp_path: Path) -> None:
    place = 5 * PAGE
    data = firmware(address=BASE + place)
    file = tmp_path / "main.bin"
    file.write_bytes(data)
    with Bootloader() as chip:
        status, said = run(chip.port, file, "--address", hex(BASE + place))
    assert status == 0, said
    assert chip.flash[:place] == b"\x5a" * place
    assert chip.flash[place : place + len(data)] == data


def test_a_bootloader_that_was_greeted_before_is_used(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flash, "TIMEOUT", 1.0)  # its first answer is silence
    with Bootloader(greeted=True) as chip:
        status, said = run(chip.port, image)
    assert status == 0, said
    assert chip.flash.startswith(image.read_bytes())


def test_port_has_even_parity_as_the_bootloader_wants_it(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports: list[serial.Serial] = []
    really_open = serial.serial_for_url

    def open_and_remember(*arguments: Any, **options: Any) -> serial.Serial:
        ports.append(really_open(*arguments, **options))
        return ports[0]

    monkeypatch.setattr(serial, "serial_for_url", open_and_remember)
    with Bootloader() as chip:
        assert run(chip.port, image)[0] == 0
    (port,) = ports
    assert (port.bytesize, port.parity, port.stopbits) == (8, "E", 1)


# ---- images that are refused --------------------------------------------------------------------

WRONG_IMAGES = {
    "ihex": (b":020000040800F2\n" * 20, "a raw binary is wanted, this is an Intel HEX file"),
    "elf": (b"\x7fELF" + bytes(100), "a raw binary is wanted, this is an ELF file"),
    "empty": (b"", "0 bytes cannot be firmware"),
    "short": (firmware(60), "60 bytes cannot be firmware"),
    "large": (firmware(SIZE + 1), "the flash has 524288 bytes from 0x08000000 on"),
    "text": (b"ST's firmware, some day. " * 9, "stack would start at 0x73275453, which is not in"),
    "no RAM": (struct.pack("<II", 0x2000_0000, BASE + 0x101) + bytes(500), "is not in RAM"),
    "much RAM": (struct.pack("<II", 0x2001_0004, BASE + 0x101) + bytes(500), "is not in RAM"),
    "odd stack": (struct.pack("<II", 0x2000_1002, BASE + 0x101) + bytes(500), "is not in RAM"),
    "even": (struct.pack("<II", 0x2000_1000, BASE + 0x100) + bytes(500), "0x08000100, does not"),
    "outside": (struct.pack("<II", 0x2000_1000, BASE + 0x201) + bytes(505), "0x08000201, does not"),
    "in vectors": (struct.pack("<II", 0x2000_1000, BASE + 9) + bytes(500), "0x08000009, does not"),
    "not here": (firmware(0x2000, BASE + 0x2800), "does not point into it at 0x08000000"),
    "our own": (struct.pack("<II", 0x2001_0000, 0x101) + bytes(500), "0x00000101, does not point"),
}


@pytest.mark.parametrize("kind", WRONG_IMAGES)
def test_a_wrong_image_is_refused_before_the_port_is_opened(kind: str, tmp_path: Path) -> None:
    data, why = WRONG_IMAGES[kind]
    file = tmp_path / "image"
    file.write_bytes(data)
    status, said = run(tmp_path / "no-port", file)
    assert status == 1
    assert error(said).startswith(f"{file}: ")
    assert why in error(said)


@pytest.mark.parametrize("size", [SIZE - 0x2800, SIZE - 0x2800 + 1])
def test_room_is_counted_from_the_address(size: int, tmp_path: Path) -> None:
    file = tmp_path / "main.bin"
    file.write_bytes(firmware(size, BASE + 0x2800))
    fits = size == SIZE - 0x2800
    _, said = run(tmp_path / "no-port", file, "--address", hex(BASE + 0x2800))
    assert ("there is no such port" in error(said)) == fits
    assert ("too big: the flash has 514048 bytes" in error(said)) != fits


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    file = tmp_path / "main.bin"
    assert run("/dev/null", file) == (1, f"Error: {file}: No such file or directory\n")


@pytest.mark.parametrize("address", ["0x08000400", "0x07fff800", "0x08080000", "0", "flash"])
def test_an_address_that_is_no_page_is_refused(address: str, image: Path) -> None:
    status, said = run("/dev/null", image, "--address", address)
    assert status == 2
    assert "is not a page of the flash: 0x08000000 to 0x0807f800" in " ".join(said.split())


# ---- ports that cannot be -----------------------------------------------------------------------


def test_a_missing_port_is_named(image: Path, tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    assert run(port, image) == (1, f"Error: {port}: there is no such port; {NOTHING}\n")


def test_a_port_in_use_is_left_alone(image: Path) -> None:
    with Bootloader() as chip, serial.Serial(chip.port, exclusive=True):
        done = run(chip.port, image)
    assert done == (1, f"Error: {chip.port}: another program uses it; {NOTHING}\n")
    assert chip.commands == []


def test_what_is_no_serial_port_is_refused(image: Path) -> None:
    status, said = run("/dev/null", image)
    assert status == 1
    assert error(said).startswith("/dev/null: Could not configure port")


def test_a_port_without_even_parity_is_refused(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise termios.error(22, "Invalid argument")

    monkeypatch.setattr(termios, "tcsetattr", refuse)
    with Bootloader() as chip:
        done = run(chip.port, image)
    assert done == (1, f"Error: {chip.port}: it cannot do even parity; {NOTHING}\n")


def test_a_url_that_cannot_be_is_a_wrong_command_line(image: Path) -> None:
    status, said = run("gopher://module", image)
    assert status == 2
    assert "gopher" in error(said)


# ---- chips that fail ----------------------------------------------------------------------------

ASK = "is it the right port, is BOOT0 high, and was the module reset since?"
UNANSWERED = {
    Fault.SILENCE: f"nothing answers: {ASK}",
    Fault.NOISE: f"what answers is no bootloader: {ASK}",
}


@pytest.mark.parametrize("fault", UNANSWERED)
def test_no_bootloader_answers(fault: Fault, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if fault is Fault.SILENCE:
        monkeypatch.setattr(flash, "TIMEOUT", 0.1)
    with Bootloader(faults={(GREETING, 1): fault, (GREETING, 2): fault}) as chip:
        done = run(chip.port, image)
    assert done == (1, f"Error: {chip.port}: {UNANSWERED[fault]}\n")
    assert chip.commands == [GREETING, GREETING]


def test_an_emulated_module_is_no_bootloader(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash, "TIMEOUT", 0.1)
    status, said = run("spwf://", image)
    assert status == 1
    assert error(said).startswith("spwf://: ")
    assert error(said).endswith(ASK)


@pytest.mark.parametrize("number", [0x410, 0x418, 0x430, 0x413])
def test_another_chip_is_refused(number: int, image: Path) -> None:
    with Bootloader(chip=number) as chip:
        done = run(chip.port, image)
    why = f"chip {number:#05x} is not that of an SPWF01S, 0x414 (STM32F10x high-density)"
    assert done == (1, f"Error: {why}; {NOTHING}\n")
    assert not {ERASE, WRITE} & {*chip.commands}


def test_read_out_protection_is_told_and_kept(image: Path) -> None:
    with Bootloader(protected=True) as chip:
        done = run(chip.port, image)
    why = "to lift that would erase all of it, the module's settings too"
    assert done == (1, f"Error: the flash is read-out protected: {why}; {NOTHING}\n")
    assert not {ERASE, WRITE} & {*chip.commands}


FAILURES = {
    ((0x02, 1), Fault.NACK): f"the bootloader refused telling its chip (NACK Command); {NOTHING}",
    ((0x02, 1), Fault.SILENCE): f"the bootloader fell silent while telling its chip; {NOTHING}",
    ((READ, 1), Fault.SILENCE): f"the bootloader fell silent while reading its flash; {NOTHING}",
    ((READ, 1), Fault.NOISE): "the bootloader refused reading its flash "
    f"(Unknown response. Command: 0x41); {NOTHING}",
    ((ERASE, 1), Fault.NACK): f"the bootloader refused erasing (NACK Command); {RETRY}",
    ((ERASE, 1), Fault.SILENCE): f"the bootloader fell silent while erasing; {RETRY}",
    ((WRITE, 7), Fault.NACK): f"the bootloader refused writing (NACK Command); {RETRY}",
    ((WRITE, 7), Fault.SILENCE): f"the bootloader fell silent while writing; {RETRY}",
    ((WRITE, 7), Fault.NOISE): "the bootloader refused writing "
    f"(Unknown response. Command: 0x41); {RETRY}",
    ((READ, 9), Fault.NACK): f"the bootloader refused reading back (NACK Command); {RETRY}",
}


@pytest.mark.parametrize(("moment", "fault"), FAILURES)
def test_a_bootloader_that_fails_is_quoted(
    moment: tuple[int, int], fault: Fault, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault is Fault.SILENCE:
        monkeypatch.setattr(flash, "TIMEOUT", 1.0)
    with Bootloader(faults={moment: fault}) as chip:
        status, said = run(chip.port, image)
    assert (status, error(said)) == (1, FAILURES[moment, fault])
    if NOTHING in said:
        assert not {ERASE, WRITE} & {*chip.commands}


def test_a_byte_that_was_not_written_is_found(image: Path) -> None:
    with Bootloader(faults={(WRITE, 3): Fault.CORRUPT}) as chip:
        status, said = run(chip.port, image)
    wrong = f"0x080002ff holds 0x00 instead of {image.read_bytes()[0x2FF]:#04x}"
    why = f"the flash did not take the image: {wrong}; {RETRY}"
    assert (status, error(said)) == (1, why)


def test_a_cable_that_comes_off_is_told(image: Path) -> None:
    with Bootloader(faults={(WRITE, 3): Fault.UNPLUG}) as chip:
        status, said = run(chip.port, image)
    assert status == 1
    assert error(said).startswith("the port failed while writing: ")
    assert error(said).endswith(RETRY)


def test_ctrl_c_says_what_is_left(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flash, "TIMEOUT", 60)  # the signal must find it waiting
    with Bootloader(faults={(WRITE, 3): Fault.CTRL_C}) as chip:
        status, said = run(chip.port, image)
    assert (status, error(said)) == (1, f"stopped while writing; {RETRY}")


def test_no_descriptor_is_left_open(image: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for faults in ({}, {(WRITE, 2): Fault.NACK}):
        with Bootloader(faults=faults) as chip:
            run(chip.port, image)
    assert len(os.listdir("/proc/self/fd")) == before
