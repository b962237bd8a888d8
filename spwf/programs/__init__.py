"""The programs that serve TLS, one adapter each; Server takes any of them [design 6].

A further program is one more file here, with its Program, and one more line in the table.
"""

from spwf.errors import ServerError
from spwf.programs.base import Exchange, Hearing, Negotiated, Program, cache
from spwf.programs.nss import Selfserv
from spwf.programs.openssl import SServer, WeakSServer

__all__ = ["PROGRAMS", "Exchange", "Hearing", "Negotiated", "Program", "cache", "find"]

PROGRAMS: dict[str, type[Program]] = {kind.name: kind for kind in (SServer, Selfserv, WeakSServer)}
"""By name, in the order in which a matrix shows them."""


def find(name: str = "openssl") -> Program:
    """The program of this name; ServerError for an unknown name or a program that is not there."""
    if name not in PROGRAMS:
        raise ServerError(f"no server program {name!r}: there are {', '.join(PROGRAMS)}")
    return PROGRAMS[name].find()
