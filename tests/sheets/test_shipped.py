"""The shipped rulebooks are what their sources say, and compile without a word of complaint but notices."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from rulectl.loading import load_rulebook
from rulectl.model.draft import Draft
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import read_text

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "engine" / "tools" / "make_rulebooks.py"
SOURCES: dict[str, str] = runpy.run_path(str(TOOL))["sources"]()


def texts(draft: Draft) -> list[tuple[str, str]]:
    return [(str(cell.at), cell.text) for block in draft.blocks for row in block.rows for cell in row]


def test_every_shipped_workbook_has_a_source() -> None:
    assert SOURCES
    assert {path.stem for path in (ROOT / "rulebooks").glob("*.xlsx")} == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_the_workbook_is_what_its_source_says(name: str) -> None:
    """By what the cells hold: the bytes may differ between versions of the writing library. When this fails, run the
    tool."""
    draft = read_workbook(ROOT / "rulebooks" / f"{name}.xlsx")
    assert draft.findings == ()
    assert texts(draft) == texts(read_text(SOURCES[name], f"{name}.xlsx"))
    loaded = load_rulebook(name)
    assert loaded.rulebook is not None
    assert [(str(f.at.place), f.message("en")) for f in loaded.findings if f.severity.value != "notice"] == []


def test_the_tool_tells_what_differs_and_whom_it_does_not_know(tmp_path: Path) -> None:
    tools = tmp_path / "engine" / "tools"
    (tools / "demo").mkdir(parents=True)
    (tmp_path / "rulebooks").mkdir()
    (tools / "demo" / "20-more.md").write_text("| 乙 | 2 |\n", "utf-8")
    (tools / "demo" / "10-first.md").write_text("## 参数\n| 参数表 |\n| 名称 | 值 |\n| 甲 | 1 |", "utf-8")
    tool = tools / TOOL.name
    tool.write_text(TOOL.read_text("utf-8"), "utf-8")

    def status(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, tool, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    assert status("--check") == (1, "rulebooks/demo.xlsx differs from its source")
    assert status() == (0, "rulebooks/demo.xlsx written")
    assert status("--check") == (0, "")
    assert status("nobody")[0] == 2
