"""A case file in one call."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest

from rulectl.cases.facts import FactReader
from rulectl.cases.reader import CaseFile, CaseRow, Reject, open_cases
from rulectl.model.rulebook import Rulebook
from tests.cases.vocabulary import RULEBOOK, Result


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return RULEBOOK


@pytest.fixture
def facts(rulebook: Rulebook) -> FactReader:
    return FactReader(rulebook)


@pytest.fixture
def opened(rulebook: Rulebook, facts: FactReader) -> Callable[..., Result]:
    """Open bytes or text as a case file named cases.csv."""

    def open_(content: bytes | str, **options: str) -> Result:
        data = content.encode() if isinstance(content, str) else content
        return open_cases(BytesIO(data), "cases.csv", rulebook, facts, **options)

    return open_


@pytest.fixture
def rows(opened: Callable[..., Result]) -> Callable[..., list[CaseRow | Reject]]:
    """All rows of a file that can be read."""

    def rows_(content: bytes | str, **options: str) -> list[CaseRow | Reject]:
        found = opened(content, **options)
        assert isinstance(found, CaseFile), found
        return list(found)

    return rows_
