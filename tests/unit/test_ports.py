"""spwf:// as a pySerial port: what pySerial's users expect of one."""

import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import serial
import serial.threaded

from spwf.ports import protocol_spwf

OK = b"\r\nOK\r\n"
CONSOLE = b"+WIND:0:Console active\r\n"
DEADLINE = 20.0  # s, for every wait


@pytest.fixture
def port() -> Iterator[protocol_spwf.Serial]:
    """A module that has booted, with nothing left to read."""
    opened = serial.serial_for_url("spwf://", timeout=DEADLINE)
    assert isinstance(opened, protocol_spwf.Serial)
    with opened:
        opened.read_until(b"+WIND:32:WiFi Hardware Started\r\n")
        yield opened


def ask(port: protocol_spwf.Serial, command: bytes, reply: bytes) -> None:
    port.write(command)
    assert port.read(len(reply)) == reply


def test_program_that_only_imports_spwf_can_open_it() -> None:
    program = (
        "import spwf, serial\n"
        "port = serial.serial_for_url('spwf://', 9600, timeout=20)\n"
        "port.write(b'AT\\r')\n"
        "port.read_until(b'\\r\\nOK\\r\\n')\n"
        "print('answered')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("answered\n", "")


def test_read_without_timeout_returns_what_is_there(port: protocol_spwf.Serial) -> None:
    port.timeout = 0
    assert port.read(1) == b""
    port.write(b"AT\r")
    port.timeout = DEADLINE
    first = port.read(1)
    port.timeout = 0
    assert first + port.read(100) == OK


def test_read_with_a_timeout_returns_what_has_come(port: protocol_spwf.Serial) -> None:
    port.timeout = 0.2
    port.write(b"AT\r")
    before = time.monotonic()
    assert port.read(100) == OK
    assert time.monotonic() - before >= 0.2


def test_read_that_may_wait_for_ever_waits_for_all(port: protocol_spwf.Serial) -> None:
    port.timeout = None
    later = threading.Timer(0.05, port.write, [b"AT\r"])
    later.start()
    assert port.read(len(OK)) == OK
    later.join()
    assert port.read(0) == b""


def test_in_waiting_counts_what_can_be_read(port: protocol_spwf.Serial) -> None:
    assert port.in_waiting == 0
    port.write(b"AT\r")
    deadline = time.monotonic() + DEADLINE
    while port.in_waiting < len(OK):
        assert time.monotonic() < deadline
    assert port.in_waiting == len(OK)
    assert port.read(1) == OK[:1]
    assert port.in_waiting == len(OK) - 1
    assert port.out_waiting == 0


def test_reset_input_buffer_drops_what_was_not_read(port: protocol_spwf.Serial) -> None:
    port.write(b"AT\r")
    assert port.read(1) == OK[:1]
    port.reset_input_buffer()
    assert port.in_waiting == 0
    ask(port, b"AT+S.GCFG=user_desc\r", b"\r\n#  user_desc = anonymous\r\n" + OK)


def test_output_side_has_nothing_to_wait_for(port: protocol_spwf.Serial) -> None:
    port.write_timeout = 0
    port.write(b"A")
    port.flush()
    port.reset_output_buffer()
    port.cancel_write()
    ask(port, b"T\r", OK)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, list])
def test_write_takes_what_pyserial_takes(
    port: protocol_spwf.Serial, kind: Callable[[bytes], Any]
) -> None:
    assert port.write(kind(b"AT\r")) == 3
    assert port.read(len(OK)) == OK


def test_write_refuses_text(port: protocol_spwf.Serial) -> None:
    with pytest.raises(TypeError):
        port.write("AT\r")


def test_writing_never_waits_for_a_reader(port: protocol_spwf.Serial) -> None:
    count = 2000
    assert port.write(b"AT+S.STS=version\r" * count) == 17 * count
    reply = b"\r\n#  version = 160129-c5bf5ce-SPWF01S\r\n" + OK
    assert port.read(len(reply) * count) == reply * count


def test_modem_lines_and_settings_mean_nothing(port: protocol_spwf.Serial) -> None:
    port.rts = port.dtr = False
    port.break_condition = True
    port.send_break(0)
    port.apply_settings({**port.get_settings(), "baudrate": 921600, "rtscts": True})
    port.inter_byte_timeout = 0.01
    assert (port.cts, port.dsr, port.ri, port.cd) == (True, True, False, True)
    ask(port, b"AT\r", OK)


def test_another_thread_can_cancel_a_read(port: protocol_spwf.Serial) -> None:
    port.timeout = None
    cancel = threading.Timer(0.05, port.cancel_read)
    cancel.start()
    assert port.read(1) == b""
    cancel.join()
    ask(port, b"AT\r", OK)


def test_another_thread_can_close_the_port(port: protocol_spwf.Serial) -> None:
    port.timeout = None
    close = threading.Timer(0.05, port.close)
    close.start()
    with suppress(serial.PortNotOpenError):  # on a busy machine it comes before the read
        assert port.read(1) == b""
    close.join()
    with pytest.raises(serial.SerialException):
        port.read(1)


def test_close_ends_every_read(port: protocol_spwf.Serial) -> None:
    port.timeout = None
    got: list[object] = []

    def read() -> None:
        try:
            got.append(port.read(1))
        except serial.PortNotOpenError:  # it came too late
            got.append(b"")

    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    port.close()
    for reader in readers:
        reader.join(DEADLINE)
    assert got == [b""] * len(readers)


def test_port_that_is_opened_again_reads_as_before(port: protocol_spwf.Serial) -> None:
    port.cancel_read()
    port.close()
    port.open()
    port.timeout = 0.05
    before = time.monotonic()
    assert port.read(1) == b""
    assert time.monotonic() - before >= 0.05


def test_closed_port_refuses_everything(port: protocol_spwf.Serial) -> None:
    port.close()
    port.close()
    port.cancel_read()
    for use in (
        port.read,
        port.flush,
        port.reset_input_buffer,
        port.reset_output_buffer,
        lambda: port.write(b"AT\r"),
        lambda: port.in_waiting,
        lambda: port.out_waiting,
        lambda: port.cts,
    ):
        with pytest.raises(serial.PortNotOpenError):
            use()


def test_open_port_cannot_be_opened_again(port: protocol_spwf.Serial) -> None:
    with pytest.raises(serial.SerialException, match="already open"):
        port.open()


def test_port_without_a_url_cannot_be_opened() -> None:
    with pytest.raises(serial.SerialException, match="configured"):
        protocol_spwf.Serial().open()


def test_bad_option_is_told_when_the_port_is_opened() -> None:
    with pytest.raises(ValueError, match=r"pace=real\|virtual"):
        serial.serial_for_url("spwf://?pace=slow")


def test_close_and_open_keep_the_module(port: protocol_spwf.Serial) -> None:
    ask(port, b"AT+S.SCFG=user_desc,kept\r", OK)
    port.close()
    port.open()
    ask(port, b"AT+S.GCFG=user_desc\r", b"\r\n#  user_desc = kept\r\n" + OK)


def test_another_url_is_another_module(port: protocol_spwf.Serial) -> None:
    ask(port, b"AT+S.SCFG=user_desc,lost\r", OK)
    port.port = "spwf://?echo=1"
    assert port.read_until(CONSOLE).endswith(CONSOLE)
    port.read_until(b"+WIND:32:WiFi Hardware Started\r\n")
    ask(port, b"AT\r", b"AT\r" + OK)


def test_memory_in_use_by_another_port_is_a_serial_exception(tmp_path: Path) -> None:
    url = protocol_spwf.url(nv=tmp_path / "module.nv")
    first = serial.serial_for_url(url)
    with pytest.raises(serial.SerialException, match=r"module\.nv"):
        serial.serial_for_url(url)
    assert isinstance(first, protocol_spwf.Serial)
    assert first.core is not None
    first.core.close()
    serial.serial_for_url(url).close()


def test_reader_thread_of_pyserial_works_and_ends_at_once(port: protocol_spwf.Serial) -> None:
    lines: list[str] = []
    came = threading.Event()

    class Lines(serial.threaded.LineReader):
        def handle_line(self, data: str) -> None:
            lines.append(data)
            if data == "OK":
                came.set()

    port.timeout = None
    thread: Any = serial.threaded.ReaderThread(port, Lines)  # type: ignore[arg-type]
    with thread as protocol:
        protocol.write_line("AT+S.GCFG=user_desc")
        assert came.wait(DEADLINE)
        before = time.monotonic()
    assert time.monotonic() - before < 2  # what pySerial grants a thread that does not end
    assert lines == ["", "#  user_desc = anonymous", "", "OK"]
    assert not thread.is_alive()


def test_miniterm_of_pyserial_works() -> None:
    program = "import spwf, serial.tools.miniterm as term; term.main()"
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", program, "spwf://", "--eol", "CR", "--raw"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as terminal:
        os.close(slave)
        try:
            until(master, b"+WIND:0:Console active")
            os.write(master, b"AT+S.GCFG=user_desc\r")
            assert b"#  user_desc = anonymous" in until(master, b"OK")
            os.write(master, b"\x1d")  # Ctrl-], miniterm's own end
            assert terminal.wait(DEADLINE) == 0
        finally:
            terminal.kill()
            os.close(master)


def until(descriptor: int, end: bytes) -> bytes:
    """What a terminal shows, until `end` is there."""
    shown = b""
    deadline = time.monotonic() + DEADLINE
    while end not in shown:
        assert select.select([descriptor], [], [], deadline - time.monotonic())[0], shown
        shown += os.read(descriptor, 4096)
    return shown
