"""The README says what is so: its console blocks are run, its commands exist, both languages say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from rulectl.cli import main

ROOT = Path(__file__).parents[2]
READMES = {"en": ROOT / "README.md", "zh": ROOT / "engine/docs/README.zh-CN.md"}


def blocks(path: Path, fence: str) -> list[str]:
    return re.findall(rf"^```{fence}\n(.*?)^```", path.read_text("utf-8"), re.S | re.M)


def misspell(path: Path) -> None:
    """The shipped rulebook with two cells misspelt: the first in which each word stands."""
    book = openpyxl.load_workbook(ROOT / "rulebooks/after_sales.xlsx")
    for sheet, right, wrong in (("责任判定", "质量问题;", "质量间题;"), ("补偿金额", ">= 高价线", ">= 高价值线")):
        cells = (cell for row in book[sheet].iter_rows() for cell in row)
        cell = next(cell for cell in cells if str(cell.value).startswith(right))
        cell.value = str(cell.value).replace(right, wrong)
    book.save(path)


@pytest.mark.parametrize("lang", READMES)
def test_the_table_that_is_shown_is_one_that_is_shipped(lang: str) -> None:
    book = openpyxl.load_workbook(ROOT / "rulebooks/after_sales.xlsx")
    rows = [[str(cell or "") for cell in row] for row in book["补偿金额"].iter_rows(values_only=True)]
    lines = re.findall(r"^\|(.*)\|$", READMES[lang].read_text("utf-8"), re.M)
    shown = [[part.strip() for part in line.split("|")] for line in lines]
    start = next(at for at, row in enumerate(shown) if row[0] == "决策表")
    found = [row for row in shown[start : start + 7] if not row[0].startswith("---")]
    assert len(found) == 6
    for row in found:
        assert any(row == there[: len(row)] for there in rows), row


@pytest.mark.parametrize("lang", READMES)
def test_console_blocks_show_what_the_commands_print(
    lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    misspell(tmp_path / "broken.xlsx")
    shown = blocks(READMES[lang], "console")
    assert len(shown) == 7
    fences = re.findall(r"^```(\w*)$", READMES[lang].read_text("utf-8"), re.M)
    assert set(fences[::2]) == {"sh", "console", "python"}, "whatever is shown is run"
    for block in shown:
        command, _, expected = block.replace("\\\n", " ").partition("\n")
        arguments = shlex.split(command.removeprefix("$ rulectl"))
        result = CliRunner().invoke(main, ["--lang", lang, *arguments])
        printed = iter((result.stdout + result.stderr).splitlines())
        for line in filter(None, expected.splitlines()):
            # `…` stands for lines that are left out
            assert line.strip() == "…" or line in printed, f"not printed in this order: {line}"


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = (blocks(READMES[lang], "sh") for lang in ("en", "zh"))
    assert english == chinese
    assert len(english) == 2


@pytest.mark.parametrize("lang", READMES)
def test_every_command_stands_in_the_readme(lang: str) -> None:
    text = READMES[lang].read_text("utf-8")
    for name in main.commands:
        assert f"`rulectl {name}" in text, name


@pytest.mark.parametrize("path", [*READMES.values(), ROOT / "engine/design/README.md", ROOT / "rulebooks/README.md"])
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("lang", READMES)
def test_python_in_the_readme_runs(lang: str) -> None:
    (program,) = blocks(READMES[lang], "python")
    exec(compile(program, str(READMES[lang]), "exec"), {})  # noqa: S102 - our own text
