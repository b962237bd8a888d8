"""Rows about which certificates are sent, which are loaded, and whether they belong together."""

from dataclasses import replace

from spwf.outcome import Cause, Note

from .authorities import IS_CA, SECOND, below, limited
from .making import Cert
from .row import (
    BELOW,
    CA,
    LEAF,
    MIDDLE,
    NAMED,
    accept,
    either,
    leaf,
    refuse,
    refused,
    unchecked,
)

UNTRUSTED, UNLINKED = refused(Cause.CHAIN), refused(Cause.ISSUER)
PATH, LIST = "5280 6.1.3", "5246 7.4.2"
LONG = refused(Cause.CHAIN, "handshake_failure")
OTHER = replace(CA, cn="other CA", key="p256 stranger")
TWIN = replace(CA, key="p256 stranger")
FORGED = refused(Cause.CHAIN, "bad_certificate")
OWNERS = "what the owner loads is trusted as it is"
ALONE = Cert("server", extensions=NAMED)
UNRELATED = replace(MIDDLE, issuer=OTHER, cn="unrelated CA", key="p256 unrelated")
TWO = below(MIDDLE, SECOND)
LIMITED = below(limited(0))


def long(length: int) -> tuple[Cert, ...]:
    """A chain of so many certificates."""
    return below(*(replace(MIDDLE, cn=f"CA {i}", key=f"p256 {i}") for i in range(length - 1)))


ROWS = [
    accept("intermediate sent", PATH, (BELOW, MIDDLE)),
    refuse("intermediate not sent", PATH, (BELOW,), UNLINKED),
    refuse(
        "intermediate of the wrong key sent",
        PATH,
        (BELOW, replace(MIDDLE, key="p256 stranger")),
        UNTRUSTED,
    ),
    refuse(
        "wrong intermediate, no key identifiers",
        PATH,
        (replace(BELOW, key_ids=False), replace(MIDDLE, key="p256 stranger", key_ids=False)),
        FORGED,
    ),
    accept("root sent too", LIST, (BELOW, MIDDLE, CA)),
    accept("only the root behind", LIST, (LEAF, CA)),
    either(
        "CAs in reverse order",
        LIST,
        (TWO[0], TWO[2], TWO[1]),
        UNLINKED,
        why="each must certify the one before",
    ),
    either(
        "unrelated certificate behind",
        LIST,
        (BELOW, MIDDLE, UNRELATED),
        why="it vouches for nothing",
    ),
    accept("root signed by another root behind", PATH, (BELOW, MIDDLE, replace(CA, issuer=OTHER))),
    accept(
        "root sent too, as it was before its renewal",
        PATH,
        (LEAF, replace(CA, not_after="2021-01-01")),
        refused(Cause.EXPIRED),
        unchecked(Note.DATE),
        why="all that is sent must be within its dates",
    ),
    either(
        "intermediate with pathlen 0 twice",
        LIST,
        (LIMITED[0], LIMITED[1], LIMITED[1]),
        refused(Cause.USAGE),
        why="it is counted twice",
    ),
    either("own certificate twice", LIST, (LEAF, LEAF), why="no harm"),
    accept("9 certificates", PATH, long(9)),
    either("10 certificates", PATH, long(10), LONG, LONG, why="wolfSSL's limit"),
    refuse("another CA loaded", PATH, (LEAF,), UNLINKED, ca=(OTHER,)),
    refuse("another CA loaded, root sent", PATH, (LEAF, CA), UNTRUSTED, ca=(OTHER,)),
    refuse("another CA loaded, all sent", PATH, (BELOW, MIDDLE, CA), UNTRUSTED, ca=(OTHER,)),
    refuse("another CA loaded, intermediate sent", PATH, (BELOW, MIDDLE), UNLINKED, ca=(OTHER,)),
    refuse("CA of the same name and another key", PATH, (LEAF,), UNTRUSTED, ca=(TWIN,)),
    refuse(
        "twin CA, no key identifiers",
        PATH,
        (leaf(key_ids=False),),
        FORGED,
        ca=(replace(TWIN, key_ids=False),),
    ),
    refuse(
        "CA of the same key and another name",
        PATH,
        (replace(LEAF, issuer=replace(CA, cn="renamed CA")),),
        UNLINKED,
    ),
    refuse("self-signed", PATH, (ALONE,), UNTRUSTED),
    refuse("self-signed, with the CA's name", PATH, (replace(ALONE, cn="CA"),), UNTRUSTED),
    either("self-signed and loaded", "5280 6.1.1", (ALONE,), ca=(ALONE,), why=OWNERS),
    either(
        "self-signed with CA:TRUE and loaded",
        "5280 6.1.1",
        (replace(ALONE, extensions=(*NAMED, IS_CA)),),
        ca=(replace(ALONE, extensions=(*NAMED, IS_CA)),),
        why=OWNERS,
    ),
    either(
        "server's own certificate loaded, not its CA",
        "5280 6.1.1",
        (LEAF,),
        UNLINKED,
        ca=(LEAF,),
        why="it is nobody's issuer",
    ),
    accept("intermediate loaded, not the root", "5280 6.1.1", (BELOW,), ca=(MIDDLE,)),
    accept("the same, and sent", "5280 6.1.1", (BELOW, MIDDLE), ca=(MIDDLE,)),
    accept("two CAs loaded, the first one's", PATH, (LEAF,), ca=(CA, OTHER)),
    accept("two CAs loaded, the second one's", PATH, (LEAF,), ca=(OTHER, CA)),
    accept("two CAs of one name loaded", PATH, (LEAF,), ca=(TWIN, CA)),
    accept("root and intermediate loaded, not sent", PATH, (BELOW,), ca=(CA, MIDDLE)),
    refuse("two CAs loaded, neither's", PATH, (LEAF,), UNLINKED, ca=(OTHER, UNRELATED)),
    # Signatures.
    refuse(
        "a bit of the server's signature",
        "5280 6.1.3",
        (leaf(spoilt=True),),
        refused(Cause.SIGNATURE),
    ),
    refuse(
        "a bit of the intermediate's signature",
        "5280 6.1.3",
        below(replace(MIDDLE, spoilt=True)),
        refused(Cause.SIGNATURE),
    ),
    either(
        "a bit of the loaded CA's signature",
        "5280 6.1.1",
        (LEAF,),
        ca=(replace(CA, spoilt=True),),
        why="nobody vouches for a root but its owner",
    ),
]
