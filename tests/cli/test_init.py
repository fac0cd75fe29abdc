"""A new workbook is right as it stands: it checks, its tests pass and reach every rule, its cases are decided."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from rulectl.books import shipped_names
from rulectl.cli import main
from rulectl.codes import LANGUAGES, texts


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(args))
    return result.exit_code, result.output


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_starter_is_right_as_it_stands(lang: str, tmp_path: Path) -> None:
    folder = tmp_path / "新"
    status, output = run("--lang", lang, "init", str(folder))
    assert status == 0, output
    book, cases = (str(folder / texts()[key][lang]) for key in ("starter-book", "starter-cases"))
    assert book in output
    assert run("check", book)[0] == 0
    status, output = run("test", book, "--coverage", "--lang", "en")
    assert status == 0, output
    assert "(100%)" in output
    out = str(folder / "out.csv")
    assert run("batch", book, cases, "-o", out)[0] == 0
    with open(out, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["decided"] * 4


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_overwritten(lang: str, tmp_path: Path) -> None:
    there = tmp_path / texts()["starter-cases"][lang]
    there.write_text("mine")
    status, output = run("--lang", lang, "init", str(tmp_path))
    assert status == 1
    assert "output-exists" in output
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_workbook_by_its_name(lang: str, tmp_path: Path) -> None:
    """Two may lie in one folder, each with cases of its own; a folder on the way is made."""
    cases = {"zh": "案例", "en": "cases"}[lang]
    for name in ("我的 规则.xlsx", "B.XLSX"):
        status, output = run("--lang", lang, "init", str(tmp_path / "店铺" / name))
        assert status == 0, output
        book, rows = tmp_path / "店铺" / name, tmp_path / "店铺" / f"{Path(name).stem}-{cases}.csv"
        assert book.is_file()
        assert (f'rulectl check "{book}"' if " " in str(book) else f"rulectl check {book}") in output
        assert run("batch", str(book), str(rows), "-o", str(tmp_path / "out.csv"))[0] == 0
    assert run("init", str(tmp_path / "店铺" / "B.XLSX"))[0] == 1
    status, output = run("init", str(tmp_path / "服饰.xlsx"), "--template", "apparel", "--lang", lang)
    assert status == 0, output
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["out.csv", "店铺", "服饰.xlsx", f"服饰-{cases}.csv"]
    )


@pytest.mark.parametrize("name", ["book.xls", "规则.xlsm", "book.json", "book.csv", "book.docx"])
def test_a_name_that_no_workbook_has(name: str, tmp_path: Path) -> None:
    status, output = run("init", str(tmp_path / name))
    assert (status, "not-a-workbook-name" in output) == (1, True), output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_a_dot(tmp_path: Path) -> None:
    (tmp_path / "odd.xlsx").mkdir()
    assert [run("init", str(tmp_path / name))[0] for name in ("2025.07", "odd.xlsx")] == [0, 0]
    assert len(list((tmp_path / "2025.07").iterdir())) == len(list((tmp_path / "odd.xlsx").iterdir())) == 2


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_rulebook_as_a_template(name: str, tmp_path: Path) -> None:
    status, output = run("init", str(tmp_path), "--template", name, "--lang", "en")
    assert status == 0, output
    assert run("batch", str(tmp_path / f"{name}.xlsx"), str(tmp_path / "cases.csv"), "-o", str(tmp_path / "o.jsonl"))[
        0
    ] in (0, 1)


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    status, output = run("init", str(tmp_path), "--template", "nothing")
    assert status == 1
    assert "unknown-template" in output
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status, output = run("init", str(tmp_path / "file"))
    assert status == 1
    assert "cannot-write" in output
