"""Conformance: every model of compliance level 2 of the DMN TCK, imported, written, compiled and decided.

The table is kept in `tck_report.md`; `pytest --accept` rewrites it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rulectl.api import Book
from rulectl.dmn.importing import Imported, import_model
from rulectl.loading import load_rulebook
from rulectl.sheets.writer import write_workbook
from tests.dmn.tck import LEVEL_2, Case, agrees, cases, models

REPORT = Path(__file__).with_name("tck_report.md")
MODELS, CASES, NODES = 28, 116, 126
HEAD = """# DMN TCK, compliance level 2

Each model is imported into a workbook, the workbook is written, compiled and put to the cases of the kit
(`pytest tests/dmn/test_tck.py --accept` rewrites this table).

| model | cases | passed | result nodes | passed |
|---|---:|---:|---:|---:|
"""


def decided(case: Case, imported: Imported, book: Book) -> Iterator[bool]:
    """For each result node whether it comes out as expected."""
    facts = {imported.places[path]: value for path, value in case.given.items()}
    outcome = book.decide({name: list(v) if isinstance(v, tuple) else v for name, v in facts.items()})
    ids = {term.name: term.id for term in book.rulebook.terms}
    values = {**outcome.derived, **outcome.outputs}
    for result in case.results:
        yield all(agrees(values.get(ids[imported.places[path]]), value) for path, value in result.expected.items())


def line(model: Path, folder: Path) -> tuple[str, int, int, int, int]:
    """The line of a model: cases, those that pass, nodes, those that pass."""
    imported = import_model(model.read_bytes(), model.name, "en", f"{model.stem}.xlsx")
    path = folder / f"{model.stem}.xlsx"
    write_workbook(imported.grids, path, "en")
    loaded = load_rulebook(path)
    assert loaded.rulebook is not None, loaded.findings
    book = Book(loaded.rulebook)
    each: list[list[bool]] = [list(decided(case, imported, book)) for case in cases(model)]
    nodes = [passed for case in each for passed in case]
    return model.stem, len(each), sum(map(all, each)), len(nodes), sum(nodes)


def test_level_2(tmp_path: Path, accept: bool) -> None:
    if not models():
        pytest.fail(f"the DMN TCK is not there: its folder is expected beside the project, as {LEVEL_2}")
    lines = [line(model, tmp_path) for model in models()]
    counts = [sum(numbers) for numbers in zip(*(row[1:] for row in lines), strict=True)]
    total = ("all", *counts)
    report = HEAD + "".join(f"| {' | '.join(map(str, row))} |\n" for row in (*lines, total))
    if accept:
        REPORT.write_text(report, "utf-8")
    assert report == REPORT.read_text("utf-8")
    assert len(lines) == MODELS
    assert tuple(counts) == (CASES, CASES, NODES, NODES)
