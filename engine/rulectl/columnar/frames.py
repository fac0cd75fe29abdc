"""Frames of other libraries in, one frame of results out.

A table of polars, pandas or Arrow hands over its columns as they are (Arrow's C stream interface), so no cell becomes a
Python object on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from rulectl.cases.headings import Plan as Headings
from rulectl.cases.reader import Reject
from rulectl.cases.table import ROW, Table
from rulectl.codes import Language
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.seen import Seen
from rulectl.diagnostics import Finding, finding
from rulectl.model.policy import Role
from rulectl.source import FilePlace

REJECTED = "rejected"
"""The status of a row that could not be decided."""


def is_frame(cases: object) -> bool:
    """Whether this is a table, or a batch of one, rather than cases one by one."""
    handing_over = ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")
    return isinstance(cases, pl.LazyFrame) or any(hasattr(cases, name) for name in handing_over)


def frame_of(tables: Iterable[object]) -> pl.DataFrame | Finding:
    """Tables, or batches of one, as a frame, one below the other; columns are put together by their names. Raises
    TypeError where something else is among them."""
    try:
        return pl.concat([_taken_over(table) for table in tables], how="diagonal_relaxed")
    except (pl.exceptions.PolarsError, ValueError) as error:
        return finding("not-a-table", FilePlace(""), why=str(error).partition("\n")[0])


def _taken_over(table: Any) -> pl.DataFrame:
    """One table of any library. Raises TypeError where it is none."""
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if not is_frame(table):
        raise TypeError(f"decide_many takes many cases: tables, or mappings; {type(table).__name__} is no table")
    if hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__"):
        return table if isinstance(table, pl.DataFrame) else pl.DataFrame(table)
    return pl.from_dataframe(table)


def decide_frame(engine: ColumnarEngine, frame: pl.DataFrame, headings: Headings, lang: Language) -> pl.DataFrame:
    """The results of a frame, a row for each of its rows."""
    decided = engine.decide(frame, headings, seen=Seen())
    return results(decided, lang)


def decide_table(engine: ColumnarEngine, table: Table, lang: Language) -> pl.DataFrame:
    """The results of a case file, a row for each of its rows that is not blank."""
    chunks = list(table.chunks())
    frame = pl.concat([chunk.frame for chunk in chunks])
    decided = engine.decide(frame.drop(ROW), table.columns, file=table.file, numbers=frame[ROW].to_numpy(), seen=Seen())
    return results(decided, lang, [reject for chunk in chunks for reject in chunk.rejects])


def results(decided: Decided, lang: Language, rejects: Sequence[Reject] = ()) -> pl.DataFrame:
    """One row for each case, in the order of the rows: `row` its number, `case` its id, the outputs by term id, typed;
    `status` (REJECTED with the `reason`), `asks` (term ids), `rules` (`table/rule`), `findings` (names of codes).
    `rejects` are rows of the file that did not come so far."""
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
    others = _rejected(decided, rejects, lang)
    if not others.height:
        return frame
    return pl.concat([frame, others], how="diagonal").sort("row", maintain_order=True)


def _rejected(decided: Decided, rejects: Sequence[Reject], lang: Language) -> pl.DataFrame:
    """The rows that could not be decided."""

    def say(problems: Sequence[tuple[str, Finding]]) -> str:
        return " ".join(
            f"{field}: {found.message(lang)}" if field else found.message(lang) for field, found in problems
        )

    singly = (*rejects, *decided.repeated)
    found = [
        pl.DataFrame(
            {
                "row": [reject.number for reject in singly],
                "case": [reject.id for reject in singly],
                "reason": [say(reject.problems) for reject in singly],
            },
            schema={"row": pl.Int64, "case": pl.String, "reason": pl.String},
        )
    ]
    refused = decided.refused
    if refused is not None:
        numbers = pl.Series(refused.numbers, dtype=pl.Int64)
        found.append(pl.DataFrame({"row": numbers, "case": refused.ids(), "reason": refused.reasons(say)}))
    return pl.concat(found).with_columns(pl.lit(REJECTED).alias("status"))
