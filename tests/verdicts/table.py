"""The verdict table: every row, by subject. test_verdicts.py runs it, printed.py prints it."""

from . import authorities, chains, dates, extensions, keys, names
from .row import Row

TABLE: dict[str, list[Row]] = {
    "Names": names.ROWS,
    "Dates": dates.ROWS,
    "Who may sign": authorities.ROWS,
    "Use and extensions": extensions.ROWS,
    "Chains and signatures": chains.ROWS,
    "Keys and digests": keys.ROWS,
}
