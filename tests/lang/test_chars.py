"""Characters: what is left alone because nothing in it would change, and what is not."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from rulectl.lang.chars import INVISIBLE, lowered, plain, visible
from rulectl.lang.words import ALL_WORDS, FUNCTION_WORDS, WORD_SIZES

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]


def test_every_character_changes_alone_as_it_does_among_others() -> None:
    """A text is only looked at more closely where one of its characters changes."""
    among = "ａ".join(EVERY)  # so that there is something to change
    assert plain(among)[::2] == "".join(map(plain, EVERY))
    assert lowered(f"A{''.join(EVERY)}")[1:] == "".join(map(lowered, EVERY))


@given(st.text(st.sampled_from(f"{INVISIBLE} \u3000\u00a0a退\n")))
def test_visible_text_has_no_invisible_marks(text: str) -> None:
    found = visible(text)
    assert set(found).isdisjoint(INVISIBLE)
    assert found == "".join(char for char in text if char not in INVISIBLE).strip().strip("\u3000\u00a0")


def test_every_word_has_its_size_under_its_first_character() -> None:
    for word in (*ALL_WORDS, *FUNCTION_WORDS):
        assert len(word) in WORD_SIZES[word[0]]
    assert all(list(sizes) == sorted(sizes, reverse=True) for sizes in WORD_SIZES.values())
