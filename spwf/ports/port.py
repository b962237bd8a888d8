"""A pySerial port whose other end is an emulated module, of whatever kind [design 6].

The base of `spwf://` and `qemu://`, which say what module a URL stands for. The module is powered
on by the first open(). close() only unplugs the cable: the module keeps its state and runs on when
the port is opened again; it ends with the port object, or with port.core.close().
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from serial.serialutil import PortNotOpenError, SerialBase, SerialException


class Machine(Protocol):
    """What a port needs of a module; spwf._core.Core says what each does."""

    def power(self, on: bool, /) -> None:
        """Switch it on or off."""

    def write(self, data: bytes, /) -> int:
        """Give it bytes."""

    def read(self, size: int, timeout: float | None, /) -> bytes:
        """Take up to `size` bytes of what it says."""

    def wake(self) -> None:
        """End every read() in other threads, or else the next one."""

    def plug(self, on: bool, /) -> None:
        """Pull the cable, which ends every read() until it is put in again, or put it in."""

    def reset_input(self) -> None:
        """Drop what was not read."""

    def close(self) -> None:
        """End it."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once."""


M = TypeVar("M", bound=Machine)


class Port(SerialBase, Generic[M]):
    """A serial port whose other end is an emulated module.

    Baud rate, parity, flow control and the modem lines are accepted and mean nothing. write() never
    blocks: the module takes what it is given. `core` is the module, None before the first open().
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.core: M | None = None
        self._url: str | None = None  # what `core` was made from
        super().__init__(*args, **kwargs)

    @abstractmethod
    def prepare(self, url: str) -> Callable[[], M]:
        """What makes the module that a URL stands for, without power. ValueError: a wrong URL."""

    def open(self) -> None:
        """Plugs the cable in; the first time, or with another URL, makes a module and powers it on.

        ValueError for an option that does not exist, SerialException where the module cannot be.
        """
        if self.is_open:
            raise SerialException("Port is already open.")
        if self.port is None:
            raise SerialException("Port must be configured before it can be used.")
        if self.core is None or self._url != self.port:
            make = self.prepare(self.port)
            if self.core is not None:
                self.core.close()
            try:
                self.core = make()
            except OSError as error:
                raise SerialException(
                    error.errno, f"could not open {self.port}: {error}"
                ) from error
            self._url = self.port
            self.core.power(True)
        self.core.plug(True)
        self.is_open = True

    def close(self) -> None:
        """Unplugs the cable, from any thread: all reads that wait return."""
        if self.is_open and self.core is not None:
            self.is_open = False
            self.core.plug(False)

    def _module(self) -> M:
        if not self.is_open or self.core is None:
            raise PortNotOpenError
        return self.core

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read at once."""
        return self._module().in_waiting

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes: fewer when the timeout is over or the read was cancelled."""
        core = self._module()
        return core.read(size, self.timeout) if size > 0 else b""

    def write(self, b: Any, /) -> int:
        """Gives the module all the bytes."""
        data = bytes(b)  # as pySerial: a list of numbers will do, a str will not
        return self._module().write(data)

    def flush(self) -> None:
        """Nothing to do: what was written has arrived."""
        self._module()

    @property
    def out_waiting(self) -> int:
        """Always 0: what was written has arrived."""
        self._module()
        return 0

    def reset_input_buffer(self) -> None:
        """Drops what has not been read."""
        self._module().reset_input()

    def reset_output_buffer(self) -> None:
        """Nothing to do: what was written has arrived."""
        self._module()

    def cancel_read(self) -> None:
        """Makes every read() in other threads return, or else the next one."""
        if self.is_open and self.core is not None:
            self.core.wake()

    def cancel_write(self) -> None:
        """Nothing to do: no write waits."""

    # The modem lines: set without effect, read as a module that is there and ready.

    def _reconfigure_port(self) -> None:
        pass

    def _update_break_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        pass

    @property
    def cts(self) -> bool:
        """Clear to send, always."""
        self._module()
        return True

    @property
    def dsr(self) -> bool:
        """Data set ready, always."""
        self._module()
        return True

    @property
    def ri(self) -> bool:
        """Never rings."""
        self._module()
        return False

    @property
    def cd(self) -> bool:
        """Carrier detect, always."""
        self._module()
        return True
