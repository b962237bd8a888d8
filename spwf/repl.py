"""`spwf repl`: a Python prompt with a module, its certificates and servers at hand.

Called by cli.py. What passes between prompt and module is shown, also while the prompt waits for a
key: readline calls back about ten times a second then, in this thread, so nothing runs beside it.
"""

import code
import ctypes
import readline
import rlcompleter
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import spwf
from spwf._core import VERSION
from spwf.pki import Pki
from spwf.scenario import Scenario
from spwf.server import Server

BANNER = """\
spwf {version}: `module` is the module at {url}. Type, for example:

  module.join("lab", "passphrase")    join a network; a module does that first
  server = serve("example5")          start an openssl server; serve("?") tells which there are
  sock = module.connect(server.host, server.port, indicate=True)
  module.emulation.outcome            how the handshake went
  module.command("AT+S.STS")          any other command

Also here: pki["ca"], pki.server, pki.client, Slot, spwf. Tab completes, Ctrl-D ends.
"""


class Prompt(code.InteractiveConsole):
    """Python's own, which shows what the module and the host have said since it last looked."""

    def __init__(self, module: spwf.Module, names: dict[str, Any]) -> None:
        """Evaluate with `names`."""
        super().__init__(names, "<spwf>")
        self._module, self._shown, self._prompt = module, 0, ""
        self._dim, self._plain = ("\x1b[2m", "\x1b[m") if sys.stdout.isatty() else ("", "")

    def raw_input(self, prompt: str = "") -> str:
        """Read one line, after what has passed."""
        self._prompt = prompt
        for entry in self._new():
            print(entry)
        return super().raw_input(prompt)

    def look(self) -> None:
        """Let the module run a moment, and show above the line being typed what it says."""
        self._module.until(lambda: None, 0.001)
        if entries := self._new():
            line = self._prompt + readline.get_line_buffer()
            print("\r\x1b[K" + "\n".join(entries), line, sep="\n", end="", flush=True)

    def _new(self) -> list[str]:
        entries = list(self._module.transcript)[self._shown :]
        self._shown += len(entries)
        return [f"{self._dim}{entry}{self._plain}" for entry in entries]


def run(url: str) -> None:
    """Talk until Ctrl-D; then everything that was started ends."""
    with ExitStack() as stack:
        module = stack.enter_context(spwf.open(url))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spwf-")))
        pki = Pki(folder)

        def serve(name: str) -> Server:
            """Start an openssl server for a scenario; it ends with the prompt."""
            return stack.enter_context(Server(Scenario.load(name), pki))

        names = {"module": module, "pki": pki, "serve": serve, "Slot": spwf.Slot, "spwf": spwf}
        prompt = Prompt(module, names)
        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
        with while_idle(prompt.look):
            prompt.interact(BANNER.format(version=VERSION, url=url), exitmsg="")


@contextmanager
def while_idle(action: Callable[[], None]) -> Iterator[None]:
    """Have readline call `action` while it waits for a key."""

    def call() -> int:
        action()
        return 0

    hook = ctypes.CFUNCTYPE(ctypes.c_int)(call)
    place = ctypes.c_void_p.in_dll(ctypes.pythonapi, "PyOS_InputHook")
    before, place.value = place.value, ctypes.cast(hook, ctypes.c_void_p).value
    try:
        yield
    finally:
        place.value = before
