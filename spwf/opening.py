"""spwf.open(): a URL to a module that listens, or to what a person can do about it.

Called by users, by plugin.py and cli.py; calls pySerial and module.py.
"""

import os
from typing import Any

import serial

from spwf import resets, troubles
from spwf.errors import PortError
from spwf.module import GREETING, Module, Port
from spwf.ports import protocol_qemu, protocol_spwf

EMULATED = {handler.SCHEME: handler.QUERY for handler in (protocol_spwf, protocol_qemu)}
"""The schemes of emulated modules, and their options."""


def is_emulated(url: str) -> bool:
    """Whether this process emulates the module at `url`, or runs it in QEMU."""
    return url.partition("://")[0].lower() in EMULATED


def open(
    url: str | os.PathLike[str] = "spwf://",
    *,
    timeout: float = 10.0,
    reset: str = "at",
    **options: Any,
) -> Module:
    """Opens the module at a pySerial URL or device name, and waits until it listens.

    For `spwf://` and `qemu://` the options are those of the URL as Python values (see
    ports/options.py): spwf.open(nv="module.nv", route=[("my.st.com", 443, "127.0.0.1", 4433)]). For
    any other port they are pySerial's: spwf.open("/dev/ttyUSB0", rtscts=True). `timeout` and
    `reset` are those of Module. PortError where there is no such port; ReplyTimeout where no module
    answers.
    """
    url = os.fspath(url)
    emulated = EMULATED.get(url.partition("://")[0].lower())
    if emulated:
        query = emulated.write(**options)
        url = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
        port: Port = _emulate(url)
    else:
        port = _open_port(url, reset, options)
    module = Module(port, timeout=timeout, reset=reset)
    try:
        if emulated:
            module.until(lambda: any(i.number == 0 for i in module.indications) or None, GREETING)
        module.greet()
    except BaseException:
        module.close()
        raise
    return module


def _emulate(url: str) -> Port:
    try:
        return serial.serial_for_url(url)
    except serial.SerialException as error:
        raise PortError(troubles.port(url, error)) from error


def _open_port(url: str, reset: str, options: dict[str, Any]) -> Port:
    options = {"baudrate": 115200, "exclusive": True} | options
    if "://" in url:
        del options["exclusive"]  # only a device can be
    try:
        port = serial.serial_for_url(url, do_not_open=True, **options)
        if reset in resets.LINES:
            setattr(port, reset, False)  # pySerial's own choice holds the module in reset
        port.open()
    except serial.SerialException as error:
        raise PortError(troubles.port(url, error)) from error
    return port
