"""One socket of a module: SOCKW, SOCKQ, SOCKR, SOCKC and what WIND 55 and 58 say [note 3.3].

Made by Module.connect(); calls Module's conversation and nothing else.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from spwf.at import Indication
from spwf.errors import Desync, HarnessError, ModuleError, PeerClosed, ReplyTimeout

if TYPE_CHECKING:
    from spwf.module import Module

SECURE_MAX = 3072  # bytes of one SOCKW or SOCKR [note 3.3]
PLAIN_MAX = 730  # bytes of one SOCKW on a socket without TLS that real modules take [at-ref 10]
PACE = 0.02  # s between two questions for data where the module does not indicate it
DOUBT = 1.0  # s after which it is asked although nothing was indicated: a mask may hide WIND 55


class Socket:
    """An open connection; use it in a `with`. `closed` is True once the peer has ended it.

    What the peer sent before it closed can still be read.
    """

    def __init__(self, module: Module, number: int, *, secure: bool, indicate: bool) -> None:
        self.id = number
        self.secure = secure
        self.indicate = indicate
        self.closed = False
        self._module = module
        self._indicated = False
        self._open = True
        self._unread = b""

    def notice(self, indication: Indication) -> None:
        """Told by the module of every indication that is about this socket."""
        if indication.number == 55:
            self._indicated = True
        else:
            self.closed = True

    def write(self, data: bytes) -> None:
        """Sends all of it, in as many SOCKW as it takes."""
        size = SECURE_MAX if self.secure else PLAIN_MAX
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            self._module.command(f"AT+S.SOCKW={self.id:02},{len(piece)}", piece)

    def pending(self) -> int:
        """How many bytes can be read now; asking lets a secure socket decrypt what has come."""
        return len(self._unread) + self._query()

    def read(self, size: int, timeout: float | None = None) -> bytes:
        """Exactly `size` bytes.

        ReplyTimeout after `timeout` seconds (None: the module's), PeerClosed where they cannot come
        any more. What did come stays readable.
        """
        deadline = self._deadline(timeout)
        while len(self._unread) < size:
            self._receive(deadline, f"{size} bytes")
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def read_until(self, end: bytes, timeout: float | None = None) -> bytes:
        """Everything up to and with the first `end`. Raises as read() does."""
        deadline = self._deadline(timeout)
        while (at := self._unread.find(end)) < 0:
            self._receive(deadline, repr(end))
        return self.read(at + len(end))

    def close(self) -> None:
        """Closes it. What nobody has read is dropped: SOCKC insists that it is read first."""
        if not self._open:
            return
        self._open = False
        deadline = self._deadline(None)
        while True:
            line = f"AT+S.SOCKC={self.id:02}"
            error = self._module.command(line, check=False).error
            if error is None:
                return
            if error != "Pending data" or time.monotonic() > deadline:
                raise ModuleError(error, line)
            self._fetch(self._query())

    def _deadline(self, timeout: float | None) -> float:
        return time.monotonic() + (self._module.timeout if timeout is None else timeout)

    def _query(self) -> int:
        reply = self._module.command(f"AT+S.SOCKQ={self.id:02}")
        if not reply.value.isdecimal():
            raise Desync(f"SOCKQ was answered without a length: {reply.raw!r}")
        return int(reply.value)

    def _fetch(self, size: int) -> bytes:
        """Reads bytes that SOCKQ has just reported."""
        size = min(size, SECURE_MAX)
        if size == 0:
            return b""
        return self._module.command(f"AT+S.SOCKR={self.id:02},{size}", available=True).body

    def _receive(self, deadline: float, wanted: str) -> None:
        """Adds at least one byte to what is unread, or raises."""
        while True:
            self._indicated = False
            closed = self.closed  # known before the question: then what it finds is the last
            data = self._fetch(self._query())
            if data:
                self._unread += data
                return
            came = f"what came: {self._unread!r}" if self._unread else "nothing came"
            if closed:
                raise PeerClosed(f"the peer closed before {wanted} came; {came}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise ReplyTimeout(f"{wanted} did not come in time; {came}")
            patience = DOUBT if self.indicate else PACE
            self._module.until(lambda: self._indicated or self.closed or None, min(patience, left))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except (HarnessError, ModuleError):
            if error is None:  # else what has already gone wrong is the better story
                raise
