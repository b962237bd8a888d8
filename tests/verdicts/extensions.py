"""Rows about what a certificate is for, and about extensions as such."""

from dataclasses import replace

from spwf.outcome import Cause

from .authorities import IS_CA, SIGNS, below
from .der import implicit, integer, null, oid, seq
from .making import (
    NOBODYS,
    Cert,
    alternative_names,
    basic_constraints,
    dns,
    extension,
    key_usage,
    purposes,
)
from .row import (
    CA,
    DOMAIN,
    LEAF,
    accept,
    authority,
    either,
    leaf,
    refuse,
    refused,
    refused_too,
)

UNMEANT = (refused(Cause.USAGE), refused_too(Cause.USAGE))
UNKNOWN = (refused(Cause.EXTENSION), refused_too(Cause.EXTENSION))
UNREADABLE = (refused(Cause.CERTIFICATE), refused_too(Cause.CERTIFICATE))
UNPARSED = refused(Cause.CERTIFICATE)
UNDECODED = refused(Cause.CERTIFICATE, "decode_error")
RSA = "rsa2048 server"  # of an EC certificate that it would not use, openssl serves no suite
STATIC = "TLS_RSA_WITH_AES_128_CBC_SHA"
EPHEMERAL = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
USAGE, PURPOSE, RULES = "5280 4.2.1.3", "5280 4.2.1.12", "5280 4.2"


def rsa(*usages: str) -> tuple[Cert]:
    return (leaf(key_usage(*usages), key=RSA),)


def strange(critical: bool) -> bytes:
    return extension(NOBODYS, null(), critical)


ROWS = [
    accept("digitalSignature for ECDHE_ECDSA", USAGE, (leaf(key_usage("digitalSignature")),)),
    accept("digitalSignature for ECDHE_RSA", USAGE, rsa("digitalSignature"), suite=EPHEMERAL),
    accept("keyEncipherment for RSA", USAGE, rsa("keyEncipherment"), suite=STATIC),
    refuse(
        "keyEncipherment for ECDHE_RSA", USAGE, rsa("keyEncipherment"), *UNMEANT, suite=EPHEMERAL
    ),
    refuse("digitalSignature for RSA", USAGE, rsa("digitalSignature"), *UNMEANT, suite=STATIC),
    accept("EKU serverAuth", PURPOSE, (leaf(purposes("serverAuth")),)),
    accept("EKU clientAuth and serverAuth", PURPOSE, (leaf(purposes("clientAuth", "serverAuth")),)),
    accept("EKU any", PURPOSE, (leaf(purposes("any")),)),
    refuse("EKU clientAuth", PURPOSE, (leaf(purposes("clientAuth")),), *UNMEANT),
    refuse(
        "EKU codeSigning, critical",
        PURPOSE,
        (leaf(purposes("codeSigning", critical=True)),),
        *UNMEANT,
    ),
    either(
        "EKU clientAuth on an intermediate",
        PURPOSE,
        below(authority(IS_CA, SIGNS, purposes("clientAuth"))),
        UNMEANT[0],
        why="as openssl and browsers do: what a CA is not for, its certificates are not",
    ),
    # Extensions that nobody knows, and that everybody should.
    refuse("unknown critical", RULES, (leaf(strange(True)),), *UNKNOWN),
    accept("unknown, not critical", RULES, (leaf(strange(False)),)),
    refuse(
        "unknown critical on an intermediate",
        RULES,
        below(authority(IS_CA, SIGNS, strange(True))),
        *UNKNOWN,
    ),
    either(
        "unknown critical on the loaded CA",
        "5280 6.1.1",
        (LEAF,),
        refused(Cause.CA_FILE, None),
        ca=(authority(IS_CA, SIGNS, strange(True), issuer=None),),
        why="it does not parse",
    ),
    refuse(
        "policyConstraints, no policy",
        "5280 4.2.1.11",
        below(authority(IS_CA, SIGNS, extension("2.5.29.36", seq(implicit(0, b"\0")), True))),
        UNKNOWN[0],
    ),
    either(
        "critical inhibitAnyPolicy",
        "5280 4.2.1.14",
        below(authority(IS_CA, SIGNS, extension("2.5.29.54", integer(0), True))),
        why="nothing asks for a policy",
    ),
    either(
        "critical policy of nobody's",
        "5280 4.2.1.4",
        (leaf(extension("2.5.29.32", seq(seq(oid(NOBODYS))), True)),),
        *UNKNOWN,
        why="policies are not read",
    ),
    # Badly made.
    refuse(
        "two SANs", RULES, (leaf(alternative_names(dns("mail.example.com")), key=RSA),), *UNREADABLE
    ),
    refuse(
        "two basicConstraints on an intermediate",
        RULES,
        below(authority(basic_constraints(False), IS_CA, SIGNS)),
        *UNREADABLE,
    ),
    refuse(
        "two keyUsages",
        RULES,
        (leaf(key_usage("keyAgreement"), key_usage("digitalSignature"), key=RSA),),
        *UNREADABLE,
    ),
    either(
        "SAN without names",
        "5280 4.2.1.6",
        (replace(LEAF, cn=DOMAIN, extensions=(alternative_names(),)),),
        UNPARSED,
        UNPARSED,
        why="it does not parse",
    ),
    either(
        "SAN of no bytes",
        "5280 4.2.1.6",
        (replace(LEAF, cn=DOMAIN, extensions=(extension("2.5.29.17", b""),), key=RSA),),
        UNPARSED,
        UNPARSED,
        why="it does not parse",
    ),
    either(
        "keyUsage of no bytes",
        USAGE,
        (leaf(extension("2.5.29.15", b""), key=RSA),),
        UNPARSED,
        UNPARSED,
        why="it does not parse",
    ),
    refuse(
        "basicConstraints of no bytes on an intermediate",
        "5280 4.2.1.9",
        below(authority(extension("2.5.29.19", b""), SIGNS)),
        UNDECODED,
        UNDECODED,
    ),
    either(
        "keyUsage without a bit",
        USAGE,
        (leaf(key_usage(), key=RSA),),
        *UNMEANT,
        why="it is for nothing",
    ),
    either(
        "extensions in version 1",
        "5280 4.1.2.9",
        (leaf(version=1),),
        *UNREADABLE,
        why="what the version does not have is not read",
    ),
    accept(
        "version 1, no extensions",
        "5280 4.1.2.1",
        (replace(LEAF, cn=DOMAIN, extensions=(), version=1),),
    ),
    either(
        "version 4",
        "5280 4.1.2.1",
        (leaf(version=4),),
        why="the RFC asks to be prepared for any version",
    ),
    accept("serial 0", "5280 4.1.2.2", (leaf(serial=0),)),
    accept(
        "loaded CA with serial 0",
        "5280 4.1.2.2",
        (LEAF,),
        ca=(replace(CA, serial=0),),
    ),
    either(
        "two keyUsages of the loaded CA",
        RULES,
        (LEAF,),
        refused(Cause.CA_FILE, None),
        ca=(authority(IS_CA, SIGNS, SIGNS, issuer=None),),
        why="it does not parse",
    ),
    accept("negative serial", "5280 4.1.2.2", (leaf(serial=-5),)),
    accept("serial of 20 bytes", "5280 4.1.2.2", (leaf(serial=1 << 158),)),
    either("serial of 32 bytes", "5280 4.1.2.2", (leaf(serial=1 << 254),), why="no harm"),
    refuse(
        "signed part names another algorithm", "5280 4.1.1.2", (leaf(inner="sha1"),), *UNREADABLE
    ),
]
