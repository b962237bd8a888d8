"""The -k of `spwf matrix`: which cells are meant, by words with and, or, not and parentheses.

A word that some cell has on one of its axes (`TLSv1`, `openssl`, `mutual`, `curve=p192`) means
exactly that; any other (`RC4`) a part of one, in any case.
"""

import re
from collections.abc import Callable, Collection

Test = Callable[[Collection[str]], bool]
"""Whether the words of a cell are meant."""

_OPERATORS = ("and", "or", "not", "(", ")")


def parse(text: str, known: Collection[str]) -> Test:
    """`known`: every word that any cell has. ValueError, with the place, for what is no expression.

    `and` binds tighter than `or`, `not` than both.
    """
    reader = _Reader(re.findall(r"[()]|[^\s()]+", text), {word.lower() for word in known})
    test = reader.either()
    if reader.left:
        raise ValueError(f"{reader.left[0]!r} is one too many in {text!r}")
    return test


class _Reader:
    """One function for each operator; each takes what it understands from `left`."""

    def __init__(self, tokens: list[str], known: Collection[str]) -> None:
        self.left = tokens
        self._known = known

    def either(self) -> Test:
        test = self._both()
        while self._took("or"):
            test = _or(test, self._both())
        return test

    def _both(self) -> Test:
        test = self._one()
        while self._took("and"):
            test = _and(test, self._one())
        return test

    def _one(self) -> Test:
        if self._took("not"):
            return _not(self._one())
        if self._took("("):
            test = self.either()
            if not self._took(")"):
                raise ValueError("a ) is missing")
            return test
        if not self.left or self.left[0].lower() in _OPERATORS:
            raise ValueError(f"a word is missing before {self.left[0] if self.left else 'the end'}")
        return _word(self.left.pop(0).lower(), self._known)

    def _took(self, token: str) -> bool:
        if self.left and self.left[0].lower() == token:
            self.left.pop(0)
            return True
        return False


def _or(one: Test, other: Test) -> Test:
    return lambda words: one(words) or other(words)


def _and(one: Test, other: Test) -> Test:
    return lambda words: one(words) and other(words)


def _not(test: Test) -> Test:
    return lambda words: not test(words)


def _word(word: str, known: Collection[str]) -> Test:
    if word in known:
        return lambda words: any(word == each.lower() for each in words)
    return lambda words: any(word in each.lower() for each in words)
