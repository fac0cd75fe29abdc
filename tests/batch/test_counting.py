"""Facts counted across cases in columns, and part by part from files, are those of `runtime.aggregates`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rulectl
from rulectl.batch import counting
from rulectl.columnar import across
from rulectl.model.rulebook import Aggregate, Rulebook
from rulectl.runtime.aggregates import compute
from rulectl.values import plain_text
from tests.batch.conftest import BOOK, Batch, cases
from tests.batch.oracle import decisions

DAY = dt.datetime(2025, 1, 1)
CASE = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from("xyz"),
        "b": st.sampled_from("xyz"),
        "t": st.integers(0, 8).map(lambda n: DAY + dt.timedelta(days=n)),
        "of": st.sampled_from([Decimal("1.50"), Decimal(2), Decimal(-3), Decimal("0.05")]),
    },
)
AGGREGATE = st.builds(
    lambda function, by, days, back: Aggregate(
        "g",
        function,
        None if function == "count" else "of",
        by,
        None if days is None else dt.timedelta(days=days),
        back,
        "t",
    ),
    st.sampled_from(["count", "sum", "distinct count"]),
    st.sampled_from([(), ("a",), ("a", "b")]),
    st.sampled_from([None, 0, 1, 3]),
    st.booleans(),
)


@given(AGGREGATE, st.lists(CASE, max_size=25))
def test_counts_in_columns(aggregate: Aggregate, facts: list[dict[str, Any]]) -> None:
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
            "of": [plain_text(case["of"]) if aggregate.of and "of" in case else None for case in facts],
            "counts": [True] * len(facts),
        },
        schema={
            "row": pl.Int64,
            "id": pl.String,
            **dict.fromkeys(keys, pl.String),
            "time": pl.Datetime("us"),
            "of": pl.String,
            "counts": pl.Boolean,
        },
    )
    found: list[dict[str, Any]] = [{} for _ in facts]
    for row, value, behind in across.count(aggregate, frame, True).rows():
        found[row]["g"] = (value, behind)
    assert found == expected


@pytest.mark.parametrize("in_memory", [50, 100_000])
def test_counts_by_way_of_files(in_memory: int, batch: Batch, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "IN_MEMORY", in_memory)
    text = cases(1500, seed=7)
    (tmp_path / "cases.csv").write_text(text, "utf-8")
    assert batch("cases.csv", "-o", "out.csv").exit_code == 1
    expected, _, _ = decisions(rulectl.load(BOOK), text.encode())
    assert (tmp_path / "out.csv").read_bytes().decode("utf-8-sig") == expected
