r"""An emulated SPWF01S Wi-Fi module with real TLS, and a harness for emulated and real ones.

    import spwf
    with spwf.open("spwf://") as module:
        module.join("lab", "passphrase")
        with module.connect("192.0.2.1", 4433, secure=True) as sock:
            sock.write(b"ping\r\n")

Importing it also lets pySerial open `spwf://` and `qemu://`.
"""

import serial

from spwf.connection import Socket
from spwf.emulation import Emulation
from spwf.errors import (
    Desync,
    HarnessError,
    ModuleError,
    NetworkError,
    OpenSSLError,
    PeerClosed,
    PortError,
    QemuError,
    ReplyTimeout,
    ScenarioError,
    ServerError,
)
from spwf.module import Module, Slot
from spwf.opening import open
from spwf.outcome import Cause, Mode, Note, Outcome
from spwf.pki import Pki, PkiSpec
from spwf.scenario import Scenario
from spwf.server import Server
from spwf.transcript import Transcript

__all__ = [
    "Cause",
    "Desync",
    "Emulation",
    "HarnessError",
    "Mode",
    "Module",
    "ModuleError",
    "NetworkError",
    "Note",
    "OpenSSLError",
    "Outcome",
    "PeerClosed",
    "Pki",
    "PkiSpec",
    "PortError",
    "QemuError",
    "ReplyTimeout",
    "Scenario",
    "ScenarioError",
    "Server",
    "ServerError",
    "Slot",
    "Socket",
    "Transcript",
    "open",
]

if "spwf.ports" not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.append("spwf.ports")
