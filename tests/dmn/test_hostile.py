"""Models that mean no good, or are none: a finding that names what it is, never a traceback, never something silent."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.cli import main
from rulectl.codes import LANGUAGES, registry
from rulectl.compiler import compile_drafts
from rulectl.dmn import feel_text, xml
from rulectl.dmn.feel import read_expression, read_tests
from rulectl.dmn.feel_text import FeelFault
from rulectl.dmn.importing import import_model
from rulectl.dmn.meaning import Env, NeedsColumnError
from rulectl.lang.syntax import Name
from rulectl.report.findings import finding_text
from tests.dmn.stories import decision, definitions, formula, imported, inputs, needs, table, told
from tests.dmn.test_round import draft

BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="&b;"/>"""
OUTSIDE = b"""<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/hostname">]><definitions>&a;</definitions>"""


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (BOMB, "dmn-doctype"),
        (OUTSIDE, "dmn-doctype"),
        (b"", "dmn-not-xml"),
        (b"PK\x03\x04 not xml", "dmn-not-xml"),
        (b"<definitions", "dmn-not-xml"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "dmn-not-xml"),
        (b"<definitions><a></definitions>", "dmn-not-xml"),
        (b"<html><body/></html>", "dmn-not-dmn"),
        (b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', "dmn-not-dmn"),
        # DMN 1.1
        (b'<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd"/>', "dmn-not-dmn"),
        (b"<a>" * 200 + b"</a>" * 200, "dmn-too-large"),
        (definitions(""), "dmn-empty"),
    ],
)
def test_files_that_are_not_read(data: bytes, slug: str) -> None:
    found = import_model(data, "story.dmn").findings
    assert [f.slug for f in found] == [slug]
    assert all(finding_text(found[0], lang) for lang in LANGUAGES)


def test_a_file_may_be_only_so_large(monkeypatch: pytest.MonkeyPatch) -> None:
    data = definitions(inputs(n="number") + formula("r", "n"))
    monkeypatch.setattr(xml, "MAX_BYTES", len(data) - 1)
    assert [f.slug for f in import_model(data, "story.dmn").findings] == ["dmn-too-large"]
    monkeypatch.setattr(xml, "MAX_BYTES", len(data))
    monkeypatch.setattr(xml, "MAX_NODES", 3)
    assert [f.slug for f in import_model(data, "story.dmn").findings] == ["dmn-too-large"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n +", 'dmn-feel: It cannot be read from "" on'),
        ("n ! 3", 'dmn-feel: It cannot be read from "! 3" on'),
        ("m + 1", 'dmn-feel-name: The model has no "m".'),
        ("n.part", 'dmn-feel-part: There is no part "part" here'),
        ("[n][item > 1]", 'dmn-feel-construct: A cell cannot say the "[…]" of FEEL.'),
        ("for x in tags return x + 1", 'dmn-feel-construct: A cell cannot say the "for" of FEEL.'),
        ("function(x) x + 1", 'dmn-feel-construct: A cell cannot say the "function" of FEEL.'),
        ("n instance of number", 'dmn-feel-construct: A cell cannot say the "instance of" of FEEL.'),
        ("sort(tags)", 'dmn-feel-function: Cells have no function "sort".'),
        ("substring before(n, 1)", 'dmn-feel-function: Cells have no function "substring before".'),
        ("min()", "dmn-feel-arguments:"),
        ('date("soon")', 'dmn-feel-constant: "soon" cannot be read as a date'),
        ('duration("P1Y")', 'dmn-feel-constant: "P1Y" cannot be read'),
        ("(" * 100 + "n" + ")" * 100, "dmn-feel-long: The expression is too long or nested too deep (limit 50)."),
        ("n + " * 10_000 + "n", "dmn-feel-long:"),
        ("", "dmn-feel-blank: No expression is written here."),
        # what FEEL may say and a typed cell may not
        ('n + "a" > 3', "not-comparable:"),
        ("n = true", "not-comparable:"),
        ("f(f(n))", "dmn-feel-recursion:"),
    ],
)
def test_expressions_that_cannot_be_carried(text: str, said: str) -> None:
    items = '<itemDefinition name="t" isCollection="true"><typeRef>string</typeRef></itemDefinition>'
    endless = (
        '<businessKnowledgeModel name="f"><encapsulatedLogic><formalParameter name="x"/><literalExpression>'
        "<text>f(x) + f(x)</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"
    )
    data = definitions(items + inputs(n="number", tags="t") + endless + formula("r", text, "number"))
    lines = told(data)
    assert any(said in line for line in lines), lines
    assert all(line.startswith(("decision r", "businessKnowledgeModel f")) for line in lines)
    # and the workbook does not pass for whole
    made = imported(data)
    assert made.rulebook is None
    assert made.grids


def test_an_entry_is_named_and_its_text_stays() -> None:
    tables = table("UNIQUE", "n:number", "r:string", '> 3; "a"', 'years(n); "b"', '< 3; upper case("b")')
    data = definitions(inputs(n="number") + decision("r", tables))
    assert [line.split(": error")[0] for line in told(data)] == ["decision r › rule 2 › n", "decision r › rule 3 › r"]
    made = imported(data)
    cells = [cell for grid in made.grids for row in grid.rows for cell in row]
    assert ":=years(n)" in cells
    assert ':=upper case("b")' in cells
    assert compile_drafts((draft(made.grids, "story.xlsx"),)).rulebook is None


def test_every_way_to_say_too_much() -> None:
    """Kinds of expressions, types, imports, rules of a wrong width: each is told once, at its element."""
    relation = "<relation><column name='a'/></relation>"
    body = '<import name="other" namespace="urn:x" importType="y"/>'
    body += inputs(n="time") + decision("a", relation) + '<decision name="b"/>' + formula("c", "a + b", "number")
    wide = table("UNIQUE", "n:number", "r:number", "> 3; 1")
    wide = wide.replace("</rule>", "<outputEntry><text>2</text></outputEntry></rule>")
    body += decision("d", wide)
    lines = told(definitions(body))
    assert [line.partition(": ")[0] for line in lines[:1]] == ["import other"]
    slugs = {line.partition(": ")[0]: line.split()[-1] for line in lines}
    assert {"import other", "inputData n", "decision a", "decision b", "decision d › rule 1"} <= set(slugs)
    assert not any(line.startswith("decision c") for line in lines)


def test_decisions_that_need_each_other() -> None:
    body = formula("a", "b + 1", "number", "b") + formula("b", "a + 1", "number", "a")
    assert any("dmn-feel-name" in line for line in told(definitions(body)))


NAMES = Env({"n": Name("n"), "two words": Name("two words")})


SIGNS = [*'n"[](){}.,<>=!+-*/?:@ 13', "two words", " and ", " in ", "not(", "if ", " then ", " else ", "date("]


def fault(text: str) -> FeelFault | None:
    for read in (read_expression, read_tests):
        try:
            read(text, NAMES)
        except FeelFault as why:
            return why
        except NeedsColumnError:
            continue
    return None


@settings(max_examples=400)
@given(st.lists(st.sampled_from(SIGNS), max_size=40).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    why = fault(text)
    if why is not None:
        assert why.slug in registry()
        assert 0 <= why.span.start <= why.span.end


def test_the_limits_are_what_the_findings_say() -> None:
    assert feel_text.MAX_TEXT == 20_000
    assert needs("") == ""


# -- on the command line -----------------------------------------------------------------------------------------


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", *map(str, arguments)])


GOOD = definitions(inputs(n="number") + formula("r", "n * 2", "number"))


def test_a_model_becomes_a_workbook_that_compiles(tmp_path: Path) -> None:
    model, book = tmp_path / "model.dmn", tmp_path / "book.xlsx"
    model.write_bytes(GOOD)
    made = run("import", model, "-o", book)
    assert (made.exit_code, made.stdout) == (0, f"{book}: 2 terms, 1 tables, 1 rules.\n")
    assert run("decide", book, "--set", "n=4").exit_code == 0
    back = tmp_path / "back.dmn"
    assert run("export", book, "-o", back).exit_code == 0
    assert run("import", back, "-o", tmp_path / "again.xlsx").exit_code == 0


def test_what_cannot_be_carried_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    model, book = tmp_path / "model.dmn", tmp_path / "book.xlsx"
    model.write_bytes(definitions(inputs(n="number") + formula("r", "n * m", "number")))
    made = run("import", model, "-o", book)
    assert made.exit_code == 1
    assert "model.dmn decision r: error RB155 dmn-feel-name" in made.stdout + made.stderr
    assert book.exists()
    assert run("compile", book).exit_code == 1


def test_a_file_that_is_no_model_leaves_nothing_behind(tmp_path: Path) -> None:
    model, book = tmp_path / "model.dmn", tmp_path / "book.xlsx"
    model.write_bytes(BOMB)
    made = run("import", model, "-o", book)
    assert made.exit_code == 1
    assert "RB143" in made.stdout + made.stderr
    assert not book.exists()
    assert run("import", tmp_path / "none.dmn", "-o", book).exit_code == 2
    assert run("import", model, "-o", tmp_path / "book.csv").exit_code == 2
    assert run("export", "after_sales", "--format", "dmn", "-o", tmp_path / "x.xlsx").exit_code == 2


def test_findings_as_json_name_the_element(tmp_path: Path) -> None:
    model = tmp_path / "model.dmn"
    model.write_bytes(definitions(formula("r", "m")))
    made = run("import", model, "-o", tmp_path / "book.xlsx", "--format", "json")
    assert '"element":"decision r"' in (made.stdout + made.stderr).replace('": "', '":"')
