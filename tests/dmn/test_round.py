"""Law: rulebook -> DMN -> workbook -> rulebook is the identity on meaning."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from rulectl.books import shipped_names
from rulectl.codec.hashing import content_hash
from rulectl.codes import LANGUAGES, Language
from rulectl.compiler import compile_drafts
from rulectl.dmn.exporting import export_model
from rulectl.dmn.importing import import_model
from rulectl.loading import load_rulebook
from rulectl.model.draft import Draft
from rulectl.model.rulebook import Rulebook
from rulectl.report.findings import finding_text
from rulectl.sheets.blocks import Grid, read_grid
from rulectl.sheets.export import export_grids
from rulectl.source import Cell
from tests.corpus.test_corpus import GOOD, Story
from tests.runtime import drawn
from tests.sheets.test_export import EVERYTHING, compiled


def draft(grids: tuple[Grid, ...], file: str) -> Draft:
    return Draft(file, tuple(block for grid in grids for block in read_grid(grid, file)[0]))


def plain(book: Rulebook) -> Rulebook:
    """A rulebook as its own workbook has it: what it took from others stands in it whole."""
    if not book.includes:
        return book
    made = compile_drafts((draft(export_grids(book), book.source),))
    assert made.rulebook is not None, made.findings
    return made.rulebook


def returned(book: Rulebook, lang: Language = "zh") -> Rulebook:
    """The rulebook after a journey through DMN."""
    data = export_model(book, lang)
    imported = import_model(data, "model.dmn", lang, book.source)
    told = "\n".join(finding_text(found, "en") for found in imported.findings)
    assert not imported.findings, told
    assert imported.rulebook is not None
    return imported.rulebook


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_that_a_workbook_says_returns(lang: Language) -> None:
    book = compiled(EVERYTHING)
    assert content_hash(returned(book, lang)) == content_hash(book)


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_rulebook_returns(name: str) -> None:
    loaded = load_rulebook(name).rulebook
    assert loaded is not None
    book = plain(loaded)
    assert content_hash(returned(book)) == content_hash(book)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_story_returns(path: Path) -> None:
    story = Story(path)
    made = compile_drafts(story.drafts).rulebook
    assert made is not None
    book = plain(made)
    assert content_hash(returned(book)) == content_hash(book)


def readable(book: Rulebook) -> Rulebook:
    """A drawn rulebook as a workbook can say it: rows that no person could have written (an empty range, a period that
    ends before it begins) are taken out."""
    grids = export_grids(book)
    for _ in range(5):
        made = compile_drafts((draft(grids, "drawn.xlsx"),))
        if made.rulebook is not None:
            return made.rulebook
        errors = [found.at.place for found in made.findings if found.severity.value == "error"]
        wrong = {(place.sheet, place.row) for place in errors if isinstance(place, Cell)}
        grids = tuple(
            Grid(grid.name, tuple(row for n, row in enumerate(grid.rows, 1) if (grid.name, n) not in wrong))
            for grid in grids
        )
    raise AssertionError("no readable rulebook was drawn")


@pytest.mark.parametrize("seed", range(60))
def test_a_drawn_rulebook_returns(seed: int) -> None:
    book = readable(drawn.rulebook(Random(seed), loops=seed % 3 == 0))
    assert content_hash(returned(book)) == content_hash(book)
