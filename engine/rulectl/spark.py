"""Cases on a Spark cluster: the columnar engine over record batches, counts across cases by Spark's own windows.

    from rulectl import spark

    results = spark.decide(cases, "after_sales.xlsx", keep=["订单号"])

`cases` is a Spark DataFrame whose columns are named by names, ids or aliases of terms. The rulebook travels to the
workers as its JSON; each Python worker makes its engine once and keeps nothing else between batches, so tasks may run
anywhere, in any order, and again. Facts counted across cases (semantics 8) are window functions over all cases before
any is decided. engine/docs/spark.md says how to size a job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - as everyone who writes for Spark calls it
from pyspark.sql import types as T  # noqa: N812
from pyspark.sql.pandas.types import to_arrow_schema

from rulectl.api import Book, CaseError, load
from rulectl.codec.decode import loads
from rulectl.codec.encode import dumps
from rulectl.codes import Language
from rulectl.columnar.across import COUNTS, OF, TIME, UNITS, key
from rulectl.columnar.counted import Needed
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.frames import results
from rulectl.columnar.owned import number_texts
from rulectl.diagnostics import has_errors
from rulectl.model.policy import Role
from rulectl.model.rulebook import Aggregate, Rulebook
from rulectl.types import Kind, Type
from rulectl.values import CONTEXT, plain_text

if TYPE_CHECKING:
    Batches = Iterator[pa.RecordBatch]

SUMS = T.DecimalType(28, 10)
"""What amounts must fit to be summed by Spark exactly; one that does not stops the job."""

_OWN = "__rulectl_"
"""Columns that are there only on the way begin with this."""

_TYPES: dict[Kind, T.DataType] = {
    Kind.STRING: T.StringType(),
    Kind.ENUM: T.StringType(),
    Kind.NUMBER: T.StringType(),
    Kind.BOOLEAN: T.BooleanType(),
    Kind.DATE: T.DateType(),
    Kind.DATETIME: T.TimestampNTZType(),
    Kind.DURATION: T.DayTimeIntervalType(),
}


def decide(cases: DataFrame, book: Book | str | Path, *, keep: Sequence[str] = (), lang: Language = "en") -> DataFrame:
    """One row for each case: the columns in `keep` as they came, then those of `schema`. Raises CaseError when a column
    is missing that every case must have."""
    rulebook = (book if isinstance(book, Book) else load(book)).rulebook
    headings = _engine_of(rulebook).headings(pl.DataFrame(schema=dict.fromkeys(cases.columns, pl.String)))
    if has_errors(headings.findings):
        raise CaseError(headings.findings)
    text = dumps(rulebook)
    if rulebook.aggregates:
        cases = count(cases, rulebook)
    kept = [field for field in cases.schema.fields if field.name in keep]
    shape = T.StructType([*kept, *schema(rulebook).fields])
    return cases.mapInArrow(_decider(text, [field.name for field in kept], to_arrow_schema(shape), lang), shape)


def schema(rulebook: Rulebook) -> T.StructType:
    """The columns of results: `case`, the outputs by term id (numbers as exact texts), `status` (`rejected` with its
    `reason`), `asks`, `rules`, `findings`."""
    texts = T.ArrayType(T.StringType())
    outputs = [T.StructField(t.id, _type(t.type)) for t in rulebook.terms if t.role is Role.OUTPUT]
    lists = [T.StructField(name, texts) for name in ("asks", "rules", "findings")]
    case, status, reason = (T.StructField(name, T.StringType()) for name in ("case", "status", "reason"))
    return T.StructType([case, *outputs, status, *lists, reason])


def _type(type_: Type) -> T.DataType:
    return T.ArrayType(_TYPES[type_.kind]) if type_.many else _TYPES[type_.kind]


# -- deciding -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _engine(text: str) -> ColumnarEngine:
    """A worker's engine, made once for each rulebook."""
    rulebook = loads(text, "rulebook.json")
    assert isinstance(rulebook, Rulebook), "the driver wrote it"
    return _engine_of(rulebook)


def _engine_of(rulebook: Rulebook) -> ColumnarEngine:
    return ColumnarEngine(rulebook)


def _frame(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.DataFrame(batch)
    return frame.drop([name for name in frame.columns if name.startswith(_OWN)])


def _decider(text: str, keep: list[str], shape: pa.Schema, lang: Language) -> Callable[[Batches], Batches]:
    def run(batches: Batches) -> Batches:
        for batch in batches:
            yield from _decided(_engine(text), batch, keep, lang).to_arrow().cast(shape).to_batches()

    return run


def _decided(engine: ColumnarEngine, batch: pa.RecordBatch, keep: list[str], lang: Language) -> pl.DataFrame:
    """The results of one record batch."""
    frame = _frame(batch)
    whole = pl.DataFrame(batch)
    aggregates = engine.rulebook.aggregates
    counted = {a.term: whole[_own(n, "value")] for n, a in enumerate(aggregates)} or None
    decided = engine.decide(frame, counted=counted)
    found = results(decided, lang)
    rows = found["row"] - 1
    numbers = [t.id for t in engine.rulebook.terms if t.role is Role.OUTPUT and t.type.kind is Kind.NUMBER]
    exact = [_as_text(found[name]) for name in numbers]
    columns = [name for name in schema(engine.rulebook).names if name in found.columns]
    return pl.concat([frame.select(keep)[rows], found.with_columns(exact).select(columns)], how="horizontal")


def _as_text(numbers: pl.Series) -> pl.Series:
    """Numbers, or lists of them, as they are written."""
    inner = pl.List(pl.String) if isinstance(numbers.dtype, pl.List) else pl.String
    values = numbers.unique(maintain_order=True)
    texts = [
        None if v is None else [plain_text(n) for n in v] if isinstance(v, pl.Series) else plain_text(_number(v))
        for v in values
    ]
    known = pl.DataFrame({"value": values, "text": pl.Series(texts, dtype=inner)})
    found = (
        numbers.alias("value").to_frame().join(known, on="value", how="left", nulls_equal=True, maintain_order="left")
    )
    return found["text"].alias(numbers.name)


def _number(value: Any) -> Decimal:
    return CONTEXT.create_decimal(value)


# -- counting across cases ----------------------------------------------------------------------------------------


def count(cases: DataFrame, rulebook: Rulebook) -> DataFrame:
    """The cases with a column of texts for each fact counted across them, by window functions: the same counts as
    runtime/aggregates.py, over all rows of the DataFrame that can be read."""
    fields = [field for n, a in enumerate(rulebook.aggregates) for field in _needed_fields(n, a)]
    shape = T.StructType([*cases.schema.fields, *fields])
    found = cases.mapInArrow(_needer(dumps(rulebook), to_arrow_schema(shape)), shape)
    for number, aggregate in enumerate(rulebook.aggregates):
        found = found.withColumn(_own(number, "value"), _value(number, aggregate))
    helpers = [field.name for field in fields]
    return found.drop(*helpers)


def _own(number: int, name: str) -> str:
    return f"{_OWN}{number}_{name}"


def _needed_fields(number: int, aggregate: Aggregate) -> list[T.StructField]:
    keys = [T.StructField(_own(number, key(n)), T.StringType()) for n in range(len(aggregate.by))]
    of = SUMS if aggregate.function == "sum" else T.StringType()
    return [
        *keys,
        T.StructField(_own(number, OF), of),
        T.StructField(_own(number, TIME), T.LongType()),
        T.StructField(_own(number, COUNTS), T.BooleanType()),
    ]


def _needer(text: str, shape: pa.Schema) -> Callable[[Batches], Batches]:
    def run(batches: Batches) -> Batches:
        for batch in batches:
            engine = _engine(text)
            made = _needed(engine, pl.DataFrame(batch))
            own = made.to_arrow()
            table = pa.Table.from_batches([batch])
            for name in own.column_names:
                table = table.append_column(name, own[name])
            yield from table.cast(shape).to_batches()

    return run


def _needed(engine: ColumnarEngine, frame: pl.DataFrame) -> pl.DataFrame:
    """What the aggregates need of each row; nothing of rows that cannot be read."""
    cases = engine.read(frame, engine.headings(frame))
    columns: dict[str, pl.Series] = {}
    for number, (_, made) in enumerate(Needed(engine.rulebook).columns(cases.columns, len(cases.at))):
        made[TIME] = made[TIME].dt.timestamp("us")
        plain = made.pop(UNITS, None)
        if plain is not None:
            made[OF] = _exact(made[OF].fill_null(number_texts(plain)))
        columns |= {_own(number, name): series for name, series in made.items()}
    own = pl.DataFrame({"__row": pl.Series(cases.at, dtype=pl.Int64), **columns})
    rows = pl.DataFrame({"__row": pl.int_range(frame.height, eager=True)})
    return rows.join(own, on="__row", how="left", maintain_order="left").drop("__row")


def _exact(texts: pl.Series) -> pl.Series:
    """Amounts in Spark's decimals. Raises ValueError for one that these do not hold."""
    for text in texts.drop_nulls().unique().to_list():
        exact = Decimal(text)
        if exact != exact.quantize(Decimal(1).scaleb(-SUMS.scale), context=CONTEXT) or exact.adjusted() >= 18:
            raise ValueError(f"{text} has more digits than Spark sums exactly ({SUMS.precision}, {SUMS.scale})")
    return texts.cast(pl.Decimal(SUMS.precision, SUMS.scale))


def _value(number: int, aggregate: Aggregate) -> Column:
    """An aggregate as text, null where it is not known: groups narrow from left to right (runtime/aggregates.py)."""
    keys = [F.col(_own(number, key(n))) for n in range(len(aggregate.by))]
    time, of = F.col(_own(number, TIME)), F.col(_own(number, OF))
    windowed = aggregate.window is not None
    counts = F.coalesce(F.col(_own(number, COUNTS)), F.lit(False))
    if windowed:
        counts = counts & time.isNotNull()
    if aggregate.of is not None:
        counts = counts & of.isNotNull()
    known = F.col(_own(number, COUNTS)).isNotNull()
    if windowed:
        known = known & time.isNotNull()
    value = F.lit(None).cast("string")
    for pattern in _patterns(len(keys)):
        given = [keys[n].isNotNull() if n in pattern else keys[n].isNull() for n in range(len(keys))]
        window: Any = Window.partitionBy(*(keys[n] for n in pattern)) if pattern else Window.partitionBy(F.lit(0))
        if aggregate.window is not None:
            span = int(aggregate.window.total_seconds() * 1_000_000)
            window = window.orderBy(time).rangeBetween(-span, 0 if aggregate.back_only else span)
        member = F.when(counts, F.lit(1) if aggregate.function == "count" else of)
        match aggregate.function:
            case "count":
                amount = F.count(member).over(window).cast("string")
            case "distinct count":
                amount = F.size(F.collect_set(member).over(window)).cast("string")
            case _:
                amount = F.coalesce(F.sum(member).over(window).cast("string"), F.lit("0"))
        value = F.when(reduce(lambda a, b: a & b, given, known), amount).otherwise(value)
    return value


def _patterns(keys: int) -> Iterable[tuple[int, ...]]:
    """Which keys a case may give: always the first, where there are any."""
    if not keys:
        return [()]
    return [(0, *(n for n in range(1, keys) if bits >> (n - 1) & 1)) for bits in range(1 << (keys - 1))]
