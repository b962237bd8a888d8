"""Captures: a pcapng with the secrets of its TLS sessions inside, and a key log [design 6].

    with module.emulation.capture(pcap="session.pcapng", keylog="keys.log"):
        module.connect(...)

Called by emulation.py, cli.py, ladder.py and plugin.py. Whoever has such a file reads what the
sessions carried, so nobody but its owner may open it. Without a Capture no secret leaves a module.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from spwf import frames, pcapng, tap
from spwf._core import VERSION
from spwf.errors import HarnessError
from spwf.tap import Event, Kind, Source

Path = str | os.PathLike[str]


def key_line(secrets: bytes) -> bytes:
    """A line of a key log, as NSS began it: client random and master secret in hexadecimal."""
    random, secret = secrets[: tap.RANDOM], secrets[tap.RANDOM :]
    return f"CLIENT_RANDOM {random.hex()} {secret.hex()}\n".encode()


def needs(url: str, captured: object = True) -> dict[str, Any]:
    """The options that spwf.open() must have at this URL for a module that is to be captured."""
    return {"keylog": True} if captured and url.partition("://")[0].lower() == "qemu" else {}


def _open(path: Path, flags: int) -> int:
    """A file that only its owner may open, even where it was there before."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        os.fchmod(fd, 0o600)
    return fd


class Capture:
    """Files and a listener for what passes over the connections of one or more modules.

    A thread for each module takes what there is as it comes. Use it in a `with`: the files are
    complete when it ends.
    """

    def __init__(
        self,
        *,
        pcap: Path | None = None,
        keylog: Path | None = None,
        listener: Callable[[Event], None] | None = None,
    ) -> None:
        """Opens the files; OSError where they cannot be.

        pcap: becomes a pcapng; what was in it is gone. keylog: gets a line per session, behind
        what is in it; several processes may share one. listener: is called with each event.
        """
        self._lock = threading.Lock()
        self._sources: list[tuple[Source, threading.Thread]] = []
        self._trouble: Exception | None = None
        self._listener = listener
        self._pcap = -1 if pcap is None else _open(pcap, os.O_TRUNC)
        try:
            self._keylog = -1 if keylog is None else _open(keylog, os.O_APPEND)
            self._names = {self._pcap: pcap, self._keylog: keylog}
            self._write(self._pcap, pcapng.begin(f"spwf {VERSION}", "spwf"))
        except OSError:
            self._close_files()
            raise

    _keylog = -1

    def attach(self, source: Source) -> None:
        """Takes what passes from now on. HarnessError: another Capture does."""
        if not source.tap(True):
            raise HarnessError("this module is being captured already")
        thread = threading.Thread(target=self._run, args=(source,), name="capture", daemon=True)
        self._sources.append((source, thread))
        thread.start()

    def close(self) -> None:
        """Ends it; OSError where a file could not be written. Nothing where it has ended."""
        for source, thread in self._sources:
            with suppress(ValueError):  # it was closed, and its tap with it
                source.tap(False)
            thread.join()
        self._sources.clear()
        self._close_files()
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, source: Source) -> None:
        framer, unframer = frames.Framer(), frames.Unframer()
        while block := source.tapped(None):
            with self._lock:
                try:
                    for event in tap.read(block):
                        self._take(event, framer, unframer)
                except Exception as error:  # the module must go on: whoever closes this hears of it
                    self._trouble = self._trouble or error

    def _take(self, event: Event, framer: frames.Framer, unframer: frames.Unframer) -> None:
        if event.kind is Kind.SECRETS:
            line = key_line(event.data)
            self._write(self._keylog, line)
            self._write(self._pcap, pcapng.secrets(line))
        elif event.kind is Kind.FRAME:
            self._write(self._pcap, pcapng.packet(event.time, event.data))
        elif self._pcap >= 0:
            for frame in framer.frames(event):
                self._write(self._pcap, pcapng.packet(event.time, frame))
        if self._listener is not None:
            for each in unframer.events(event) if event.kind is Kind.FRAME else [event]:
                self._listener(each)

    def _write(self, fd: int, data: bytes) -> None:
        """All of it, where there is a file: a line of a key log in one piece."""
        try:
            while fd >= 0 and data and self._trouble is None:
                data = data[os.write(fd, data) :]
        except OSError as error:
            error.filename = self._names[fd]
            raise

    def _close_files(self) -> None:
        for fd in (self._pcap, self._keylog):
            if fd >= 0:
                os.close(fd)
        self._pcap = self._keylog = -1
