"""Where cases come from and results go to that is no plain file with room in it: each is told of in words, nothing is
destroyed, and nothing is left lying about."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

import rulectl
from rulectl.batch.decisions_book import write_workbook
from rulectl.cases.reader import id_term
from rulectl.cases.writer import layout
from tests.batch.conftest import BOOK

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes and devices in folders")


def test_a_workbook_that_finds_no_room(tmp_path: Path) -> None:
    rulebook = rulectl.load(BOOK).rulebook
    columns = layout(rulebook, id_term(rulebook))
    with pytest.raises(OSError, match="No space left") as full:
        write_workbook([], columns, rulebook, Counter(), "zh", Path("/dev/full"), tmp_path)
    assert full.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


def test_a_workbook_whose_sheets_find_no_room(tmp_path: Path) -> None:
    """What is passing lies beside the results, not where the system keeps such things."""
    rulebook = rulectl.load(BOOK).rulebook
    columns = layout(rulebook, id_term(rulebook))
    with pytest.raises(OSError, match="No such file"):
        write_workbook([], columns, rulebook, Counter(), "zh", tmp_path / "out.xlsx", tmp_path / "none")
