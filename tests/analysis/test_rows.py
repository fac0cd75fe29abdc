"""A condition as it is told is one that can be pasted: it reads back as the test that it was printed from."""

from __future__ import annotations

import itertools
from typing import get_args

import pytest

from rulectl.analysis.rows import Condition, cell_text
from rulectl.analysis.study import Study
from rulectl.codes import Language
from rulectl.lang.parser import parse_test
from rulectl.lang.scope import Scope
from rulectl.lang.syntax import Except, Is, IsNull, Literal, Name, OneOf, Test
from rulectl.model.rulebook import Rulebook
from rulectl.types import BOOLEAN, Kind, Type

WORDS = ("海外", "外省", "地址不达", "空", "否则", "3天以内", "A、B", "x")
SINGLE = Type(Kind.ENUM, values=WORDS)
STUDY = Study(Rulebook("b", "b"))


@pytest.mark.parametrize("lang", get_args(Language))
@pytest.mark.parametrize("type_", [SINGLE, Type(Kind.ENUM, values=WORDS, many=True)])
def test_words_read_back(type_: Type, lang: Language) -> None:
    for size in (1, 2, 3):
        for words in itertools.combinations(WORDS, size):
            items = tuple(Is("=", Literal(word)) for word in words)
            listed: Test = items[0] if size == 1 else OneOf(items)
            for test in (listed, Except(listed)):
                text = cell_text(Condition(Name("q"), test, type_), STUDY, lang)
                assert parse_test(text, type_, Scope({})) == test, text


@pytest.mark.parametrize(
    ("lang", "texts"),
    [
        ("zh", ("海外", "非 x", "除 海外、外省 外", "是", "空")),
        ("en", ("海外", "not(x)", "not(海外;外省)", "yes", "null")),
    ],
)
def test_words_of_the_reader(lang: Language, texts: tuple[str, ...]) -> None:
    abroad, other, x = (Is("=", Literal(word)) for word in ("海外", "外省", "x"))
    tests: list[tuple[Test, Type]] = [
        (abroad, SINGLE),
        (Except(x), SINGLE),
        (Except(OneOf((abroad, other))), SINGLE),
        (Is("=", Literal(True)), BOOLEAN),
        (IsNull(), BOOLEAN),
    ]
    assert tuple(cell_text(Condition(Name("q"), test, type_), STUDY, lang) for test, type_ in tests) == texts
