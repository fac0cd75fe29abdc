"""The progress bar in a terminal: whatever its width, a bar is one line, in both languages."""

from __future__ import annotations

import sys
from io import StringIO

import pytest
from wcwidth import wcswidth

from rulectl.cli import progress
from rulectl.cli.base import Session
from rulectl.cli.progress import Bar
from rulectl.codes import LANGUAGES, Language


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_a_bar_is_one_line(columns: int, lang: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_columns", lambda: columns)
    clock = iter(float(second) for second in range(10_000))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("time.time", lambda: next(clock))
    with Bar(Session(lang, False)) as bar:
        for part in range(1, 60):
            bar.progress(part * 20_000_000, part / 60)
    lines = [line for line in terminal.getvalue().replace("\x1b[?25h", "").replace("\x1b[?25l", "").split("\r") if line]
    shown = [line.rstrip("\n") for line in lines if "%" in line]
    assert len(shown) > 20
    # the cursor needs the last column
    assert max(map(wcswidth, shown)) < columns
    assert any("1,180,000,000" in line for line in shown) == (columns >= 80)
    assert all("[#" in line or "[-" in line for line in shown)
