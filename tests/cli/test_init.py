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
