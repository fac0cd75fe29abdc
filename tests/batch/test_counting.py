"""Facts counted across cases in columns, and part by part from files, are those of `runtime.aggregates`."""

from __future__ import annotations

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulectl
from rulectl.columnar import across, points
from rulectl.columnar.amounts import units_of
from rulectl.model.rulebook import Aggregate, AggregateFunction, Rulebook
from rulectl.runtime.aggregates import compute
from rulectl.values import number, plain_text
from tests.batch.conftest import BOOK, Batch, cases
from tests.batch.oracle import decisions

DAY = dt.datetime(2025, 1, 1)
CASE = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from("xyz"),
        "b": st.sampled_from("xyz"),
        "t": st.integers(0, 8).map(lambda n: DAY + dt.timedelta(days=n)),
        "of": st.sampled_from([Decimal(text) for text in ("1.50", "2", "-3", "0.05", "1E+40", "1E-30")]),
    },
)
FUNCTIONS: tuple[AggregateFunction, ...] = ("count", "sum", "distinct count")


@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=40)
@given(
    st.sampled_from([(), ("a",), ("a", "b")]),
    st.sampled_from([None, 0, 1, 3]),
    st.booleans(),
    st.lists(CASE, min_size=6, max_size=25),
)
def test_counts_in_columns(
    function: AggregateFunction, by: tuple[str, ...], days: int | None, back: bool, facts: list[dict[str, Any]]
) -> None:
    of = None if function == "count" else "of"
    aggregate = Aggregate("g", function, of, by, None if days is None else dt.timedelta(days=days), back, "t")
    ids = [f"c{n:02}" for n in range(len(facts))]
    expected = [
        {name: (plain_text(value), list(behind)) for name, (value, behind) in found.items()}
        for found in compute(Rulebook("x", "x", aggregates=(aggregate,)), facts, ids)
    ]
    keys = {across.key(n): [case.get(name) for case in facts] for n, name in enumerate(aggregate.by)}
    frame = pl.DataFrame(
        {
            "row": list(range(len(facts))),
            "id": ids,
            **keys,
            "time": [case.get("t") for case in facts],
            "of": [plain_text(case["of"]) if "of" in case and not plain(aggregate, case) else None for case in facts],
            "units": [units_of(case["of"]) if plain(aggregate, case) else None for case in facts],
            "counts": [True] * len(facts),
        },
        schema={
            "row": pl.Int64,
            "id": pl.String,
            **dict.fromkeys(keys, pl.String),
            "time": pl.Datetime("us"),
            "of": pl.String,
            "units": pl.Int64,
            "counts": pl.Boolean,
        },
    )
    assert counted(across.Across(aggregate, True), [frame[:9], frame[9:]]) == expected
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "MOST", 4)  # so that files are written, and sorted part by part
        patch.setattr(points, "_WORD", 43)  # so that a block has few groups
        assert counted(across.Across(aggregate, True, Path(folder)), [frame[:9], frame[9:]]) == expected


def plain(aggregate: Aggregate, case: dict[str, Any]) -> bool:
    """Whether the amount of a case is added up in units."""
    return aggregate.function == "sum" and "of" in case and units_of(case["of"]) is not None


def counted(one: across.Across, frames: list[pl.DataFrame]) -> list[dict[str, Any]]:
    """What the two passes give for each row."""
    found: list[dict[str, Any]] = [{} for frame in frames for _ in range(frame.height)]
    for frame in frames:
        one.add(frame)
    asked = [one.asks(frame) for frame in frames]
    one.count()
    for row, value, behind in (row for questions in asked for row in one.values(questions).rows()):
        found[row]["g"] = (plain_text(number(value)), behind)
    return found


@pytest.mark.parametrize("in_memory", [50, 100_000])
def test_counts_by_way_of_files(in_memory: int, batch: Batch, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MOST", in_memory)
    text = cases(1500, seed=7)
    (tmp_path / "cases.csv").write_text(text, "utf-8")
    assert batch("cases.csv", "-o", "out.csv").exit_code == 1
    expected, _, _ = decisions(rulectl.load(BOOK), text.encode())
    assert (tmp_path / "out.csv").read_bytes().decode("utf-8-sig") == expected
