"""What every function of cells needs, where nothing else would miss it (engine/docs/extending.md)."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import get_args

import pytest

from rulectl.codes import LANGUAGES, by_slug
from rulectl.lang.calls import SIGNATURES
from rulectl.lang.syntax import Function
from rulectl.lang.words import FUNCTION_WORDS

FUNCTIONS: tuple[Function, ...] = get_args(Function)
CELLS = Path(__file__).with_name("cells.csv")


def called(function: str, text: str) -> bool:
    return re.search(rf"\b{function}\b", text, re.ASCII) is not None


def test_each_has_a_signature() -> None:
    assert set(SIGNATURES) == set(FUNCTIONS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_is_called_by_its_own_name_and_a_chinese_one(function: Function) -> None:
    words = {word for word, meant in FUNCTION_WORDS.items() if meant == function}
    assert function in words
    assert any(not word.isascii() for word in words)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_is_named_where_a_function_is_not_known(function: Function) -> None:
    help_ = by_slug("unknown-function").help
    assert all(called(function, help_[lang]) for lang in LANGUAGES)


def test_each_has_cells_with_what_they_come_to() -> None:
    with CELLS.open(encoding="utf-8", newline="") as file:
        shown = " ".join(row["expect"] for row in csv.DictReader(file) if row["hits"] and row["kind"] != "test")
    assert [function for function in FUNCTIONS if not called(function, shown)] == []
