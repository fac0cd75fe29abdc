"""What the stories decide, the durable engine decides too."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulectl.api import Book
from rulectl.runtime.durable_engine import DurableEngine
from tests.corpus.outcomes import by_id, case_file, decided
from tests.corpus.test_corpus import HERE, Story, named

STORIES = sorted(HERE.glob("decide/*.md"))


@pytest.mark.parametrize("path", STORIES, ids=named)
def test_the_durable_engine_tells_the_same_story(path: Path) -> None:
    pytest.importorskip("durable")
    story = Story(path)
    book = Book(story.rulebook)
    with DurableEngine(story.rulebook) as durable:
        other = Book(story.rulebook)
        other.engine = durable
        for fence in story.of("cases"):
            file = case_file(fence.body)
            assert list(map(by_id, decided(other, file))) == list(map(by_id, decided(book, file)))
