"""Frames of other libraries in, one frame of results out.

A table of polars, pandas or Arrow hands over its columns as they are (Arrow's C stream interface), so no cell becomes a
Python object on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from rulectl.cases.headings import Plan as Headings
from rulectl.cases.reader import Reject
from rulectl.cases.table import ROW, Table
from rulectl.codes import Language
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.seen import Seen
from rulectl.model.policy import Role

REJECTED = "rejected"
"""The status of a row that could not be decided."""


def is_frame(cases: object) -> bool:
    """Whether this is a table, or a batch of one, rather than cases one by one."""
    return any(hasattr(cases, name) for name in ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__"))


def frame_of(cases: Any) -> pl.DataFrame:
    """A table, or several batches of one, as a frame."""
    if isinstance(cases, pl.DataFrame):
        return cases
    if hasattr(cases, "__arrow_c_stream__") or hasattr(cases, "__arrow_c_array__"):
        return pl.DataFrame(cases)
    if hasattr(cases, "__dataframe__"):
        return pl.from_dataframe(cases)
    return pl.concat([frame_of(batch) for batch in cases], how="vertical_relaxed")


def decide_frame(engine: ColumnarEngine, frame: pl.DataFrame, headings: Headings, lang: Language) -> pl.DataFrame:
    """The results of a frame, a row for each of its rows."""
    decided = engine.decide(frame, headings, seen=Seen())
    return results(decided, decided.rejects, lang)


def decide_table(engine: ColumnarEngine, table: Table, lang: Language) -> pl.DataFrame:
    """The results of a case file, a row for each of its rows that is not blank."""
    chunks = list(table.chunks())
    frame = pl.concat([chunk.frame for chunk in chunks])
    decided = engine.decide(frame.drop(ROW), table.columns, file=table.file, numbers=frame[ROW].to_numpy(), seen=Seen())
    return results(decided, (*(reject for chunk in chunks for reject in chunk.rejects), *decided.rejects), lang)


def results(decided: Decided, rejects: Sequence[Reject], lang: Language) -> pl.DataFrame:
    """One row for each case, in the order of the rows: `row` its number, `case` its id, the outputs by term id, typed;
    `status` (REJECTED with the `reason`), `asks` (term ids), `rules` (`table/rule`), `findings` (names of codes)."""
    outputs = [term for term in decided.rulebook.terms if term.role is Role.OUTPUT]
    frame = pl.DataFrame(
        [
            pl.Series("row", decided.numbers, dtype=pl.Int64),
            decided.ids.alias("case"),
            *(decided.values(term) for term in outputs),
            decided.status_texts(),
            decided.asked(),
            decided.rules(),
            decided.slugs(),
            pl.repeat(None, len(decided), dtype=pl.String, eager=True).alias("reason"),
        ]
    )
    if not rejects:
        return frame
    reasons = [
        " ".join(
            f"{field}: {found.message(lang)}" if field else found.message(lang) for field, found in reject.problems
        )
        for reject in rejects
    ]
    others = pl.DataFrame(
        {
            "row": [reject.number for reject in rejects],
            "case": [reject.id for reject in rejects],
            "status": [REJECTED] * len(rejects),
            "reason": reasons,
        },
        schema_overrides={"row": pl.Int64},
    )
    return pl.concat([frame, others], how="diagonal").sort("row", maintain_order=True)
