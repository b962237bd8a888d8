"""`spwf demo --real NAME`: an example of the note against the host that the note names [note 3].

Called by cli.py. The lines that the module sends are those of the scenario's script, with a
person's own name and password where it logs in. What the host answers is shown; where it is a mail
server its codes must be the script's.
"""

from base64 import b64encode
from collections.abc import Iterator

import click

import spwf
from spwf.board import clear
from spwf.cli_module import join
from spwf.errors import HarnessError, PeerClosed, ReplyTimeout, ScenarioError
from spwf.scenario import Real, Scenario

QUIET = 1.0  # s without a byte, after which an answer is complete
PATIENCE = 20.0  # s until its first byte comes


def find(name: str) -> tuple[Scenario, Real]:
    """The scenario and its host; ScenarioError where it has none, or none any more."""
    scenario = Scenario.load(name)
    real = scenario.real
    if real is None:
        raise ScenarioError(f"the server of {name} is your own: spwf serve {name}")
    if real.gone:
        raise ScenarioError(f"{real.host}:{real.port} cannot be reached: {real.gone}")
    return scenario, real


def run(module: spwf.Module, scenario: Scenario, real: Real, ssid: str, psk: str) -> None:
    """Join the network, play the scenario's script.

    HarnessError where a mail server refuses something.
    """
    script = list(steps(scenario, real))
    join(module, ssid, psk)
    clear(module)
    with connect(module, real) as sock:
        click.echo(f"connected to {real.host}:{real.port}")
        for sent, shown, code in script:
            if sent:
                sock.write(sent)
            show("> ", shown)
            answer = listen(sock)
            show("< ", answer)
            if real.user and answer[:3] != code:
                raise HarnessError(f"{real.host} should have answered {code.decode()}")


def connect(module: spwf.Module, real: Real) -> spwf.Socket:
    """Open the socket; ModuleError with all that is known where the module cannot."""
    try:
        return module.connect(real.host, real.port, indicate=True)
    except spwf.ModuleError as error:
        told = f": {module.emulation.outcome}" if module.emulation else ""
        raise spwf.ModuleError(error.text + told, error.command) from error


def steps(scenario: Scenario, real: Real) -> Iterator[tuple[bytes, bytes, bytes]]:
    """For each step what to send, what of it to show, and the first three bytes of the answer."""
    user, password = b"", ""
    if real.user:
        click.echo(
            "The server's certificate is not checked in this mode, so whoever is between you"
        )
        click.echo("and it can read along. Use a password that you revoke afterwards.")
        user = click.prompt("User").encode()
        password = click.prompt("Password", hide_input=True)
    for step in scenario.script:
        sent = shown = step.after
        if real.user:
            login = token(real.user, real.password)
            shown = shown.replace(real.user.encode(), user)
            sent = shown.replace(login, token(user.decode(), password))
            shown = shown.replace(login, b"<user and password>")
        yield sent, shown, step.answers[-1][:3]


def token(user: str, password: str) -> bytes:
    """What AUTH PLAIN sends (RFC 4616)."""
    return b64encode(f"\0{user}\0{password}".encode())


def listen(sock: spwf.Socket) -> bytes:
    """Whatever comes, until nothing more does."""
    data = sock.read(1, PATIENCE)
    try:
        while True:
            data += sock.read(sock.pending())
            data += sock.read(1, QUIET)
    except (PeerClosed, ReplyTimeout):
        return data


def show(mark: str, data: bytes) -> None:
    """Each line behind the mark."""
    for line in data.decode("utf-8", "replace").splitlines():
        click.echo(mark + line)
