"""`spwf flash`: one of ST's firmware images onto an SPWF01S, through its UART bootloader.

Called by cli.py. The module's microcontroller, an STM32F1, has this bootloader in ROM and starts it
where BOOT0 is high at reset; stm32loader speaks its protocol (ST AN3155). Here is what is ours:
which images and chips are taken, all refusals before the first page is erased, progress,
verification, and one line for each way to fail. Only the pages that the image covers are erased:
the others may hold the module's boot part, its settings and its MAC address.
"""

import errno
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import serial
from rich.console import Console
from rich.progress import Progress
from stm32loader.bootloader import CommandError, Stm32Bootloader  # type: ignore[import-untyped]

from spwf.errors import FlashError

# What the bootloader may say it runs on. By its data sheet an SPWF01S has a Cortex-M3 with 512 KB
# of flash and 64 KB of RAM: of the STM32F1 (ST RM0008, AN2606) only the high-density line has both.
CHIPS = {0x414: "STM32F10x high-density"}
FLASH = range(0x0800_0000, 0x0800_0000 + 512 * 1024)
RAM = range(0x2000_0000, 0x2000_0000 + 64 * 1024)
PAGE = 2048  # bytes erased at once
BLOCK = 256  # bytes that one command writes or reads, at most
VECTORS = 64  # bytes of a Cortex-M3's vector table without any interrupt

TIMEOUT = 2.0  # s without an answer; the slowest, of PAGES pages erased, takes 0.3 s
PAGES = 8  # erased by one command, so that progress shows

OTHER_FORMATS = {
    b":": "an Intel HEX file: make it one with `arm-none-eabi-objcopy -I ihex -O binary`",
    b"\x7fELF": "an ELF file: make it one with `arm-none-eabi-objcopy -O binary`",
}
UNTOUCHED = "nothing was erased"
DAMAGED = "the module may lack firmware now: reset it with BOOT0 high and flash again"


class Silence(Exception):
    """The bootloader did not answer in time."""


class Port:
    """A serial port as stm32loader wants it, but for silence, which here is not a refusal.

    `url` is a device or any pySerial URL. FlashError: it cannot be opened; ValueError: no such URL.
    """

    def __init__(self, url: str) -> None:
        reasons = {errno.ENOENT: "there is no such port", errno.EAGAIN: "another program uses it"}
        try:
            self._serial = serial.serial_for_url(
                url,
                baudrate=115200,  # the bootloader measures it
                parity=serial.PARITY_EVEN,
                timeout=TIMEOUT,
                write_timeout=TIMEOUT,
                exclusive=True,
            )
        except serial.SerialException as error:
            why = reasons.get(error.errno or 0, str(error))
            raise FlashError(f"{url}: {why}; {UNTOUCHED}") from error
        except termios.error as error:  # some pseudo-terminals; not an OSError
            raise FlashError(f"{url}: it cannot do even parity; {UNTOUCHED}") from error
        self.url = url
        self.close = self._serial.close
        self.write = self._serial.write
        self.flush_input_buffer = self._serial.reset_input_buffer  # before the first byte

    def read(self, size: int = 1) -> bytes:
        """Read exactly `size` bytes, or raise Silence."""
        data: bytes = self._serial.read(size)
        if len(data) < size:
            raise Silence
        return data


def read_address(text: str) -> int:
    """Read where an image goes, such as 0x08000000. ValueError says what can be."""
    try:
        address = int(text, 0)
    except ValueError:
        address = 0
    if address not in FLASH or address % PAGE:
        allowed = f"{FLASH.start:#010x} to {FLASH.stop - PAGE:#010x}, a multiple of {PAGE:#x}"
        raise ValueError(f"{text!r} is not a page of the flash: {allowed}")
    return address


def load(file: Path, address: int) -> bytes:
    """Return the image in `file`; FlashError if it cannot be firmware that starts at `address`."""
    with file.open("rb") as opened:
        image = opened.read(len(FLASH) + 1)
    for start, form in OTHER_FORMATS.items():
        if image.startswith(start):
            raise FlashError(f"{file}: a raw binary is wanted, this is {form}")
    if len(image) > FLASH.stop - address:
        room = f"{FLASH.stop - address} bytes from {address:#010x} on"
        raise FlashError(f"{file}: too big: the flash has {room}")
    if len(image) < VECTORS:
        raise FlashError(f"{file}: {len(image)} bytes cannot be firmware")
    stack, reset = struct.unpack_from("<II", image)
    if stack % 4 or stack - 4 not in RAM:
        fault = f"its stack would start at {stack:#010x}, which is not in RAM"
    elif reset % 2 == 0 or reset not in range(address + VECTORS, address + len(image)):
        fault = f"its reset vector, {reset:#010x}, does not point into it at {address:#010x}"
    else:
        return image
    raise FlashError(f"{file}: no firmware of an SPWF01S: {fault}")


def program(port: Port, image: bytes, address: int) -> None:
    """Put `image` at `address` and read it back. FlashError says what failed and what is left."""
    loader = greet(port)
    with doing("telling its chip", UNTOUCHED):
        chip = loader.get_id()
    if chip not in CHIPS:
        known = " or ".join(f"{number:#05x} ({name})" for number, name in CHIPS.items())
        raise FlashError(f"chip {chip:#05x} is not that of an SPWF01S, {known}; {UNTOUCHED}")
    with doing("reading its flash", UNTOUCHED):
        try:
            loader.read_memory(FLASH.start, BLOCK)
        except CommandError as error:
            if "NACK" not in str(error):
                raise
            why = "to lift that would erase all of it, the module's settings too"
            raise FlashError(f"the flash is read-out protected: {why}; {UNTOUCHED}") from error
    first, end = address - FLASH.start, address - FLASH.start + len(image)
    pages = range(first // PAGE, -(-end // PAGE))
    batches = [pages[start : start + PAGES] for start in range(0, len(pages), PAGES)]
    blocks = [(start, image[start : start + BLOCK]) for start in range(0, len(image), BLOCK)]
    with Progress(console=Console(highlight=False)) as progress:
        with doing("erasing", DAMAGED):
            for batch in progress.track(batches, description="Erasing"):
                loader.erase_memory(batch)
        with doing("writing", DAMAGED):
            for start, block in progress.track(blocks, description="Writing"):
                loader.write_memory(address + start, block)
        with doing("reading back", DAMAGED):
            for start, block in progress.track(blocks, description="Verifying"):
                compare(address + start, loader.read_memory(address + start, len(block)), block)


def greet(port: Port) -> Stm32Bootloader:
    """Return a bootloader that has answered."""
    loader = Stm32Bootloader(port, verbosity=0)
    loader.SYNCHRONIZE_ATTEMPTS = 1  # of its own; it prints before it tries again
    answer = "nothing answers"
    for _ in range(2):  # one that was greeted before takes two bytes until it refuses: an answer
        try:
            loader.reset_from_system_memory()
        except Silence:
            continue
        except CommandError:
            answer = "what answers is no bootloader"
        else:
            return loader
    ask = "is it the right port, is BOOT0 high, and was the module reset since?"
    raise FlashError(f"{port.url}: {answer}: {ask}")


def compare(address: int, held: bytes, wanted: bytes) -> None:
    """Raise a FlashError that names the first byte that differs."""
    for offset, (is_there, byte) in enumerate(zip(held, wanted, strict=True)):
        if is_there != byte:
            what = f"{address + offset:#010x} holds {is_there:#04x} instead of {byte:#04x}"
            raise FlashError(f"the flash did not take the image: {what}; {DAMAGED}")


@contextmanager
def doing(what: str, left: str) -> Iterator[None]:
    """Turn what fails inside into a FlashError: while doing `what`, and what is `left` of it."""
    try:
        yield
    except Silence as error:
        raise FlashError(f"the bootloader fell silent while {what}; {left}") from error
    except CommandError as error:
        raise FlashError(f"the bootloader refused {what} ({error}); {left}") from error
    except OSError as error:
        raise FlashError(f"the port failed while {what}: {error}; {left}") from error
    except KeyboardInterrupt as error:
        raise FlashError(f"stopped while {what}; {left}") from error
