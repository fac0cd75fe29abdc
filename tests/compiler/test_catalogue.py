"""The compiler and its catalogue: every slug has its sentences, every sentence has somebody who says it."""

from __future__ import annotations

import re
from pathlib import Path

import rulectl.compiler
from rulectl.codes import LANGUAGES, registry, texts

SOURCES = "\n".join(p.read_text("utf-8") for p in Path(rulectl.compiler.__path__[0]).glob("*.py"))
SAID = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', SOURCES))
OURS = [code for code in registry().values() if code.code.startswith("RB3")]


def test_every_code_is_used_and_every_call_has_its_code() -> None:
    assert {code.slug for code in OURS} <= SAID
    calls = set(re.findall(r'(?:complain|blame|finding)\(\s*"([^"]+)"', SOURCES))
    assert len(calls) > 30
    assert calls <= {code.slug for code in OURS}


def test_every_code_speaks_both_languages() -> None:
    for code in OURS:
        for sentences in (code.message, code.help, code.why or dict.fromkeys(LANGUAGES, "-")):
            assert set(sentences) == set(LANGUAGES), code.slug
            assert all(sentences.values()), code.slug


def test_every_note_has_its_sentence() -> None:
    notes = set(re.findall(r'"(note-[a-z-]+)"', SOURCES))
    assert len(notes) > 3
    assert notes <= set(texts())


def test_chinese_sentences_have_chinese_punctuation() -> None:
    """What stands in 「」 is a cell and may hold anything; beside Chinese words marks are full-width."""
    for code in registry().values():
        for sentences in (code.message, code.help, code.why):
            own = re.sub("「[^」]*」", "「」", sentences.get("zh", ""))
            assert not re.search("[一-鿿」})A-Z][,;:][一-鿿「{]", own), code.slug
