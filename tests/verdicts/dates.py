"""Rows about dates: RFC 5280 4.1.2.5 and 6.1.3 (a) (2)."""

from dataclasses import replace
from typing import Any

from spwf.outcome import Cause, Note

from .der import generalized, utc_time
from .making import Cert
from .row import BELOW, CA, LEAF, MIDDLE, accept, either, leaf, refuse, refused, unchecked

EXPIRED, EARLY = refused(Cause.EXPIRED), refused(Cause.NOT_YET_VALID)
UNREADABLE = refused(Cause.CERTIFICATE)
NOTED = unchecked(Note.DATE)
FORM = "a form that no CA may use"
VALIDITY, PATH = "5280 4.1.2.5", "5280 6.1.3"


def below(**dates: Any) -> tuple[Cert, Cert]:
    """A chain whose intermediate CA has these dates."""
    middle = replace(MIDDLE, **dates)
    return replace(BELOW, issuer=middle), middle


ROWS = [
    accept("good", PATH, (LEAF,)),
    refuse("expired", PATH, (leaf(not_after="2025-12-31"),), EXPIRED, NOTED),
    refuse("not yet valid", PATH, (leaf(not_before="2026-01-02"),), EARLY, NOTED),
    accept("the last second", VALIDITY, (leaf(not_after="2026-01-01"),)),
    refuse(
        "one second after it",
        VALIDITY,
        (leaf(not_after="2026-01-01"),),
        EXPIRED,
        NOTED,
        now="2026-01-01 00:00:01",
    ),
    accept("the first second", VALIDITY, (leaf(not_before="2026-01-01"),)),
    refuse(
        "one second before it",
        VALIDITY,
        (leaf(not_before="2026-01-01"),),
        EARLY,
        NOTED,
        now="2025-12-31 23:59:59",
    ),
    refuse(
        "ends before it begins",
        VALIDITY,
        (leaf(not_before="2030-01-01", not_after="2022-01-01"),),
        EXPIRED,
        NOTED,
    ),
    refuse("intermediate expired", PATH, below(not_after="2025-12-31"), EXPIRED, NOTED),
    refuse("intermediate not yet valid", PATH, below(not_before="2026-01-02"), EARLY, NOTED),
    either(
        "CA expired",
        PATH,
        (LEAF,),
        refused(Cause.CA_EXPIRED, None),
        ca=(replace(CA, not_after="2025-12-31"),),
        why="a CA has dates too",
    ),
    either(
        "CA not yet valid",
        PATH,
        (LEAF,),
        refused(Cause.CA_NOT_YET_VALID, None),
        ca=(replace(CA, not_before="2026-01-02"),),
        why="a CA has dates too",
    ),
    refuse("clock not set", PATH, (LEAF,), refused(Cause.CLOCK, None), now=""),
    # The boundaries of 32 bits, of UTCTime, and of GeneralizedTime.
    accept("clock after 2038-01-19", VALIDITY, (LEAF,), now="2038-01-19 03:14:08"),
    refuse(
        "until 2038-01-19 03:14:07, a second later",
        VALIDITY,
        (leaf(not_after="2038-01-19 03:14:07"),),
        EXPIRED,
        NOTED,
        now="2038-01-19 03:14:08",
    ),
    accept("until the end of 2049 (UTCTime)", VALIDITY, (leaf(not_after="2049-12-31 23:59:59"),)),
    refuse(
        "the same, a second later",
        VALIDITY,
        (leaf(not_after="2049-12-31 23:59:59"),),
        EXPIRED,
        NOTED,
        now="2050-01-01",
        ca=(replace(CA, not_after="2099-01-01"),),
    ),
    accept("until 2050 (GeneralizedTime)", VALIDITY, (leaf(not_after="2050-01-01"),)),
    accept("from 1950 (UTCTime)", VALIDITY, (leaf(not_before="1950-01-01"),)),
    accept("until 2106-02-08, after 32 bits", VALIDITY, (leaf(not_after="2106-02-08"),)),
    accept("until the end of 9999", VALIDITY, (leaf(not_after="9999-12-31 23:59:59"),)),
    accept(
        "the same, and the clock says so",
        VALIDITY,
        (leaf(not_after="9999-12-31 23:59:59"),),
        now="9999-12-31 23:59:59",
        ca=(replace(CA, not_after="9999-12-31 23:59:59"),),
    ),
    refuse(
        "from 2050 on, in 2026",
        VALIDITY,
        (leaf(not_before="2050-01-01", not_after="2060-01-01"),),
        EARLY,
        NOTED,
    ),
    # Forms that no CA may use.
    either(
        "GeneralizedTime before 2050",
        VALIDITY,
        (leaf(not_after=generalized("20400101000000Z")),),
        why="its meaning is plain",
    ),
    either(
        "UTCTime without seconds",
        VALIDITY,
        (leaf(not_after=utc_time("4001010000Z")),),
        EXPIRED,
        NOTED,
        why=FORM,
    ),
    either(
        "UTCTime with an offset",
        VALIDITY,
        (leaf(not_after=utc_time("400101000000+0100")),),
        UNREADABLE,
        why=FORM,
    ),
    either(
        "GeneralizedTime with a fraction",
        VALIDITY,
        (leaf(not_after=generalized("20600101000000.5Z")),),
        EXPIRED,
        NOTED,
        why=FORM,
    ),
    refuse("month 13", VALIDITY, (leaf(not_after=utc_time("401301000000Z")),), UNREADABLE),
    refuse(
        "letters for digits", VALIDITY, (leaf(not_after=utc_time("4O0101000000Z")),), EXPIRED, NOTED
    ),
]
