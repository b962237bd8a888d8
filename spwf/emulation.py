"""What only an emulated module can tell or do: `module.emulation` [design 6].

Made by module.py where the port has a core, which is one of spwf._core or of qemu.py; both are
asked alike, and what one of them cannot do is a HarnessError. On real hardware there is none of it,
and `module.emulation` is None.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from spwf._core import Core
from spwf.capture import Capture, Path
from spwf.errors import HarnessError
from spwf.outcome import Outcome
from spwf.qemu import Memory, Qemu


class Heap(NamedTuple):
    """The module's allocator: TLS, RAM certificates. Bytes in use, their peak, blocks in use."""

    live: int
    peak: int
    blocks: int


class Flash(NamedTuple):
    """What the module has done to its flash: pieces written, pages erased."""

    writes: int
    erases: int


class Emulation:
    """The module from beside the wire."""

    def __init__(self, core: Core | Qemu) -> None:
        self.core = core

    @property
    def outcome(self) -> Outcome | None:
        """How the last secure SOCKON went and why; None before the first since power-on."""
        fields = self.core.outcome
        return None if fields is None else Outcome.from_fields(fields)

    @property
    def heap(self) -> Heap:
        """What the module's allocator has given out."""
        return Heap(*self.core.heap)

    @property
    def memory(self) -> Memory:
        """What the firmware has used of its 64 KB; on `qemu://` alone, where it has a board's."""
        if not isinstance(self.core, Qemu):
            raise HarnessError("only the firmware knows its stack and static memory: use qemu://")
        return self.core.memory

    @property
    def flash(self) -> Flash:
        """What the module has done to its flash since it was made. Not on `qemu://`."""
        if isinstance(self.core, Qemu):
            raise HarnessError("the firmware does not count what it does to its flash: use spwf://")
        return Flash(*self.core.flash)

    @property
    def time(self) -> float:
        """The module's own monotonic clock in seconds: real time, and what was skipped."""
        return self.core.time

    def skip(self, seconds: float) -> None:
        """Moves the module's clock forward; what waits for a peer grows older by as much.

        Not on `qemu://`.
        """
        self.core.skip(seconds)

    def power(self, on: bool) -> None:
        """Cuts the power, or restores it: only what is in the non-volatile memory stays."""
        self.core.power(on)

    def link(self, up: bool) -> None:
        """Takes the access point out of reach, or brings it back."""
        self.core.link(up)

    @contextmanager
    def capture(self, *, pcap: Path | None = None, keylog: Path | None = None) -> Iterator[Capture]:
        """Writes what passes over the module's connections to files, while the `with` lasts.

        pcap: a pcapng with the secrets inside, for Wireshark. keylog: the secrets alone, appended
        in the standard format. Both are for their owner alone.
        """
        with Capture(pcap=pcap, keylog=keylog) as capture:
            capture.attach(self.core)
            yield capture

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keeps the module running while the caller does something else.

        Without it the module runs while somebody reads from or writes to its port. For a test that
        waits for what a server sees of the module.
        """
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), name="spwf module", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _run(self, stop: threading.Event) -> None:
        # run() comes back at once while there is output that nobody reads: then the pause is ours.
        while not stop.is_set():
            if self.core.run(0.05):
                stop.wait(0.002)
