"""Stories: one markdown file each, with a workbook as text and the exact findings or outcomes. See README.md.

To add a kind of expectation, write a function from `Story` to text and name its fence in `HANDLERS`, or in `OF_CASES`
where it is about the cases above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pytest

from rulectl.analysis.budget import Budget
from rulectl.analysis.chains import CHECKS as CHAINS
from rulectl.analysis.checks import TABLES, analyse, verdicts
from rulectl.analysis.policies import CHECKS as POLICIES
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Question, as_finding
from rulectl.codec.decode import loads
from rulectl.codec.encode import dumps
from rulectl.codes import LANGUAGES, registry, say
from rulectl.compiler import Compiled, compile_drafts, includes
from rulectl.diagnostics import Finding
from rulectl.lang.printer import print_expr, print_test
from rulectl.model.draft import Draft
from rulectl.model.rulebook import (
    Expectation,
    ListIs,
    ListSize,
    Parameter,
    Rule,
    Rulebook,
    Table,
    Term,
    ValueIs,
)
from rulectl.model.words import type_word
from rulectl.sheets.blocks import read_grid
from rulectl.sheets.export import export_grids
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import grids, read_text
from rulectl.sheets.writer import write_workbook
from rulectl.source import Cell, CellRange, FilePlace
from rulectl.types import NUMBER, STRING
from rulectl.values import duration_text, plain_text
from tests.corpus.outcomes import answers, outcomes

HERE = Path(__file__).parent
ENTRY = "story.xlsx"
FENCE = re.compile(r"^```(?P<kind>[a-z-]+)(?: (?P<name>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Fence:
    """A fenced block: its kind, the name after it, its text, and where the text stands in the file."""

    kind: str
    name: str
    body: str
    start: int
    end: int


class Story:
    """A story file. The first workbook is the one that is compiled; the others, by name, are what it includes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text("utf-8")
        self.fences = tuple(
            Fence(found["kind"], found["name"] or "", found["body"], found.start("body"), found.end("body"))
            for found in FENCE.finditer(self.text)
        )

    def of(self, *kinds: str) -> Iterator[Fence]:
        return (fence for fence in self.fences if fence.kind in kinds)

    @cached_property
    def drafts(self) -> tuple[Draft, ...]:
        """The workbook and its includes, each once, in the order in which they are named."""
        books = {
            (fence.name or ENTRY).removesuffix(".xlsx"): read_text(fence.body, fence.name or ENTRY)
            for fence in self.of("workbook")
        }
        found: dict[str, Draft] = {}
        todo = [next(iter(books))]
        while todo:
            name = todo.pop(0)
            if name not in found:
                found[name] = books[name]
                todo.extend(named.removesuffix(".xlsx") for named, _ in includes(books[name]))
        return tuple(found.values())

    @cached_property
    def compiled(self) -> Compiled:
        return compile_drafts(self.drafts)

    @property
    def rulebook(self) -> Rulebook:
        assert self.compiled.rulebook is not None, "the workbook has errors: " + findings(self)
        return self.compiled.rulebook


# -- what a story can expect --------------------------------------------------------------------------------------


def findings(story: Story) -> str:
    """`责任判定!C7 RB203 error unclosed-range «[1..5»`, then a line for each note."""
    return "".join(f"{line}\n" for finding in story.compiled.findings for line in _finding_lines(finding, story))


def _finding_lines(finding: Finding, story: Story) -> Iterator[str]:
    at = finding.at
    part = at.text if at.span is None else at.text[at.span.start : at.span.end]
    underlined = "" if not part else " «" + part.replace("\n", "⏎") + "»"
    yield f"{_place(at.place, story)} {finding.code} {finding.severity.value} {finding.slug}{underlined}"
    for note in finding.notes:
        yield f"  {note.key} {_place(note.at.place, story)}"


def _place(place: object, story: Story) -> str:
    """A place; of another workbook than the first with its name."""
    file = place.file if isinstance(place, Cell | CellRange | FilePlace) else ""
    other = file not in ("", story.drafts[0].file)
    return f"[{file}]{place}" if other else str(place)


def tables(story: Story) -> str:
    """Each table in firing order: stratum, name, tier, salience; its conclusions and policies; its rules."""
    book = story.rulebook
    items: tuple[Term | Parameter, ...] = (*book.terms, *book.parameters)
    names = {item.id: item.name for item in items}
    return "".join(f"{line}\n" for table in book.tables for line in _table_lines(table, names, book))


def _table_lines(table: Table, names: Mapping[str, str], book: Rulebook) -> Iterator[str]:
    outputs = ", ".join(f"{names[column.term]} {column.policy.value}" for column in table.outputs)
    yield f"{table.stratum} {table.name} ({table.tier.value}, {table.salience}): {outputs}"
    for rule in table.rules:
        yield f"  {rule.id}: {_rule_text(rule, table, names, book)}"


def _rule_text(rule: Rule, table: Table, names: Mapping[str, str], book: Rulebook) -> str:
    when = [print_test(entry.test, column.type, names) for column, entry in zip(table.inputs, rule.when, strict=True)]
    then = [
        "" if entry.expr is None else print_expr(entry.expr, names, in_cell=book.term(column.term).type)
        for column, entry in zip(table.outputs, rule.then, strict=True)
    ]
    state = "" if rule.enabled else " (off)"
    return f"{'otherwise' if rule.otherwise else ' | '.join(when)} -> {' | '.join(then)}".rstrip() + state


def terms(story: Story) -> str:
    """Each term: id, name, role, type and what else it states; then the parameters with their values."""
    return "".join(f"{line}\n" for line in _term_lines(story.rulebook))


def _term_lines(book: Rulebook) -> Iterator[str]:
    for term in book.terms:
        also = {
            "values": ";".join(term.type.values),
            "unit": term.unit,
            "required": "yes" if term.required else "",
            "default": plain_text(term.default),
            "aliases": ";".join(term.aliases),
            "merge": term.merge.value,
            "favours": term.favours.value if term.favours else "",
        }
        said = ", ".join(f"{key} {value}" for key, value in also.items() if value)
        yield f"{term.id} {term.name}: {term.role.value} {type_word(term.type.kind, term.type.many, 'en')}, {said}"
    for parameter in book.parameters:
        type_ = type_word(parameter.type.kind, parameter.type.many, "en")
        yield f"{parameter.id} {parameter.name}: {type_} {plain_text(parameter.value)} {parameter.unit}".rstrip()


def aggregates(story: Story) -> str:
    """Each aggregate in the words of the language."""
    book = story.rulebook
    names = {term.id: term.name for term in book.terms} | {p.id: p.name for p in book.parameters}
    lines = []
    for one in book.aggregates:
        window = f" within {'last ' if one.back_only else ''}{duration_text(one.window)}" if one.window else ""
        time = f" of {names[one.time]}" if one.time else ""
        where = f" where {print_expr(one.where, names)}" if one.where else ""
        by = ", ".join(names[id_] for id_ in one.by)
        of = f" of {names[one.of]}" if one.of else ""
        lines.append(f"{names[one.term]}: {one.function}{of} per ({by}){window}{time}{where}\n")
    return "".join(lines)


def own_tests(story: Story) -> str:
    """Each test of the workbook: facts, then what is expected."""
    book = story.rulebook
    names = {term.id: term.name for term in book.terms} | {"status": "status"}
    lines = []
    for test in book.tests:
        facts = ", ".join(f"{names[id_]} = {plain_text(value)}" for id_, value in test.facts)
        wanted = ", ".join(
            f"{names[one.term]} {' & '.join(_expected(e, one.term, book) for e in one.all_of)}" for one in test.expected
        )
        lines.append(f"{test.id}: {facts} => {wanted}\n")
    return "".join(lines)


def _expected(one: Expectation, term: str, book: Rulebook) -> str:
    names = {item.id: item.name for item in book.terms}
    match one:
        case ValueIs():
            return "meets " + print_test(one.test, STRING if term == "status" else book.term(term).type, names)
        case ListIs():
            return one.op + plain_text(one.items)
        case ListSize():
            return "#" + print_test(one.test, NUMBER, names)


def checks(story: Story) -> str:
    """What the checks of single tables come to: each verdict but the proofs, then the proofs by their subjects."""
    return _checked(story, TABLES)


def chains(story: Story) -> str:
    """The same of the checks on chains of tables and on policies."""
    return _checked(story, (*CHAINS, *POLICIES))


def everything(story: Story) -> str:
    """What is told of a rulebook in the end: of all checks, each mistake once."""
    return _verdict_lines(story, analyse(story.rulebook, Budget()))


def _checked(story: Story, asked: tuple[Question, ...]) -> str:
    study = Study(story.rulebook)
    return _verdict_lines(story, [as_finding(one, study.names) for one in verdicts(study, Budget(), asked)])


def _verdict_lines(story: Story, found: Sequence[Finding]) -> str:
    lines = [line for one in found if one.verdict != "proved" for line in _check_lines(one, story)]
    proofs: dict[str, list[str]] = {}
    for one in found:
        if one.verdict == "proved":
            proofs.setdefault(one.slug, []).append(one.table or dict(one.fields)["name"])
    lines += [f"proved {slug}: {', '.join(names)}" for slug, names in proofs.items()]
    return "".join(f"{line}\n" for line in lines)


def _check_lines(one: Finding, story: Story) -> Iterator[str]:
    rules = f" ({', '.join(one.rules)})" if one.rules else ""
    yield f"{one.verdict} {one.code} {one.severity.value} {one.slug} {_place(one.at.place, story)}{rules}"
    yield f"  {one.message('zh')}"
    if one.case:
        yield "  case: " + ", ".join(f"{name}={value}" for name, value in one.example("zh").items())
    for note in one.notes:
        yield f"  {note.key} {_place(note.at.place, story)}"


HANDLERS: dict[str, Callable[[Story], str]] = {
    "findings": findings,
    "terms": terms,
    "aggregates": aggregates,
    "tables": tables,
    "tests": own_tests,
    "checks": checks,
    "chains": chains,
    "everything": everything,
}


def same(story: Story, body: str) -> None:
    """A fence `same` holds a workbook that must compile to an equal rulebook."""
    other = compile_drafts((read_text(body, ENTRY),))
    assert other.findings == ()
    assert other.rulebook == story.rulebook


CHECKS: dict[str, Callable[[Story, str], None]] = {"same": same}


def expected_outcomes(story: Story, fence: Fence) -> str:
    """What the rulebook decides of the cases in the fence `cases` above."""
    above = [cases for cases in story.of("cases") if cases.end < fence.start]
    assert above, "outcomes stand below their cases"
    return outcomes(story.rulebook, above[-1].body, lambda place: _place(place, story))


def why_not(story: Story, fence: Fence) -> str:
    """Why each of the cases in the fence `cases` above did not get what stands behind the name of this one."""
    above = [cases for cases in story.of("cases") if cases.end < fence.start]
    return answers(story.rulebook, above[-1].body, fence.name)


OF_CASES: dict[str, Callable[[Story, Fence], str]] = {"outcomes": expected_outcomes, "why-not": why_not}
INPUTS = ("workbook", "cases")

# -- the tests ----------------------------------------------------------------------------------------------------

STORIES = sorted(
    (*HERE.glob("compile/*/*.md"), *HERE.glob("decide/*.md"), *HERE.glob("why/*.md"), *HERE.glob("check/*/*.md"))
)
BAD = HERE / "compile" / "bad"
GOOD = [path for path in STORIES if path.parent != BAD]


def named(path: Path) -> str:
    """The name of a story's tests."""
    return str(path.relative_to(HERE).with_suffix(""))


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_story(path: Path, accept: bool) -> None:
    story = Story(path)
    unknown = {fence.kind for fence in story.fences} - {*HANDLERS, *CHECKS, *OF_CASES, *INPUTS}
    assert not unknown, f"nothing reads the fences {unknown}"
    for fence in story.of(*CHECKS):
        CHECKS[fence.kind](story, fence.body)
    for finding in story.compiled.findings:
        for lang in LANGUAGES:
            assert finding.message(lang)
            assert "{" not in finding.message(lang) + finding.help(lang)
            assert all(say(note.key, lang) for note in finding.notes)
    wanted = [(fence, HANDLERS[fence.kind](story)) for fence in story.of(*HANDLERS)]
    wanted += [(fence, OF_CASES[fence.kind](story, fence)) for fence in story.of(*OF_CASES)]
    if accept:
        text = story.text
        for fence, got in sorted(wanted, key=lambda pair: -pair[0].start):
            text = text[: fence.start] + got + text[fence.end :]
        if text != story.text:
            path.write_text(text, "utf-8")
        return
    for fence, got in wanted:
        assert got == fence.body
    if not any(story.of("findings")):
        assert findings(story) == ""
    if path.parent == BAD:
        assert story.compiled.findings, "a story in bad/ has a finding"
    else:
        assert story.compiled.rulebook is not None


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_story_in_a_real_workbook(path: Path, tmp_path: Path) -> None:
    """What is said of a text is said of the workbook that it becomes, at the same cells."""
    story, real = Story(path), Story(path)
    for draft, fence in ((draft, fence) for draft in story.drafts for fence in story.of("workbook")):
        if (fence.name or ENTRY) == draft.file:
            write_workbook(grids(fence.body), tmp_path / draft.file)
    real.drafts = tuple(read_workbook(tmp_path / draft.file) for draft in story.drafts)
    assert findings(real) == findings(story)
    assert real.compiled.rulebook == story.compiled.rulebook


@pytest.mark.parametrize("path", GOOD, ids=named)
def test_good_story_goes_round(path: Path) -> None:
    """A rulebook is the same after a trip through JSON, and after one through the workbook that is made of it."""
    book = Story(path).rulebook
    assert loads(dumps(book), "story.json") == book
    drafts = [read_grid(grid, ENTRY) for grid in export_grids(book)]
    again = compile_drafts((Draft(ENTRY, tuple(block for blocks, _ in drafts for block in blocks)),))
    assert again.findings == ()
    assert again.rulebook is not None
    assert without_books(again.rulebook) == without_books(book)


def without_books(book: Rulebook) -> Rulebook:
    """Without a word of which workbook a table came from: one workbook holds them all once they are written out."""
    return replace(book, includes=(), tables=tuple(replace(table, book="") for table in book.tables))


@pytest.mark.parametrize("block", ["RB3"])
def test_every_code_has_a_story(block: str) -> None:
    told = {
        code
        for path in STORIES
        if path.parent == BAD
        for fence in Story(path).of("findings")
        for code in re.findall(r"\bRB\d{3}\b", fence.body)
    }
    # cells of a text cannot be merged: tests/compiler/test_merged.py
    untold = {registry()["merged-across"].code}
    assert {code.code for code in registry().values() if code.code.startswith(block)} - told == untold


def test_every_check_of_a_table_has_a_story_that_fails_it() -> None:
    told = {
        slug
        for path in HERE.glob("check/bad/*.md")
        for fence in Story(path).of("checks")
        for slug in re.findall(r"^counterexample RB\d{3} \w+ (\S+)", fence.body, re.MULTILINE)
    }
    assert {question.slug for question in TABLES} <= told


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_story_has_a_title_and_says_why(path: Path) -> None:
    head = path.read_text("utf-8").split("```")[0]
    assert head.startswith("# ")
    assert len(head.strip().splitlines()) >= 3
