"""`spwf repl`: a Python prompt with a module, its certificates and servers at hand.

Called by cli.py. What passes between host and module is shown as it passes: while a line is typed,
a thread has the module, and gives it back before the line is evaluated.
"""

import code
import readline
import rlcompleter
import sys
import tempfile
import threading
from contextlib import ExitStack
from typing import Any

import spwf
from spwf._core import VERSION
from spwf.pki import Pki
from spwf.scenario import Scenario
from spwf.server import Server
from spwf.tcp import server_for

BANNER = """\
spwf {version}: `module` is the module at {url}. Try, for example:

  module.join("lab", "passphrase")    join a network; a module does that first
  Scenario.names()                    which servers there are
  server = serve("example5")          start one of them; its certificates are server.pki
  sock = module.connect(server.host, server.port, indicate=True)
  print(module.emulation.outcome)     how the handshake went
  module.command("AT+S.STS")          any other command

pki["ca"], pki.server, pki.client, Slot and spwf are here too.
Tab completes, Ctrl-D ends.
"""


class Prompt(code.InteractiveConsole):
    """Python's own, which shows what passes between host and module."""

    def __init__(self, module: spwf.Module, names: dict[str, Any]) -> None:
        """Evaluate with `names`."""
        super().__init__(names, "<spwf>")
        self._module, self._shown = module, 0
        self._terminal = sys.stdin.isatty() and sys.stdout.isatty()

    def raw_input(self, prompt: str = "") -> str:
        """Read one line, after what has passed so far; meanwhile the module runs."""
        for entry in self._new():
            print(entry)
        if not self._terminal:
            return super().raw_input(prompt)
        done = threading.Event()
        thread = threading.Thread(target=self._look, args=(prompt, done))
        # Not before readline has the terminal, or keys typed at a prompt of ours would be lost.
        readline.set_pre_input_hook(thread.start)
        try:
            return super().raw_input(prompt)
        finally:
            done.set()
            readline.set_pre_input_hook(None)
            if thread.ident is not None:
                thread.join()

    def _look(self, prompt: str, done: threading.Event) -> None:
        """Show what the module says above the line that is being typed."""
        while not done.is_set():
            self._module.until(lambda: self._new_since() or done.is_set() or None, 60)
            if not done.is_set() and (entries := self._new()):
                line = prompt + readline.get_line_buffer()
                print("\r\x1b[K" + "\n".join(entries), line, sep="\n", end="", flush=True)

    def _new_since(self) -> bool:
        return len(self._module.transcript) > self._shown

    def _new(self) -> list[str]:
        entries = list(self._module.transcript)[self._shown :]
        self._shown += len(entries)
        return [f"\x1b[2m{entry}\x1b[m" if self._terminal else str(entry) for entry in entries]


def run(module: spwf.Module, url: str) -> None:
    """Talk until Ctrl-D; then everything that was started ends."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="spwf-"))

        def serve(name: str) -> Server:
            """Start the server of a scenario; it ends with the prompt."""
            scenario = Scenario.load(name)
            pki = Pki.shared(folder, scenario.pki)
            return stack.enter_context(server_for(scenario, pki))

        names = {
            "module": module,
            "pki": Pki.shared(folder),
            "serve": serve,
            "Slot": spwf.Slot,
            "Scenario": Scenario,
            "spwf": spwf,
        }
        prompt = Prompt(module, names)
        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
        prompt.interact(BANNER.format(version=VERSION, url=url), exitmsg="")
