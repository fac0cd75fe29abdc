"""A manager's mistake in the workbook that `rulectl init` gives is told of once, at its cell, and goes away as advised.

Each line: the language, what is typed where, what is found (beyond what is found of the workbook as given), and what is
typed then.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

import rulectl
from rulectl.codes import LANGUAGES
from rulectl.diagnostics import Finding
from rulectl.starter import start

Given = Mapping[str, tuple[Path, frozenset[tuple[str, str]]]]


def rows() -> list[object]:
    with Path(__file__).with_name("mistakes.csv").open(encoding="utf-8", newline="") as file:
        return [pytest.param(row, id=row["what"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """By language: the starter's workbook, and what is found of it."""
    books = {lang: start(tmp_path_factory.mktemp(lang), None, lang) for lang in LANGUAGES}
    paths = {lang: book[0] for lang, book in books.items() if isinstance(book, tuple)}
    return {lang: (path, frozenset(told(rulectl.check(path).findings))) for lang, path in paths.items()}


def told(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(found.code, str(found.at.place)) for found in findings]


def typed(path: Path, edits: str, folder: Path) -> Path:
    """A copy with `sheet!cell=text` typed into it, several parted by `|`."""
    book = openpyxl.load_workbook(path)
    for edit in filter(None, edits.split("|")):
        place, _, text = edit.partition("=")
        sheet, cell = place.split("!")
        book[sheet][cell] = None if text == "" else int(text) if text.isdecimal() else text
    to = folder / "typed.xlsx"
    book.save(to)
    return to


@pytest.mark.parametrize("row", rows())
def test_a_mistake_is_told_once_and_mended_as_advised(row: dict[str, str], given: Given, tmp_path: Path) -> None:
    path, known = given[row["lang"]]
    wrong = typed(path, row["typed"], tmp_path)
    found = [one for one in told(rulectl.check(wrong).findings) if one not in known]
    assert found == [(code, place) for code, _, place in (one.partition(" ") for one in row["found"].split(";") if one)]
    mended = typed(wrong, row["mended"], tmp_path)
    assert [one for one in told(rulectl.check(mended).findings) if one not in known] == []
