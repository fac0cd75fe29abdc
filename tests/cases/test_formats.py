"""What every format of case files needs, where nothing else would miss it (engine/docs/extending.md)."""

from __future__ import annotations

import pytest

from rulectl.cases.formats import Format, Kind, kind_of
from rulectl.codes import LANGUAGES, by_slug, say


@pytest.mark.parametrize("form", Format, ids=lambda form: form.value)
def test_each_is_known_by_an_ending_that_is_told(form: Format) -> None:
    ending = f".{form.value}"
    other = Format.PARQUET if form is Format.CSV else Format.CSV
    assert kind_of(f"Cases{ending.upper()}", usual=other) == Kind(form)
    assert kind_of(f"cases{ending}.gz", usual=other) == Kind(form, "gz")
    for lang in LANGUAGES:
        assert ending in by_slug("cannot-write-kind").help[lang]
        assert ending in say("cli-batch-output", lang)
