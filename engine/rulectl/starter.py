"""A workbook to start from, and a case file to try it on.

What is named is the workbook where the name ends like one, else the folder for it. The starter is text in the
catalogue, one in each language; a template is a shipped rulebook, copied. The cases are those of the workbook's own
tests, so that the first run shows results that can be looked up.
"""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

from rulectl.books import shipped, shipped_names
from rulectl.cases.writer import Target
from rulectl.codes import Language, say, texts
from rulectl.diagnostics import Finding, finding, listed
from rulectl.loading import load_rulebook
from rulectl.model.policy import Role
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook
from rulectl.source import FilePlace, OptionPlace
from rulectl.values import plain_text

_CASES = 20
_OTHER = (".xls", ".xlsm", ".xlsb", ".xltx", ".ods", ".et", ".csv", ".tsv", ".json", ".md", ".doc", ".docx", ".txt")
"""What people may name who mean a workbook, and that none can be written as."""


def start(place: Path, template: str | None, lang: Language) -> tuple[Path, Path] | Finding:
    """Write workbook and case file: the workbook that `place` names, else those of the usual names into that folder.
    Folders are made when they are not there; nothing that exists is overwritten."""
    source = shipped(template) if template is not None else None
    if template is not None and source is None:
        return finding("unknown-template", OptionPlace("--template"), name=template, names=listed(shipped_names()))
    ending = "" if os.path.isdir(place) else place.suffix.lower()
    if ending in _OTHER:
        return finding("not-a-workbook-name", FilePlace(str(place)), file=place)
    if ending == ".xlsx":
        folder, book = place.parent, place
        cases = folder / f"{place.stem}-{say('starter-cases', lang)}"
    else:
        folder, book = place, place / (source.name if source else say("starter-book", lang))
        cases = folder / say("starter-cases", lang)
    for path in (book, cases):
        if os.path.exists(path):
            return finding("output-exists", FilePlace(str(path)), file=path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if source is not None:
            shutil.copyfile(source, book)
        else:
            write_workbook(grids(texts()["starter"][lang]), book, lang)
        rulebook = load_rulebook(book).rulebook
        assert rulebook is not None, "a shipped workbook has no errors"
        _write_cases(rulebook, cases, lang)
    except OSError:
        return finding("cannot-write", FilePlace(str(folder)), file=folder)
    return book, cases


def _write_cases(rulebook: Rulebook, path: Path, lang: Language) -> None:
    """The facts of the first tests as a case file, a column for each input that one of them gives."""
    tests = [dict(test.facts) for test in rulebook.tests[:_CASES]]
    used = {id_ for facts in tests for id_ in facts}
    terms = [t for t in rulebook.terms if t.role is Role.INPUT and (t.id in used or t.required)]
    with Target(str(path)) as target:
        writer = csv.writer(target.stream)
        writer.writerow([term.name for term in terms])
        writer.writerows([plain_text(facts.get(term.id), lang) for term in terms] for facts in tests)
