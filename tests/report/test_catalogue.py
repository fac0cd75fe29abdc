"""The catalogue and the code belong together: every sentence has the fields it asks for, in both languages."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import rulectl
from rulectl.codes import LANGUAGES, Code, by_slug, has_text, registry, say, texts

ENGINE = Path(rulectl.__file__).parent
SOURCES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(ENGINE.rglob("*.py"))}
MAKERS = {"finding", "refuse", "complain", "problem", "fault"}


def fields_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def constants() -> set[str]:
    """Every string that stands in the code."""
    return {
        node.value
        for tree in SOURCES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def made() -> Iterator[tuple[str, set[str], str]]:
    """Slug, fields and place of each call that makes a finding of a slug that is written out."""
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in MAKERS:
                continue
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and all(keyword.arg for keyword in node.keywords):
                given = {str(keyword.arg) for keyword in node.keywords}
                yield str(first.value), given, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("code", registry().values(), ids=lambda code: code.code)
def test_every_code_has_both_languages_with_the_same_fields(code: Code) -> None:
    for sentences in (code.message, code.help, code.why):
        assert set(sentences) in ({"zh", "en"}, set())
        if sentences:
            zh, en = ({field.removesuffix(f"_{lang}") for field in fields_of(sentences[lang])} for lang in LANGUAGES)
            assert zh == en
    assert code.message


def test_codes_are_given_once() -> None:
    codes = [entry.code for entry in registry().values()]
    assert len(codes) == len(set(codes))


def test_every_finding_gives_the_fields_of_its_sentence() -> None:
    wrong = []
    for slug, given, where in made():
        entry = registry().get(slug)
        if entry is None:
            wrong.append(f"{where}: no code {slug}")
            continue
        asked = {f for part in (entry.message, entry.help) for lang in part for f in fields_of(part[lang])}
        if not asked <= given:
            wrong.append(f"{where}: {slug} lacks {sorted(asked - given)}")
    assert not wrong


def test_no_code_of_cases_and_commands_is_left_over() -> None:
    said = constants()
    mine = [slug for slug, entry in registry().items() if entry.code[:3] in ("RB4", "RB7")]
    assert [slug for slug in mine if slug not in said] == []


def test_an_entry_read_alone_is_the_entry_of_its_file() -> None:
    assert {slug: by_slug(slug) for slug in registry()} == registry()
    alone = {
        (key, lang): say(key, lang) for key, said in texts().items() for lang in LANGUAGES if "{" not in said[lang]
    }
    assert alone == {(key, lang): texts()[key][lang] for key, lang in alone}
    assert len(alone) > 100
    assert not has_text("cli-no-such-text")
    with pytest.raises(KeyError):
        by_slug("no-such-slug")


@pytest.mark.parametrize("key", texts(), ids=str)
def test_every_text_has_both_languages(key: str) -> None:
    assert set(texts()[key]) == set(LANGUAGES)
    assert all(text.strip() for text in texts()[key].values())


def test_every_text_that_is_said_is_there_with_its_fields() -> None:
    wrong = []
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name != "say":
                continue
            key, given = str(node.args[0].value), {keyword.arg for keyword in node.keywords}
            asked = {f for text in texts().get(key, {}).values() for f in fields_of(text)}
            if key not in texts() or (asked != given and None not in given):
                wrong.append(f"{path.name}:{node.lineno}: {key} {sorted(asked ^ given, key=str)}")
    assert not wrong
