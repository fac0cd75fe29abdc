"""The words of workbooks: what is written is understood, in either language, however it is typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum

import pytest

from rulectl.codes import LANGUAGES
from rulectl.lang.chars import TRADITIONAL
from rulectl.model import policy, words
from rulectl.model.draft import BlockKind
from rulectl.types import Kind

CLOSED: Mapping[str, type[Enum]] = {
    "marker": BlockKind,
    "role": policy.Role,
    "type": Kind,
    "merge": policy.Merge,
    "favours": policy.Favours,
    "tier": policy.Tier,
    "policy": policy.HitPolicy,
}


@pytest.mark.parametrize("category", words.WORDS)
def test_no_word_means_two_things(category: str) -> None:
    said = Counter(
        folded
        for languages in words.WORDS[category].values()
        for folded in {words.fold(word) for lang in LANGUAGES for word in languages[lang]}
    )
    assert [word for word, times in said.items() if times > 1] == []


@pytest.mark.parametrize("category", words.WORDS)
def test_every_word_is_understood_however_it_is_typed(category: str) -> None:
    for key, languages in words.WORDS[category].items():
        for word in (one for lang in LANGUAGES for one in languages[lang]):
            wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
            apart = word if any(map(str.isascii, word)) else "\u3000".join(word)
            for typed in (word, traditional(word), word.upper(), f"\u3000 {word} ", wide, apart, f"{word}（看说明）"):
                assert words.canonical(category, typed) == key
        assert [words.canonical(category, words.word(category, key, lang)) for lang in LANGUAGES] == [key, key]


def traditional(text: str) -> str:
    """As it is written in Taiwan and Hong Kong."""
    chars = {simple: char for char, simple in TRADITIONAL.items()}
    return "".join(chars.get(char, char) for char in text)


def test_names_are_one_in_either_script() -> None:
    assert words.fold("籤收時間") != words.fold("签收时间") == words.fold("簽收時間")


@pytest.mark.parametrize("category", CLOSED)
def test_closed_sets_have_a_word_for_each_member(category: str) -> None:
    assert set(words.WORDS[category]) == {member.value for member in CLOSED[category]}


TYPES = [
    ("枚举", (Kind.ENUM, False)),
    ("列表:枚举", (Kind.ENUM, True)),
    ("列表：日期时间", (Kind.DATETIME, True)),
    ("List of  Enum", (Kind.ENUM, True)),
    ("list:number", (Kind.NUMBER, True)),
    ("list<string>", (Kind.STRING, True)),
    ("列表", None),
    ("列表:列表:枚举", None),
    ("整型", None),
]


@pytest.mark.parametrize(("text", "type_"), TYPES)
def test_types_and_lists_of_them(text: str, type_: tuple[Kind, bool] | None) -> None:
    assert words.type_of(text) == type_


def test_types_are_written_as_they_are_read() -> None:
    every = [(kind, many) for kind in Kind for many in (False, True)]
    for lang in LANGUAGES:
        assert [words.type_of(words.type_word(kind, many, lang)) for kind, many in every] == every


ROLES = [
    ("结论", ("conclusion", None)),
    ("结论 F", ("conclusion", policy.HitPolicy.FIRST)),
    ("结论　Ｃ＋", ("conclusion", policy.HitPolicy.SUM)),
    ("Conclusion rule order", ("conclusion", policy.HitPolicy.RULE_ORDER)),
    ("条件 F", None),
    ("结论 X", None),
    ("规则号", ("id", None)),
]


@pytest.mark.parametrize(("text", "role"), ROLES)
def test_the_role_of_a_column_may_name_a_policy(text: str, role: tuple[str, policy.HitPolicy | None] | None) -> None:
    assert words.column_role(text) == role


EXPECTED = [
    ("期望 责任方", "责任方"),
    ("期望责任方", "责任方"),
    ("期望：运费（协议价）", "运费（协议价）"),
    ("expect verdict", "verdict"),
    ("Expected: verdict", "verdict"),
    ("expectation", None),
    ("责任方", None),
    ("期望", None),
]


@pytest.mark.parametrize(("text", "term"), EXPECTED)
def test_headings_that_expect(text: str, term: str | None) -> None:
    assert words.expected_term(text) == term
