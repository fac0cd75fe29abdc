"""The wrong file in the wrong place, as it happens: each is told for what it is, with what to do, in both languages."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from rulectl.codes import LANGUAGES
from tests.cli.demo import CASES, DEMO, Run

HEAD = "工单号,问题类型,订单金额\n"


def package(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            made.writestr(name, "<x/>")


def rulebook(path: Path, **sheets: list[list[object]]) -> None:
    """A workbook with the blocks of a rulebook, and other sheets beside them."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "规则"
    for row in (
        ["词汇表"],
        ["名称", "编号"],
        ["工单号", "问题类型"],
        [],
        ["决策表", "责任"],
        ["测试表"],
        ["工单号", "问题类型", "订单金额"],
    ):
        page.append(row)
    for name, rows in sheets.items():
        more = book.create_sheet(name)
        for cells in rows:
            more.append(cells)
    book.save(path)


@pytest.fixture
def files(run: Run, tmp_path: Path) -> Path:
    """A folder full of what people drag in."""
    package(tmp_path / "letter.docx", "word/document.xml")
    package(tmp_path / "letter.csv", "word/document.xml")
    package(tmp_path / "letter.xlsx", "word/document.xml")
    package(tmp_path / "photos.csv", "a.txt")
    package(tmp_path / "broken.xlsx", "xl/workbook.xml")
    (tmp_path / "~$cases.xlsx").write_bytes(b"\x07\x55ser" + b"\0" * 160)
    page = "<html><table><tr><td>工单号</td></tr></table></html>"
    (tmp_path / "page.xls").write_text("\ufeff\n" + page, "utf-8")
    (tmp_path / "page.csv").write_text("<?xml version='1.0'?>" + page, "utf-8")
    (tmp_path / "twice.csv").write_text("工单号,问题类型,订单金额,备注,订单金额\nA1,色差,1,x,2\n", "utf-8")
    (tmp_path / "serial.csv").write_text(HEAD + "A1,色差,1\n", "utf-8")
    (tmp_path / "folder").mkdir()
    rulebook(tmp_path / "book.xlsx")
    return tmp_path


CASE_FILES = {
    "letter.docx": ("not-a-case-file", "docx"),
    "letter.csv": ("not-a-case-file", "docx"),
    "letter.xlsx": ("not-a-case-file", "docx"),
    "photos.csv": ("packed-case-file", "zip"),
    "broken.xlsx": ("broken-case-file", "Excel"),
    "~$cases.xlsx": ("lock-file", "~$"),
    "page.xls": ("not-a-case-file", "html"),
    "page.csv": ("not-a-case-file", "xml"),
    "twice.csv": ("same-heading-twice", "5"),
    "folder": ("folder-not-file", "folder"),
    "book.xlsx": ("cases-are-rulebook", "rulectl test"),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CASE_FILES)
def test_what_is_no_file_of_cases(name: str, lang: str, files: Path, run: Run) -> None:
    slug, word = CASE_FILES[name]
    done = run("--lang", lang, "batch", DEMO, name, "-o", "out.csv")
    assert done.exit_code in (1, 2)
    assert (slug in done.stderr, word in done.stderr) == (True, True), done.stderr
    assert not (files / "out.csv").exists()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("command", ["check", "test", "decide", "batch", "explain", "export", "diff"])
def test_a_file_of_cases_in_place_of_the_rulebook(command: str, lang: str, run: Run) -> None:
    rest = {
        "batch": [DEMO, "-o", "out.csv"],
        "explain": [DEMO, "--case-id", "1"],
        "export": ["-o", "x.xlsx"],
        "diff": [DEMO],
        "decide": ["--set", "工单号=1"],
    }
    done = run("--lang", lang, command, "cases.csv", *rest.get(command, []))
    assert (done.exit_code, "RB735 book-is-table" in done.stdout + done.stderr) == (1, True), done.output


def test_cases_on_a_sheet_of_the_rulebook(run: Run, tmp_path: Path) -> None:
    """They may lie there; the sheets of rules are left alone."""
    rulebook(tmp_path / "all.xlsx", 案例=[["工单号", "问题类型", "订单金额"], ["A1", "色差", 5]])
    done = run("batch", DEMO, "all.xlsx", "-o", "out.csv")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()[1].startswith("A1,")


def test_a_title_that_is_a_marker_by_chance(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("统计表\n" + CASES, "utf-8")
    assert run("batch", DEMO, "cases.csv", "-o", "out.csv").exit_code in (0, 1)
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (["统计表"], ["工单号", "问题类型", "订单金额"], ["A1", "色差", 5]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert run("batch", DEMO, "t.xlsx", "-o", "out.csv").exit_code == 0


def test_what_must_be_given_stands_in_the_usage(run: Run) -> None:
    done = run("batch", DEMO, "cases.csv")
    assert (done.exit_code, "rulectl batch [OPTIONS] BOOK CASES -o OUT" in done.stderr) == (2, True), done.stderr
    assert "BOOK CASES --case-id ID" in run("explain", "--help").stdout


@pytest.mark.parametrize(("text", "clock"), [("45839", ""), ("45839.5", " 12:00"), ("４５８３９", "")])
def test_a_date_that_excel_wrote_as_a_number(text: str, clock: str) -> None:
    from rulectl.lang.literals import read_value
    from rulectl.lang.scope import Problem
    from rulectl.types import Kind, Type

    for kind, more in ((Kind.DATE, ""), (Kind.DATETIME, clock)):
        found = read_value(text, Type(kind))
        assert isinstance(found, Problem)
        assert (found.slug, dict(found.fields)["date"]) == ("serial-date", "2025-07-01" + more)
    assert read_value("20250701", Type(Kind.DATE)) is not None


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["cases.csv", "letter.docx", "page.xls"])
def test_a_file_that_is_no_case(name: str, lang: str, files: Path, run: Run) -> None:
    done = run("--lang", lang, "decide", DEMO, "--case", name)
    assert (done.exit_code, "RB736 not-a-json-file" in done.stderr) == (1, True), done.stderr


def test_a_rulebook_that_there_is_not(run: Run) -> None:
    assert "after_sales" in run("check", "qqq").stdout


@pytest.mark.parametrize("command", ["check", "test", "decide", "batch", "explain", "export", "diff", "init"])
def test_a_name_that_is_too_long_is_told(command: str, run: Run) -> None:
    name = "手" * 200 + ".xlsx"
    more = {
        "batch": ["cases.csv", "-o", "o.csv"],
        "explain": ["cases.csv", "--case-id", "1"],
        "export": ["-o", "x.xlsx"],
    }
    result = run(command, name, *more.get(command, ["b.xlsx"] if command == "diff" else []))
    assert result.exit_code in (1, 2)
    assert "internal-error" not in result.output + result.stderr


def test_a_case_file_of_too_long_a_name_is_told(run: Run) -> None:
    result = run("batch", DEMO, "手" * 200, "-o", "o.csv")
    assert (result.exit_code, "RB706 no-such-file" in result.stderr) == (2, True)


def test_no_name_is_no_folder(run: Run) -> None:
    assert "RB701 book-not-found" in run("test", "").stderr


def test_only_names_that_are_alike_are_suggested(run: Run, tmp_path: Path) -> None:
    """Two names are not alike for ending in .xlsx both."""
    rulebook(tmp_path / "o1.xlsx")
    rulebook(tmp_path / "hotel.xlsx")
    assert "book-not-found-near" not in run("test", "nosuch.xlsx").stderr
    assert 'Is "hotel.xlsx" meant?' in run("test", "hotels.xlsx").stderr


def test_a_compiled_rulebook_in_the_place_of_cases(run: Run) -> None:
    assert run("compile", DEMO, "-o", "book.json").exit_code == 0
    result = run("batch", DEMO, "book.json", "-o", "o.csv")
    assert result.exit_code == 1
    assert result.stderr.count("RB") == 1
    assert "RB445 cases-are-rulebook" in result.stderr


def test_export_leaves_the_managers_own_workbook_alone(run: Run, tmp_path: Path) -> None:
    """The workbook that a rulebook was compiled from has notes, colours and comments, which compiled JSON has not."""
    assert run("init", "own.xlsx").exit_code == 0
    assert run("compile", "own.xlsx", "-o", "own.json").exit_code == 0
    before = (tmp_path / "own.xlsx").read_bytes()
    result = run("export", "own.json", "-o", "own.xlsx")
    assert (result.exit_code, "RB722 output-exists" in result.stderr) == (1, True)
    assert (tmp_path / "own.xlsx").read_bytes() == before
    assert run("export", "own.json", "-o", "again.xlsx").exit_code == 0
    assert run("export", "own.json", "-o", "again.xlsx").exit_code == 0


def test_a_setting_without_a_field(run: Run) -> None:
    assert '"=1" after --set is not of the form field=value' in run("decide", DEMO, "--set", "=1").stderr


@pytest.mark.parametrize(
    "command",
    [
        ("batch", "book.json", "cases.csv", "-o", "o.csv"),
        ("explain", "book.json", "cases.csv", "--case-id", "001"),
        ("test", "book.json"),
        ("diff", DEMO, "book.json"),
        ("check", "book.json"),
    ],
)
def test_compiled_json_that_somebody_changed_is_told_whatever_is_done_with_it(
    command: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    """Results by a rulebook that was changed behind its workbook's back must not look like any others."""
    assert run("compile", DEMO, "-o", "book.json").exit_code == 0
    path = tmp_path / "book.json"
    path.write_text(
        re.sub('"hash": "sha256:[0-9a-f]{64}"', f'"hash": "sha256:{"0" * 64}"', path.read_text("utf-8")), "utf-8"
    )
    result = run(*command)
    assert (result.stdout + result.stderr).count("RB125 json-hash") == 1
