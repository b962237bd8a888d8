"""Citations: every place that code, data and tests name in brackets exists (docs/README.md)."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CITING = ("csrc", "firmware", "spwf", "servers", "tests", "bench", "scripts")
SUFFIXES = {".c", ".h", ".py", ".pyi", ".toml", ".build", ".sh"}

DOCS = {"at-ref": "at-reference.md", "design": "design.md", "tls-facts": "tls-facts.md"}

# The note is not in this tree; these are its sections, tables and figures.
NOTE = {
    *("1", "1.1", "1.1.1", "1.1.2", "1.1.3", "1.1.4", "1.2"),
    *("2", "2.1", "2.2", "2.3", "2.4", "2.4.1", "2.4.2", "2.4.3", "2.5", "2.6"),
    *("3", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "4", "5", "6", "7", "App. A"),
    *(f"table {n}" for n in range(1, 5)),
    *(f"figure {n}" for n in range(1, 8)),
}

BRACKETS = re.compile(r"\[((?:at-ref|design|tls-facts|note|wire)\s(?!for |in )[^\[\]]+)\]")
HEADING = re.compile(r"^#{2,3} .*", re.MULTILINE)


@cache
def places(doc: str) -> dict[str, str]:
    """The places of a text and their words; row or item 7 of section 1 is 1.7."""
    if doc == "note":
        return dict.fromkeys(NOTE, "")
    if doc not in DOCS:
        return {}
    text = (ROOT / "docs" / DOCS[doc]).read_text()
    heads = [*HEADING.finditer(text)]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    found: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        body = text[head.end() : end]
        for number in re.findall(r"(?:^#+ |, )(\d+(?:\.\d+)*)\.? ", head[0]):
            found[number] = body
            for item in re.finditer(r"^(?:\| (\d+) \||(\d+)\. )(.*)", body, re.MULTILINE):
                found.setdefault(f"{number}.{item[1] or item[2]}", item[3])
    return found


def citations(text: str) -> Iterator[str]:
    """What stands in brackets, on one line though a comment may have broken it."""
    for match in BRACKETS.finditer(text):
        yield re.sub(r"\s*\n\s*[*#]*\s*", " ", match[1])


def wrong_places(citation: str) -> list[str]:
    """Those of its places that do not exist; quoted words must stand in the place before."""
    wrong: list[str] = []
    doc, words = "", ""
    for part in re.split(r"[,;]\s*", citation):
        given = re.fullmatch(r"(?:([a-z-]+) )?((?:table |figure |App\. )?[\dA.]+)", part)
        if given is None:
            if not part.startswith('"') or part.strip('"') not in words:
                wrong.append(part)
            continue
        doc = given[1] or doc
        if given[2] not in places(doc):
            wrong.append(f"{doc} {given[2]}")
        words = places(doc).get(given[2], "")
    return wrong


def sources() -> Iterator[Path]:
    for folder in CITING:
        yield from (p for p in sorted((ROOT / folder).rglob("*")) if p.suffix in SUFFIXES)


def test_every_citation_points_to_a_place_that_exists() -> None:
    wrong = [
        f"{source.relative_to(ROOT)}: [{citation}]: no {place}"
        for source in sources()
        for citation in citations(source.read_text())
        for place in wrong_places(citation)
    ]
    assert wrong == []


def test_each_text_is_cited() -> None:
    cited = {
        name
        for source in sources()
        for citation in citations(source.read_text())
        for name in re.findall(r"[a-z-]+(?= [\dtfA])", citation)
    }
    assert cited >= {*DOCS, "note"}


@pytest.mark.parametrize(
    "citation",
    [
        "at-ref 1.18",
        "at-ref 1, 2.3",
        "design 8.4; note App. A",
        "note table 3",
        'design 10, "Sizes"',
    ],
)
def test_a_place_that_exists_is_found(citation: str) -> None:
    assert [*citations(f"/* [{citation}] */")] == [citation]
    assert wrong_places(citation) == []


@pytest.mark.parametrize(
    "citation",
    [
        "at-ref 99",
        "at-ref 1.19",
        "at-ref 1, 2.9",
        "design 8.99",
        "note 3.8",
        "note table 5",
        "wire 1",
        'design 10, "Prices"',
        "tls-facts settled",
    ],
)
def test_a_place_that_does_not_exist_is_noticed(citation: str) -> None:
    assert [*citations(f"# [{citation}]")] == [citation]
    assert len(wrong_places(citation)) == 1


def test_a_citation_may_be_broken_by_a_comment() -> None:
    assert [*citations(f"/* [{'note 2.3,'}\n * 2.4] */")] == ["note 2.3, 2.4"]


def test_every_scenario_follows_a_section_of_the_note() -> None:
    files = [*(ROOT / "servers").glob("*.toml")]
    assert files
    for file in files:
        assert tomllib.loads(file.read_text())["note"] in NOTE, file.name


def test_texts_that_are_named_exist() -> None:
    for source in [*sources(), ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for name in re.findall(r"docs/([\w.-]+\.md)", source.read_text()):
            assert (ROOT / "docs" / name).is_file(), f"{source.name} names docs/{name}"
