"""`spwf serve`: the server of one scenario, in the foreground.

Called by cli.py. The certificates stay in the user's cache, so that a module which has loaded them
trusts the next run too, and the command that is printed works by itself.
"""

import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from spwf.errors import ScenarioError, ServerError
from spwf.pki import Pki
from spwf.programs import cache, find
from spwf.scenario import Clock, Scenario
from spwf.server import Server
from spwf.tcp import server_for


def run(
    name: str, host: str, port: int, keylog: Path | None = None, program: str = "openssl"
) -> None:
    """Print the scenario's command and run it until Ctrl-C; a line that is typed is sent."""
    if not name.endswith(".toml") and name not in Scenario.names():
        show_scenarios(stderr=True)
        raise ScenarioError(f"no scenario {name!r}: these are all")
    scenario = Scenario.load(name)
    pki = Pki.shared(cache() / "pki", scenario.pki)
    with server_for(
        scenario, pki, host=host, port=port, keylog=keylog, program=find(program)
    ) as server:
        print(
            scenario.title, *loads(scenario, pki), "", shlex.join(server.argv), sep="\n", flush=True
        )
        threading.Thread(target=send_typed, args=(server,), daemon=True).start()
        with suppress(KeyboardInterrupt):
            for text in server.follow():
                print(text, end="", flush=True)
            raise ServerError("the server has ended")


def loads(scenario: Scenario, pki: Pki) -> Iterator[str]:
    """Give what the module must be told before it connects, one line each."""
    wanted = scenario.module
    if wanted.clock is not Clock.UNSET:
        lost = ", and then a reset" if wanted.clock is Clock.LOST else ""
        yield f"  SETTIME   the time{lost}"
    if wanted.ca:
        yield f"  f_ca      {pki[wanted.ca].cert_path}"
    if wanted.client:
        yield f"  f_cert    {pki[wanted.client].cert_path}"
        yield f"  f_key     {pki[wanted.key or wanted.client].key_path}"
    if wanted.domain:
        yield f"  f_domain  {wanted.domain}"
    if wanted.host:
        yield f"  SOCKON    to {wanted.host}"


def send_typed(server: Server) -> None:
    """Send each line from stdin to the module as one record."""
    for line in sys.stdin:
        try:
            server.send(line.encode(), timeout=0)
        except (ValueError, ServerError) as error:
            print(f"not sent: {str(error).partition(chr(10))[0]}", file=sys.stderr)


def show_scenarios(*, stderr: bool = False) -> None:
    """Print each scenario with its title."""
    table = Table("Scenario", "What happens", "Note", box=box.SIMPLE_HEAD)
    for name in Scenario.names():
        scenario = Scenario.load(name)
        table.add_row(name, scenario.title, scenario.note)
    Console(highlight=False, stderr=stderr).print(table)
