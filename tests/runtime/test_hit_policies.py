"""What every hit policy needs beside its row in model/policy.py, where nothing else would miss it."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from rulectl.model.policy import HitPolicy
from rulectl.model.rulebook import Rulebook
from tests.corpus.test_corpus import STORIES, Story
from tests.runtime import drawn

SEEDS = 300


def of(books: Iterable[Rulebook]) -> set[HitPolicy]:
    """The policies by which some conclusion is decided."""
    return {column.policy for book in books for table in book.tables for column in table.outputs}


def test_every_policy_has_a_story() -> None:
    """A story of cases goes through every engine, JSON, a workbook and DMN (tests/corpus, tests/dmn/test_round.py)."""
    told = of(Story(path).rulebook for path in STORIES if path.parent.name == "decide")
    assert told == set(HitPolicy), "tests/corpus/decide has no story of it"


def test_every_policy_is_drawn() -> None:
    """What is drawn is held to the naive scan, in columns and as formulas."""
    assert of(drawn.rulebook(Random(seed)) for seed in range(SEEDS)) == set(HitPolicy), "drawn.py draws it never"
