"""Rows about keys and signatures: what the module can use [note 2.1]."""

from dataclasses import replace

from spwf.outcome import Cause

from .authorities import below
from .row import CA, LEAF, MIDDLE, Row, Verdict, either, leaf, refused, refused_too

DIGEST, SIZE = refused(Cause.DIGEST), refused(Cause.KEY_SIZE)
UNLOADED = refused(Cause.KEY_SIZE, None)
ALGORITHM = "5246 7.4.2"
OURS = "the note has MD5, SHA-1 and SHA-256"
BITS = "the note has RSA-1024 and RSA-2048"


def signed(digest: str, key: str = "rsa2048 ca") -> Row:
    """By the loaded CA."""
    ca = replace(CA, key=key)
    verdicts = () if digest in ("md5", "sha1", "sha256") else (DIGEST,)
    chain = (leaf(issuer=ca, digest=digest),)
    return either(f"{key.split()[0]}, {digest}", ALGORITHM, chain, *verdicts, ca=(ca,), why=OURS)


def server_key(kind: str, *verdicts: Verdict, why: str = BITS) -> Row:
    return either(f"server: {kind}", ALGORITHM, (leaf(key=f"{kind} server"),), *verdicts, why=why)


def ca_key(kind: str, *verdicts: Verdict, why: str = BITS) -> Row:
    ca = replace(CA, key=f"{kind} server")
    return either(f"CA: {kind}", ALGORITHM, (leaf(issuer=ca),), *verdicts, ca=(ca,), why=why)


RSA_CA = replace(CA, key="rsa2048 ca")
LONG = refused_too(Cause.KEY_SIZE)
UNSERVED = Verdict(Cause.SUITE, received="handshake_failure")
UNREAD = refused(Cause.CERTIFICATE)
NOT_OFFERED = "the hello does not offer it, so the server refuses"

ROWS = [
    *(signed(digest) for digest in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")),
    *(signed(digest, "p256 ca") for digest in ("sha1", "sha224", "sha256", "sha384", "sha512")),
    either(
        "intermediate with sha384",
        ALGORITHM,
        below(replace(MIDDLE, digest="sha384")),
        DIGEST,
        why=OURS,
    ),
    either(
        "loaded CA with sha384",
        "5280 6.1.1",
        (LEAF,),
        ca=(replace(CA, digest="sha384"),),
        why="nobody vouches for a root but its owner",
    ),
    server_key("rsa512", SIZE, why="in anonymous mode nothing is at stake"),
    server_key("rsa1024"),
    server_key("rsa2048"),
    server_key("rsa3072", LONG, LONG),
    server_key("rsa4096", LONG, LONG),
    ca_key("rsa512", UNLOADED),
    ca_key("rsa1024"),
    ca_key("rsa2048"),
    ca_key("rsa3072", SIZE),
    ca_key("rsa4096", SIZE),
    either(
        "RSASSA-PSS",
        ALGORITHM,
        (leaf(issuer=RSA_CA, pss=True),),
        UNREAD,
        UNREAD,
        ca=(RSA_CA,),
        why=OURS,
    ),
    server_key("ed25519", UNSERVED, UNSERVED, why=NOT_OFFERED),
    server_key("k256", UNSERVED, UNSERVED, why=NOT_OFFERED),
    ca_key("ed25519", UNLOADED, why="the note has RSA and five curves"),
    ca_key("k256", UNREAD, why="the note has RSA and five curves"),
]
