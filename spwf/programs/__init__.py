"""The programs that serve TLS, one adapter each; Server takes any of them [design 6].

A further program is one more file here, with its Program, and one more line in the table.
"""

from spwf.errors import ServerError
from spwf.programs.base import Exchange, Hearing, Negotiated, Program, cache
from spwf.programs.mbedtls import LawlessSslServer2, SslServer2
from spwf.programs.nss import Selfserv
from spwf.programs.openssl import SServer, WeakSServer

__all__ = ["OFFENDERS", "PROGRAMS", "Exchange", "Hearing", "Negotiated", "Program", "cache", "find"]

PROGRAMS: dict[str, type[Program]] = {
    kind.name: kind for kind in (SServer, Selfserv, SslServer2, WeakSServer)
}
"""By name, in the order in which a matrix shows them."""

OFFENDERS: dict[str, type[Program]] = {LawlessSslServer2.name: LawlessSslServer2}
"""What the module must refuse."""


def find(name: str = "openssl") -> Program:
    """The program of this name; ServerError for an unknown one, ProgramMissing: not installed."""
    known = PROGRAMS | OFFENDERS
    if name not in known:
        raise ServerError(f"no server program {name!r}: there are {', '.join(known)}")
    return known[name].find()
