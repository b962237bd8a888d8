"""What can go wrong, in two branches: the harness failed, or the module said no.

Imported by every other part of the package; imports nothing.
"""


class HarnessError(Exception):
    """The harness, not the module, failed: its text tells what to do."""


class PortError(HarnessError):
    """The port of a module cannot be opened; the text says what to do."""


class NetworkError(HarnessError):
    """The module does not come into its network; the text says why."""


class ReplyTimeout(HarnessError):
    """The module did not answer in time."""


class Desync(HarnessError):
    """What the module sent does not fit the command that was given."""


class PeerClosed(HarnessError):
    """The peer closed the connection before what was waited for had come."""


class ServerError(HarnessError):
    """A server could not be started, or did not do in time what was waited for."""


class ProgramMissing(ServerError):
    """The program of a server is not installed; the text says how to get it."""


class ScenarioError(HarnessError):
    """A scenario file is wrong; the text names the file and the key."""


class FlashError(HarnessError):
    """An image was refused, or did not get into a chip; the text says what the chip holds now."""


class OpenSSLError(HarnessError):
    """The openssl program is missing, or a command of it failed; the text has its words."""


class QemuError(HarnessError):
    """QEMU or the firmware's image is missing, or ended, or cannot do what was asked for."""


class ModuleError(Exception):
    """The module answered `ERROR`.

    `text` is what the module said after `ERROR: ` ("" for a bare `ERROR`), `command` the line that
    it answered, without its CR [at-ref 4].
    """

    def __init__(self, text: str, command: str) -> None:
        super().__init__(f"{command}: {text or 'ERROR'}")
        self.text = text
        self.command = command

    def __reduce__(self) -> tuple[type["ModuleError"], tuple[str, str]]:
        # Two arguments, one message: without this, pickle (so pytest-xdist) cannot rebuild it.
        return type(self), (self.text, self.command)
