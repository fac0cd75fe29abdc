"""Findings as this room makes them: at a cell, with its text, the names that come nearest, words in both languages."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from rulectl.codes import LANGUAGES, Severity
from rulectl.compiler.work import Work
from rulectl.diagnostics import Finding, Note
from rulectl.lang.scope import Broken, Problem
from rulectl.model import words
from rulectl.model.draft import DraftCell
from rulectl.model.policy import HitPolicy
from rulectl.model.rulebook import Term
from rulectl.source import Cell, Location, Place, Span
from rulectl.types import Kind

T = TypeVar("T")
SHOWN = 12
"""How many names a sentence lists."""


UNKNOWN = frozenset(("unknown-name", "unknown-word"))
"""What the language says of a name that it does not know."""


CLASHES = frozenset(
    (
        *(f"not-a-{noun}" for noun in ("text", "number", "boolean", "date", "datetime", "duration", "single-value")),
        *("clock-in-date", "not-ordered", "contains-needs-list", "measure-in-text"),
    )
)
"""What the language says of a cell that is of another type than its column."""


def complain(slug: str, cell: DraftCell, note: tuple[str, Cell | None] | None = None, /, **fields: object) -> Finding:
    """A finding about a whole cell; `note` is the key of a note's sentence and its cell."""
    notes = (Note(note[0], Location(note[1])),) if note is not None and note[1] is not None else ()
    said = tuple((name, str(value)) for name, value in fields.items())
    return Finding(slug, Location(cell.at, cell.text), said, notes)


def blame(
    slug: str, cell: DraftCell, part: str, note: tuple[str, Cell | None] | None = None, /, **fields: object
) -> Finding:
    """A finding about a part of a cell, such as one item of a list; about the whole cell when it is not found there."""
    whole = complain(slug, cell, note, **fields)
    start = cell.text.find(part) if part else -1
    return whole if start < 0 else replace(whole, at=Location(cell.at, cell.text, Span(start, start + len(part))))


def judged(
    problems: Problem | Broken | Sequence[Problem], cell: DraftCell, work: Work, term: str | None = None
) -> tuple[Finding, ...]:
    """What the language says of a cell, as findings there; nothing when the cell speaks of something that is broken
    itself. `term` is the id of the term whose value the cell holds or tests: a clash of types says where its type was
    stated."""
    if work.mentions_broken(cell.text):
        return ()
    if isinstance(problems, Problem):
        problems = (problems,)
    elif isinstance(problems, Broken):
        problems = problems.problems
    if work.incomplete and any(problem.slug in UNKNOWN for problem in problems):
        return ()
    return tuple(
        Finding(
            problem.slug,
            Location(cell.at, cell.text, problem.span),
            problem.fields,
            tuple(Note(key, Location(at)) for key, at in (*problem.cells, *_type_of(problem, term, work))),
        )
        for problem in problems
    )


def _type_of(problem: Problem, term: str | None, work: Work) -> tuple[tuple[str, Cell], ...]:
    """Where the type is stated that a cell is not of."""
    stated = work.stated.get((term, "type")) if term is not None and problem.slug in CLASHES else None
    return () if stated is None else (("note-type", stated),)


def alike(text: str, known: Iterable[str]) -> list[str]:
    """The known names that look like a text, at most three."""
    plain = {words.fold(name): name for name in known}
    return [plain[name] for name in difflib.get_close_matches(words.fold(text)[:80], plain, n=3, cutoff=0.5)]


def nearest(text: str, known: Iterable[str]) -> str:
    """The known names that look like a text; where none does, the known names, as many as a sentence can bear."""
    all_names = list(dict.fromkeys(name for name in known if name))
    close = alike(text, all_names)
    shown = close or all_names[:SHOWN]
    return " / ".join(shown) + (" …" if not close and len(all_names) > SHOWN else "")


def vocabulary_of(category: str, text: str = "") -> dict[str, str]:
    """The words of a closed set, as the fields `choices_zh` and `choices_en`; with a text, those that look like it."""
    return {f"choices_{lang}": nearest(text, words.choices(category, lang)) for lang in LANGUAGES}


def heading_of(category: str, key: str) -> dict[str, str]:
    """The words of a heading or key, as the fields `heading_zh` and `heading_en`."""
    return {"heading_zh": words.word(category, key, "zh"), "heading_en": words.word(category, key, "en")}


def not_a_choice(cell: DraftCell, category: str) -> Finding:
    """A cell that should hold one of a closed set of words and holds another."""
    choices = vocabulary_of(category)
    if category == "type":
        choices |= {
            f"choices_{lang}": f"{choices[f'choices_{lang}']} / {words.type_word(Kind.ENUM, True, lang)}"
            for lang in LANGUAGES
        }
    if category == "policy":
        # people know the letters better than the words
        letters, names = words.choices(category, "en"), words.choices(category, "zh")
        choices["choices_zh"] = " / ".join(f"{letter} {name}" for letter, name in zip(letters, names, strict=True))
    return complain("unknown-choice", cell, text=cell.text.strip(), **choices)


def chosen(cell: DraftCell | None, category: str, read: Callable[[str], T | None], found: list[Finding]) -> T | None:
    """Which of a closed set of words a cell holds; None where it is blank or not there, or, with a finding, holds
    another."""
    if cell is None or cell.blank:
        return None
    choice = read(cell.text)
    if choice is None:
        found.append(not_a_choice(cell, category))
    return choice


def strange(slug: str, cell: DraftCell, category: str) -> Finding:
    """A heading or key that is none of its block."""
    known = [*words.choices(category, "zh"), *words.choices(category, "en")]
    return complain(slug, cell, text=cell.text.strip(), near=nearest(cell.text, known))


def repeated(cell: DraftCell, first: DraftCell) -> Finding:
    """A heading or key that stands for the second time."""
    return complain("repeated-heading", cell, ("note-first", first.at), text=cell.text.strip())


def left_blank(cell: DraftCell, category: str, key: str) -> Finding:
    """A cell that must be filled in and is not."""
    return complain("blank-cell", cell, **heading_of(category, key))


def copied_row(cell: DraftCell, name: str, first: Cell) -> Finding:
    """A row of the vocabulary with the name or id of another; whose own name it hides is told later (`displaced`)."""
    return complain("copied-row", cell, ("note-first", first), name=name, missing_zh="", missing_en="")


def unknown_term(cell: DraftCell, text: str, work: Work, known: Iterable[str]) -> tuple[Finding, ...]:
    """A name that no vocabulary has, beside those that it might be; nothing when it is declared but broken, or may be
    declared in a workbook that is missing."""
    if work.incomplete or work.is_broken(text):
        return ()
    return (blame("unknown-term", cell, text, text=text, near=nearest(text, known)),)


def names_of_terms(work: Work) -> list[str]:
    """Names first, then ids and aliases: what a manager may have meant."""
    return [
        *(term.name for term in work.terms),
        *(term.id for term in work.terms),
        *(alias for term in work.terms for alias in term.aliases),
    ]


def ill_suited(slug: str, cell: DraftCell, term: Term, policy: HitPolicy, work: Work) -> Finding:
    """A policy that cannot settle a term. Where its values have been found to count for nothing, that is what is to be
    mended: the same finding again, now an error."""
    idle = next((f for f in work.findings if f.slug == "values-unsuitable" and _in_row(f.at.place, term.cell)), None)
    if slug == "policy-needs-values" and idle is not None:
        return replace(idle, notes=(Note("note-policy", Location(cell.at)),), severity_override=Severity.ERROR)
    return complain(slug, cell, term=term.name, policy=policy.value, **heading_of("policy", policy.value))


def _in_row(place: Place, cell: Cell | None) -> bool:
    """Whether a place is a cell in the row of another."""
    if not isinstance(place, Cell) or cell is None:
        return False
    return (place.file, place.sheet, place.row) == (cell.file, cell.sheet, cell.row)
