"""Rows about names [design 10, "Names"]: RFC 6125 6.4, and RFC 2818 3.1 for addresses."""

from dataclasses import replace

from spwf.outcome import Cause, Note

from .der import bmp
from .making import Cert, alternative_names, dns, email, ip, other, uri
from .row import (
    DOMAIN,
    LEAF,
    Row,
    Says,
    accept,
    accepted,
    either,
    refuse,
    refused,
    refused_too,
    unchecked,
)

WRONG, UNNAMED = refused(Cause.DOMAIN), unchecked(Note.NAME)
IGNORED = refused(Cause.DOMAIN, "bad_certificate", Note.CN_IGNORED)
UNREADABLE = refused(Cause.CERTIFICATE)
OTHERS = tuple(f"{i}.example.com" for i in range(127))
DNS_SRV = "1.3.6.1.5.5.7.8.7"  # RFC 4985 2


def common(cn: str | bytes | None) -> tuple[Cert]:
    """A certificate whose only name is this one."""
    return (replace(LEAF, cn=cn, extensions=()),)


def named(*names: bytes, cn: str | bytes | None = "server") -> tuple[Cert]:
    """A certificate with these alternative names."""
    return (replace(LEAF, cn=cn, extensions=(alternative_names(*names, critical=cn is None),)),)


def good(
    name: str,
    rfc: str,
    chain: tuple[Cert],
    domain: str = DOMAIN,
    why: str = "",
    says: Says = Says.ACCEPT,
) -> Row:
    return Row(name, rfc, says, chain, domain=domain, why=why)


def bad(
    name: str,
    rfc: str,
    chain: tuple[Cert],
    domain: str = DOMAIN,
    why: str = "",
    says: Says = Says.REFUSE,
) -> Row:
    return Row(name, rfc, says, chain, WRONG, UNNAMED, domain=domain, why=why)


ROWS = [
    good("CN only", "6125 6.4.4", common(DOMAIN)),
    good("SAN only, empty subject", "5280 4.2.1.6", named(dns(DOMAIN), cn=None)),
    accept(
        "both match",
        "6125 6.4.4",
        named(dns(DOMAIN), cn=DOMAIN),
        accepted(Note.CN_IGNORED),
        unchecked(Note.CN_IGNORED),
    ),
    refuse(
        "CN matches, SAN does not",
        "6125 6.4.4",
        named(dns("mail.example.com"), cn=DOMAIN),
        IGNORED,
        unchecked(Note.NAME, Note.CN_IGNORED),
    ),
    good(
        "the last of three SANs matches",
        "6125 6.4.1",
        named(dns("example.com"), dns("mail.example.com"), dns(DOMAIN)),
    ),
    good(
        "SAN of e-mail only, CN matches", "6125 6.4.4", named(email("root@example.com"), cn=DOMAIN)
    ),
    good("the last of 128 SANs matches", "6125 6.4.1", named(*map(dns, (*OTHERS, DOMAIN)))),
    accept(
        "the last of 129 SANs matches",
        "6125 6.4.1",
        named(*map(dns, ("x.example.com", *OTHERS, DOMAIN))),
        UNREADABLE,
        refused_too(Cause.CERTIFICATE),
        why="wolfSSL's limit",
    ),
    refuse(
        "SAN of URI only, CN matches",
        "6125 6.4.4",
        named(uri("https://mail.example.com/"), cn=DOMAIN),
        IGNORED,
        unchecked(Note.NAME, Note.CN_IGNORED),
    ),
    refuse(
        "SAN of a service, CN matches",
        "6125 6.4.4",
        named(other("_imaps.example.com", DNS_SRV), cn=DOMAIN),
        IGNORED,
        unchecked(Note.NAME, Note.CN_IGNORED),
    ),
    either(
        "SAN of a kind nobody knows, CN matches",
        "6125 6.4.4",
        named(other("text"), cn=DOMAIN),
        IGNORED,
        unchecked(Note.NAME, Note.CN_IGNORED),
        why="whoever has a SAN goes by it",
    ),
    bad("another name", "6125 6.4.1", named(dns("mail.example.com"))),
    bad("longer in front", "6125 6.4.1", named(dns("evilwww.example.com"))),
    bad("longer behind", "6125 6.4.1", named(dns("www.example.com.evil.org"))),
    bad("parent domain", "6125 6.4.1", named(dns("example.com"))),
    good("other case in SAN", "6125 6.4.1", named(dns("WWW.Example.COM"))),
    good("other case in f_domain", "6125 6.4.1", named(dns(DOMAIN)), "WWW.EXAMPLE.COM"),
    good("trailing dot in f_domain", "1034 3.1", named(dns(DOMAIN)), DOMAIN + "."),
    bad("trailing dot in SAN", "5280 4.2.1.6", named(dns(DOMAIN + "."))),
    bad("empty SAN", "5280 4.2.1.6", named(dns(""))),
    bad("empty CN", "6125 6.4.4", common("")),
    bad("no name at all", "6125 6.4", common(None)),
    bad("NUL and more in SAN", "6125 6.4.1", named(dns(DOMAIN + "\0.evil.org"))),
    bad("NUL and more in CN", "6125 6.4.4", common(DOMAIN + "\0.evil.org")),
    bad("NUL at the end of SAN", "6125 6.4.1", named(dns(DOMAIN + "\0"))),
    bad("space at the end of SAN", "6125 6.4.1", named(dns(DOMAIN + " "))),
    bad(
        "CN as BMPString",
        "5280 7.1",
        common(bmp(DOMAIN)),
        says=Says.MAY,
        why="only text of one byte a character is compared",
    ),
    good(
        "CN that is no domain name",
        "6125 6.4.4",
        common("server domain"),
        "server domain",
        says=Says.MAY,
        why="the note's Appendix A has such names",
    ),
    refuse(
        "domain not set",
        "2818 3.1",
        (LEAF,),
        accepted(Note.NAME_UNCHECKED),
        unchecked(),
        domain="",
        why="there is nothing to compare with; the outcome notes it",
    ),
    # Wildcards.
    good("`*.example.com`", "6125 6.4.3", named(dns("*.example.com"))),
    good("`*.example.com` in CN", "6125 6.4.4", common("*.example.com")),
    bad("wildcard for two labels", "6125 6.4.3", named(dns("*.example.com")), "a.www.example.com"),
    bad("wildcard for the bare domain", "6125 6.4.3", named(dns("*.example.com")), "example.com"),
    bad(
        "`w*.example.com`",
        "6125 6.4.3",
        named(dns("w*.example.com")),
        says=Says.MAY,
        why="a wildcard is a whole label",
    ),
    bad("`www.*.com`", "6125 6.4.3", named(dns("www.*.com"))),
    bad("`*.*.com`", "6125 6.4.3", named(dns("*.*.com"))),
    bad(
        "`*` alone",
        "6125 6.4.3",
        named(dns("*")),
        "localhost",
        says=Says.MAY,
        why="a wildcard has a domain behind it",
    ),
    bad("`*.` alone", "6125 6.4.3", named(dns("*.")), "localhost"),
    good(
        "`*.com`",
        "6125 7.2",
        named(dns("*.com")),
        "example.com",
        says=Says.MAY,
        why="a CA of one's own may sign `*.local`",
    ),
    bad("wildcard for an address", "6125 6.4.3", named(dns("*.0.0.1")), "127.0.0.1"),
    good(
        "wildcard for an A-label",
        "6125 6.4.3",
        named(dns("*.example.com")),
        "xn--caf-dma.example.com",
    ),
    bad(
        "wildcard within an A-label",
        "6125 6.4.3",
        named(dns("xn--caf*.example.com")),
        "xn--caf-dma.example.com",
    ),
    good("A-label", "6125 6.4.2", named(dns("xn--caf-dma.example.com")), "XN--caf-dma.example.com"),
    bad(
        "U-label in SAN, A-label in f_domain",
        "6125 6.4.2",
        named(dns("café.example.com".encode())),
        "xn--caf-dma.example.com",
    ),
    # Addresses.
    good("address in iPAddress", "2818 3.1", named(ip("127.0.0.1")), "127.0.0.1"),
    bad("another address in iPAddress", "2818 3.1", named(ip("127.0.0.2")), "127.0.0.1"),
    bad("address in dNSName", "2818 3.1", named(dns("127.0.0.1")), "127.0.0.1"),
    bad("address in CN", "2818 3.1", common("127.0.0.1"), "127.0.0.1"),
    refuse(
        "iPAddress with a mask",
        "5280 4.2.1.6",
        named(ip(b"\x7f\0\0\1\xff\xff\xff\xff")),
        UNREADABLE,
        UNREADABLE,
        domain="127.0.0.1",
    ),
    refuse(
        "iPAddress of three bytes",
        "5280 4.2.1.6",
        named(ip(b"\x7f\0\0")),
        UNREADABLE,
        UNREADABLE,
        domain="127.0.0.1",
    ),
    bad(
        "IPv6 address",
        "2818 3.1",
        named(ip("2001:db8::1")),
        "2001:db8::1",
        says=Says.ACCEPT,
        why="the module has IPv4 only",
    ),
    either(
        "SAN of an address only, CN matches",
        "6125 6.4.4",
        named(ip("127.0.0.1"), cn=DOMAIN),
        IGNORED,
        unchecked(Note.NAME, Note.CN_IGNORED),
        why="an address is a name too",
    ),
]
