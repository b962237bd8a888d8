"""Rows about who may sign: basicConstraints, keyCertSign, pathlen, name constraints."""

from dataclasses import replace

from spwf.outcome import Cause

from .der import utf8
from .making import (
    Cert,
    alternative_names,
    attribute,
    basic_constraints,
    directory,
    dns,
    email,
    ip,
    key_usage,
    name_constraints,
    other,
    uri,
)
from .row import (
    BELOW,
    CA,
    DOMAIN,
    LEAF,
    MIDDLE,
    accept,
    authority,
    either,
    leaf,
    refuse,
    refused,
)

NO_CA = refused(Cause.USAGE, "unknown_ca")
UNMEANT = refused(Cause.USAGE)
UNPROCESSED = refused(Cause.EXTENSION)
OUTSIDE = refused(Cause.CHAIN, "bad_certificate")
SIGNS = key_usage("keyCertSign")
IS_CA = basic_constraints(True)
CONSTRAINTS, PATH = "5280 4.2.1.10", "5280 6.1.4"


def below(*authorities: Cert, end: Cert = LEAF) -> tuple[Cert, ...]:
    """`end` below intermediates, of which the first one is below CA."""
    chain: list[Cert] = []
    above: Cert = CA
    for each in authorities:
        above = replace(each, issuer=above)
        chain.insert(0, above)
    return (replace(end, issuer=above), *chain)


def limited(pathlen: int, cert: Cert = MIDDLE) -> Cert:
    return replace(cert, extensions=(basic_constraints(True, pathlen), SIGNS))


SECOND = replace(MIDDLE, cn="second CA", key="p256 second")


def within(*constraints: bytes, end: Cert = LEAF) -> tuple[Cert, ...]:
    """A chain whose intermediate CA has name constraints."""
    return below(authority(IS_CA, SIGNS, *constraints), end=end)


def permit(*bases: bytes, critical: bool = True) -> bytes:
    return name_constraints(permitted=bases, critical=critical)


def exclude(*bases: bytes) -> bytes:
    return name_constraints(excluded=bases)


def ends(*names: bytes, cn: str = "server") -> Cert:
    return replace(LEAF, cn=cn, extensions=(alternative_names(*names),))


SERVER = directory(attribute("2.5.4.3", utf8("server")))  # the subject of LEAF
CN_ONLY = replace(LEAF, cn=DOMAIN, extensions=())

ROWS = [
    accept("good intermediate", PATH, (BELOW, MIDDLE)),
    accept("two good intermediates", PATH, below(MIDDLE, SECOND)),
    refuse("intermediate with CA:FALSE", PATH, below(authority(basic_constraints(False))), NO_CA),
    refuse("intermediate without basicConstraints", PATH, below(authority(SIGNS)), NO_CA),
    refuse("intermediate without extensions", PATH, below(authority()), NO_CA),
    refuse("intermediate of version 1", PATH, below(authority(version=1)), NO_CA),
    refuse(
        "end certificate of the same CA as intermediate",
        PATH,
        below(replace(LEAF, key="p256 other")),
        NO_CA,
    ),
    accept("intermediate without keyUsage", PATH, below(authority(IS_CA))),
    refuse(
        "intermediate without keyCertSign",
        PATH,
        below(authority(IS_CA, key_usage("digitalSignature", "cRLSign"))),
        UNMEANT,
    ),
    refuse(
        "self-issued intermediate without keyCertSign",
        PATH,
        below(authority(IS_CA, key_usage("cRLSign"), cn="CA")),
        UNMEANT,
    ),
    refuse(
        "CA:FALSE with keyCertSign",
        "5280 4.2.1.9",
        below(authority(basic_constraints(False), SIGNS)),
        NO_CA,
    ),
    accept("server's certificate with CA:TRUE", "5280 6.1.5", (leaf(IS_CA),)),
    either(
        "loaded CA with CA:FALSE",
        "5280 6.1.1",
        (LEAF,),
        ca=(authority(basic_constraints(False), issuer=None),),
        why="what the owner loads is trusted as it is",
    ),
    either(
        "loaded CA without basicConstraints",
        "5280 6.1.1",
        (LEAF,),
        ca=(authority(SIGNS, issuer=None),),
        why="what the owner loads is trusted as it is",
    ),
    either(
        "loaded CA of version 1",
        "5280 6.1.1",
        (leaf(key_ids=False),),
        ca=(authority(issuer=None, version=1),),
        why="what the owner loads is trusted as it is",
    ),
    either(
        "loaded CA without keyCertSign",
        "5280 6.1.1",
        (LEAF,),
        ca=(authority(IS_CA, key_usage("cRLSign"), issuer=None),),
        why="what the owner loads is trusted as it is",
    ),
    # How many CAs may stand below another.
    accept("pathlen 0, no intermediate", PATH, (LEAF,), ca=(limited(0, CA),)),
    either(
        "pathlen 0 of the loaded CA, one intermediate",
        "5280 6.1.1",
        (BELOW, MIDDLE),
        NO_CA,
        ca=(limited(0, CA),),
        why="it is heeded of a loaded CA too",
    ),
    refuse("pathlen 0 of an intermediate, another below", PATH, below(limited(0), SECOND), NO_CA),
    refuse(
        "the same, the other without keyUsage",
        PATH,
        below(limited(0), replace(SECOND, extensions=(IS_CA,))),
        UNMEANT,
    ),
    accept("pathlen 1, one below", PATH, below(limited(1), SECOND)),
    refuse(
        "pathlen 1, two below",
        PATH,
        below(limited(1), SECOND, replace(SECOND, cn="third CA", key="p256 third")),
        NO_CA,
    ),
    refuse(
        "pathlen 1, then 5, two below",
        PATH,
        below(limited(1), limited(5, SECOND), replace(SECOND, cn="third CA", key="p256 third")),
        NO_CA,
    ),
    accept("pathlen 0, self-issued below", PATH, below(limited(0), replace(SECOND, cn=MIDDLE.cn))),
    # Name constraints.
    accept("permitted name", CONSTRAINTS, within(permit(dns("example.com")))),
    accept(
        "permitted name, not critical",
        CONSTRAINTS,
        within(permit(dns("example.com"), critical=False)),
    ),
    refuse(
        "name outside the permitted ones", CONSTRAINTS, within(permit(dns("example.org"))), OUTSIDE
    ),
    refuse(
        "the same, not critical",
        CONSTRAINTS,
        within(permit(dns("example.org"), critical=False)),
        OUTSIDE,
    ),
    refuse(
        "permitted is only the end of a label",
        CONSTRAINTS,
        within(permit(dns("ample.com"))),
        OUTSIDE,
    ),
    refuse(
        "one of two names outside",
        CONSTRAINTS,
        within(permit(dns("example.com")), end=ends(dns(DOMAIN), dns("example.org"))),
        OUTSIDE,
    ),
    refuse("excluded name", CONSTRAINTS, within(exclude(dns("example.com"))), OUTSIDE),
    accept("another excluded", CONSTRAINTS, within(exclude(dns("example.org")))),
    refuse("excluded in other case", CONSTRAINTS, within(exclude(dns("EXAMPLE.com"))), OUTSIDE),
    refuse(
        "permitted and excluded",
        CONSTRAINTS,
        within(name_constraints((dns("example.com"),), (dns(DOMAIN),))),
        OUTSIDE,
    ),
    refuse(
        "excluded, wildcard in SAN",
        CONSTRAINTS,
        within(exclude(dns("example.com")), end=ends(dns("*.example.com"))),
        OUTSIDE,
    ),
    either(
        "excluded below what the wildcard covers",
        CONSTRAINTS,
        within(exclude(dns(DOMAIN)), end=ends(dns("*.example.com"))),
        OUTSIDE,
        why="f_domain is what counts",
    ),
    either(
        "name outside, in CN only",
        CONSTRAINTS,
        within(permit(dns("example.org")), end=CN_ONLY),
        OUTSIDE,
        why="a CN that counts is a name",
    ),
    either(
        "excluded name in CN only",
        CONSTRAINTS,
        within(exclude(dns("example.com")), end=CN_ONLY),
        OUTSIDE,
        why="a CN that counts is a name",
    ),
    refuse("every name excluded", CONSTRAINTS, within(exclude(dns(""))), OUTSIDE),
    accept(
        "two CAs up: permitted name",
        PATH,
        below(authority(IS_CA, SIGNS, permit(dns("example.com"))), SECOND),
        OUTSIDE,
        why="wolfSSL takes the common name of the CA between for a domain name",
    ),
    refuse(
        "two CAs up: name outside",
        PATH,
        below(authority(IS_CA, SIGNS, permit(dns("example.org"))), SECOND),
        OUTSIDE,
    ),
    refuse(
        "two CAs up: excluded name",
        PATH,
        below(authority(IS_CA, SIGNS, exclude(dns("example.com"))), SECOND),
        OUTSIDE,
    ),
    either(
        "name outside what the loaded CA permits",
        "5280 6.1.1",
        (LEAF,),
        OUTSIDE,
        ca=(authority(IS_CA, SIGNS, permit(dns("example.org")), issuer=None),),
        why="they are heeded of a loaded CA too",
    ),
    either(
        "address, and the loaded CA limits them",
        "5280 6.1.1",
        (ends(dns(DOMAIN), ip("127.0.0.1")),),
        UNPROCESSED,
        ca=(authority(IS_CA, SIGNS, permit(ip(b"\x0a\0\0\0\xff\0\0\0")), issuer=None),),
        why="constraints of addresses are not read, so none passes",
    ),
    either(
        "the same, of an intermediate that is loaded",
        "5280 6.1.1",
        (replace(ends(dns(DOMAIN), ip("127.0.0.1")), issuer=MIDDLE),),
        UNPROCESSED,
        ca=(authority(IS_CA, SIGNS, permit(ip(b"\x0a\0\0\0\xff\0\0\0"))),),
        why="constraints of addresses are not read, so none passes",
    ),
    either(
        "subject that the loaded CA permits",
        "5280 6.1.1",
        (LEAF,),
        ca=(authority(IS_CA, SIGNS, permit(SERVER), issuer=None),),
        why="they are heeded of a loaded CA too",
    ),
    either(
        "subject that the loaded CA excludes, two down",
        "5280 6.1.1",
        (BELOW, MIDDLE),
        UNPROCESSED,
        ca=(authority(IS_CA, SIGNS, exclude(SERVER), issuer=None),),
        why="wolfSSL compares with the nearest CA only, so none passes",
    ),
    refuse(
        "address outside the permitted ones",
        CONSTRAINTS,
        within(permit(ip(b"\x0a\0\0\0\xff\0\0\0")), end=ends(dns(DOMAIN), ip("127.0.0.1"))),
        UNPROCESSED,
    ),
    either(
        "permitted address",
        CONSTRAINTS,
        within(permit(ip(b"\x7f\0\0\0\xff\0\0\0")), end=ends(dns(DOMAIN), ip("127.0.0.1"))),
        UNPROCESSED,
        why="constraints of addresses are not read, so none passes",
    ),
    either(
        "permitted name, and an address",
        CONSTRAINTS,
        within(permit(dns("example.com")), end=ends(dns(DOMAIN), ip("127.0.0.1"))),
        OUTSIDE,
        why="constraints of addresses are not read, so none passes",
    ),
    refuse(
        "subject outside the permitted ones",
        CONSTRAINTS,
        within(permit(directory(attribute("2.5.4.10", utf8("Example"))))),
        OUTSIDE,
    ),
    refuse("excluded subject", CONSTRAINTS, within(exclude(SERVER)), OUTSIDE),
    refuse(
        "two CAs up: excluded subject",
        PATH,
        below(authority(IS_CA, SIGNS, exclude(SERVER)), SECOND),
        UNPROCESSED,
    ),
    refuse(
        "name of another kind outside",
        CONSTRAINTS,
        within(permit(other("a")), end=ends(dns(DOMAIN), other("b"))),
        UNPROCESSED,
    ),
    refuse(
        "e-mail outside the permitted ones",
        CONSTRAINTS,
        within(permit(email("example.org")), end=ends(dns(DOMAIN), email("root@example.com"))),
        OUTSIDE,
    ),
    refuse(
        "URI outside the permitted ones",
        CONSTRAINTS,
        within(permit(uri("example.org")), end=ends(dns(DOMAIN), uri("https://example.com/"))),
        UNPROCESSED,
    ),
]
