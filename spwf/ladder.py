"""`spwf ladder`: the note's Figure 2, drawn from a live handshake [note 1.1.1].

Called by cli.py. A module connects, a capture hears it, handshake.py finds the messages; here they
become a Ladder, which is shown on a terminal and, by ladder_svg.py, as a picture. A handshake that
is refused is drawn up to where it ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from spwf.capture import Capture, Path
from spwf.certificates import Material
from spwf.connection import Socket
from spwf.errors import HarnessError, ModuleError, PeerClosed, ReplyTimeout
from spwf.handshake import Conversation, Message, counted
from spwf.module import Module
from spwf.outcome import Cause, Outcome
from spwf.probe import ask
from spwf.tap import RANDOM, REFUSED, RESET, Event, Kind, Source

QUIET = 0.5  # s without a byte of the server, after which the module closes
WIDEST, NARROW = 96, 48  # columns: of the drawing, below which it has no sides
TCP = {
    Kind.OPENED: "SYN",
    Kind.CONNECTED: "SYN, ACK",
    Kind.ENDED: "FIN",
    Kind.CLOSED: "FIN",
    Kind.ABORTED: "RST",
}


@dataclass(frozen=True)
class Step:
    """One rung: a message of TLS, or what TCP did where `message.size` is 0."""

    message: Message
    seconds: float
    """Since the first step."""

    @property
    def tcp(self) -> bool:
        """Whether it is TCP's."""
        return self.message.size == 0


@dataclass(frozen=True)
class Ladder:
    """One connection of a module."""

    module: str
    """What stands over the left side; its URL."""
    server: str
    """HOST:PORT."""
    steps: tuple[Step, ...]
    title: str
    """Version and mode, as far as there were any."""
    agreed: str
    """Suite and curve; "" where the server chose none."""
    verdict: str
    connected: bool


def record(
    url: str,
    module: Module,
    source: Source,
    server: tuple[str, int],
    material: Material,
    *,
    send: bytes = b"",
    through: tuple[str, int] | None = None,
    pcap: Path | None = None,
    keylog: Path | None = None,
) -> Ladder:
    """Connects the module at `url` with these files, lets it send, and draws what happened.

    `source` hears its connections. `through`: where the module connects instead, to get to the
    server. `pcap`, `keylog`: as class Capture has them. HarnessError where the module is in no
    network.
    """
    events: list[Event] = []
    with Capture(listener=events.append, pcap=pcap, keylog=keylog) as capture:
        capture.attach(source)
        reply = ask(url, module, *(through or server), material, lambda sock: _talk(sock, send))
        outcome = module.emulation.outcome if module.emulation else None
    connected = not reply.startswith("ERROR")
    verdict = "connected" if connected else reply.removeprefix("ERROR: ")
    if outcome is not None and outcome.cause is not Cause.NONE:
        verdict = f"refused: {outcome.cause.text}"
    return draw(url, f"{server[0]}:{server[1]}", events, outcome, verdict, connected)


def _talk(sock: Socket, data: bytes) -> None:
    """Sends, and hears what the server has to say."""
    try:
        if data:
            sock.write(data)
        while sock.read(1, QUIET):
            sock.read(sock.pending())
    except (PeerClosed, ReplyTimeout, ModuleError):
        return  # it has said all, or does not listen: the picture shows which


def draw(
    module: str,
    server: str,
    events: list[Event],
    outcome: Outcome | None,
    verdict: str,
    connected: bool,
) -> Ladder:
    """The last connection among the events. HarnessError where there was none."""
    opened = [i for i, event in enumerate(events) if event.kind is Kind.OPENED]
    if not opened:
        raise HarnessError(f"the module asked for no connection: {verdict}")
    first = events[opened[-1]]
    secrets = {e.data[:RANDOM]: e.data[RANDOM:] for e in events if e.kind is Kind.SECRETS}
    conversation = Conversation(secrets.get)
    mine = [event for event in events[opened[-1] :] if event.socket == first.socket]
    ends = [i for i, event in enumerate(mine) if event.kind is Kind.FAILED]
    mine = mine[: ends[0] + 1 if ends else None]  # what the module does behind that nobody sees
    messages = [message for event in mine for message in _messages(conversation, event)]
    messages = sorted([*messages, *conversation.rest()], key=lambda message: message.time)
    steps = tuple(Step(message, (message.time - first.time) / 1e9) for message in messages)
    suite = conversation.suite.name if conversation.suite else ""
    group = outcome.group if outcome and suite else None
    mode = outcome.mode.replace("_", "-") if outcome else None
    title = ", ".join(part for part in (f"{conversation.version or 'TLS'} handshake", mode) if part)
    agreed = f"{suite}, {group}" if group else suite
    return Ladder(module, server, steps, title, agreed, verdict, connected)


def _messages(conversation: Conversation, event: Event) -> Iterator[Message]:
    ours = event.kind in (Kind.OPENED, Kind.SENT, Kind.CLOSED, Kind.ABORTED)
    if event.kind in (Kind.SENT, Kind.RECEIVED):
        yield from conversation.feed(ours, event.data, event.time)
    elif event.kind in TCP:
        yield Message(event.time, ours, TCP[event.kind], 0)
    elif event.kind is Kind.FAILED:
        known = {REFUSED: "RST: connection refused", RESET: "RST"}
        yield Message(event.time, False, known.get(event.error, "nothing"), 0, alarm=True)


# ---- the terminal -------------------------------------------------------------------------------

GLYPHS = {False: tuple("│─╌▶◀"), True: tuple("|-.><")}
"""By `ascii only`: side, line, encrypted line, heads."""


def show(ladder: Ladder, console: Console) -> None:
    """The drawing, as wide as the terminal allows."""
    width = min(console.width, WIDEST)
    console.print(Text(ladder.title, "bold"))
    if ladder.agreed:
        console.print(Text(ladder.agreed))
    if width < NARROW:
        _list(ladder, console)
    else:
        _sides(ladder, console, width)
    style = "bold green" if ladder.connected else "bold red"
    console.print(Text(ladder.verdict, style))


def _style(message: Message) -> str:
    if message.alarm:
        return "red"
    return "dim" if message.size == 0 else "cyan" if message.ours else "yellow"


def _label(message: Message) -> tuple[str, str]:
    return message.name, counted(message.size, "byte") if message.size else ""


def _list(ladder: Ladder, console: Console) -> None:
    """One line after the other, for the narrowest."""
    _, _, _, right, left = GLYPHS[console.options.ascii_only]
    for step in ladder.steps:
        message = step.message
        mark = right if message.ours else left
        name, size = _label(message)
        console.print(Text(f"{mark} {name}  {size}".rstrip(), _style(message)))
        for line in message.details:
            for part in Text(line, "dim").wrap(console, max(8, console.width - 4)):
                console.print(Text("    ").append_text(part))


def _sides(ladder: Ladder, console: Console, width: int) -> None:
    side, line, dashes, right, left = GLYPHS[console.options.ascii_only]
    inner = width - 2
    gap = max(2, width - len("module") - len(ladder.server))
    console.print(Text("module" + " " * gap + ladder.server, "bold"))
    for step in ladder.steps:
        message = step.message
        stroke = dashes if message.encrypted else line
        name, size = _label(message)
        size = f" {size} " if size else ""
        fill = stroke * max(0, inner - len(name) - len(size) - 7)
        if message.ours:
            arrow = f"{stroke * 2} {name} {fill}{size}{stroke * 2}{right}"
        else:
            arrow = f"{left}{stroke * 2}{size}{fill} {name} {stroke * 2}"
        console.print(Text(side).append(arrow, _style(message)).append(side))
        for detail in message.details:
            for part in Text(detail, "dim").wrap(console, inner - 8):
                part.rstrip()
                space = inner - part.cell_len
                before = 4 if message.ours else space - 4
                row = Text(side + " " * before).append_text(part)
                console.print(row.append(" " * (space - before) + side))
