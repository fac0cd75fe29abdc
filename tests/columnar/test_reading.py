"""Columns are read as cells are: the same values, the same rejects, whatever a column holds and however long it is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO
from random import Random

import polars as pl
import pytest

from rulectl.api import Book
from rulectl.cases.reader import CaseRow, Reject
from rulectl.columnar import reading
from rulectl.columnar.decided import Decided
from rulectl.columnar.engine import ColumnarEngine
from rulectl.columnar.seen import Seen
from rulectl.lang.syntax import Any, Binary, Expr, Is, Literal, Name, Test
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import InputColumn, OutputColumn, OutputEntry, Rule, Rulebook, Table, Term, TestEntry
from rulectl.types import BOOLEAN, DATE, DATETIME, NUMBER, STRING, Kind, Type

COLOUR = Type(Kind.ENUM, values=("红", "蓝"))

TERMS = (
    Term("case_id", "工单号", Role.INPUT, STRING, required=True),
    Term("note", "备注", Role.INPUT, STRING),
    Term("sku", "款号", Role.INPUT, STRING),
    Term("amount", "金额", Role.INPUT, Type(Kind.NUMBER, low=Decimal(0)), unit="元", default=Decimal(1)),
    Term("colour", "颜色", Role.INPUT, COLOUR, required=True),
    Term("worn", "已穿", Role.INPUT, BOOLEAN),
    Term("on", "日期", Role.INPUT, DATE),
    Term("at", "时刻", Role.INPUT, DATETIME, default=dt.datetime(2025, 6, 1)),
    Term("level", "等级", Role.OUTPUT, STRING),
    Term("double", "双倍", Role.OUTPUT, NUMBER),
)

AMOUNTS = [
    "",
    "1",
    "10",
    "10.0",
    "10.00",
    "9.99",
    "10.01",
    "1,000",
    "￥12.50",
    "1e3",
    "-1",
    "abc",
    " 7 ",
    "0.1",
    "１２",
]
AMOUNTS += ["0.30000000000000004", "10.0000000000000000001", "12345678901234567890", ".5", "5.", "-0", "1万"]
NOON = dt.datetime(2025, 6, 1, 12)
MOMENTS = ["", "2025-06-01 12:00:00", "2025-06-01 12:00", "2025/06/01 12:00:01", "2025-06-01", "2025/6/1 8:05", "x"]
MOMENTS += ["2025-06/01 12:00", "2025-02-30 10:00:00", "2025-06-01 24:00:00", "2025-06-01T12:00:00", "20250601120000"]
MOMENTS += ["1970-01-01 08:00:00", "1900-01-01 00:00:00", "1985-03-02 01:02:03", "2025-06-01 11:59:59.7", "9999-12-31"]
SKUS = ["", "A1", " A1", "A1\u200b", "B2", "=1+1", "-x", "1E+17", "a\x07b", "鞋　", "好，的"]


def entry(expr: Expr | None) -> OutputEntry:
    return OutputEntry(expr)


def book() -> Rulebook:
    ten = Literal(Decimal(10))
    rules: list[tuple[Test, Test, Test, str]] = [
        (Is("=", Literal("A1")), Is("<", ten), Any(), "small"),
        (Is("=", Literal("A1")), Is("=", ten), Any(), "ten"),
        (Any(), Any(), Is("=", Literal(NOON)), "noon"),
        (Is("!=", Literal("A1")), Is(">", ten), Is(">", Literal(NOON)), "other"),
    ]
    table = Table(
        "分级",
        HitPolicy.FIRST,
        (InputColumn(Name("sku"), STRING), InputColumn(Name("amount"), NUMBER), InputColumn(Name("at"), DATETIME)),
        (OutputColumn("level", HitPolicy.FIRST), OutputColumn("double", HitPolicy.FIRST)),
        tuple(
            Rule(
                f"R{n}",
                (TestEntry(sku), TestEntry(amount), TestEntry(at)),
                (entry(Literal(said)), entry(Binary("+", Name("amount"), Name("amount")))),
            )
            for n, (sku, amount, at, said) in enumerate(rules)
        ),
    )
    return Rulebook("reading", "读", terms=TERMS, tables=(table,))


def cases(rows: int, seed: int) -> list[dict[str, str]]:
    r = Random(seed)
    many = rows > 1000
    return [
        {
            "工单号": r.choice(["", f"C{r.randrange(rows * 3)}", f"C{n} "]) if r.random() < 0.1 else f"K{n}",
            "备注": r.choice(SKUS) if r.random() < 0.3 else f"n{n}",
            "款号": r.choice(SKUS) if not many or r.random() < 0.2 else f"S{n}",
            "金额": r.choice(AMOUNTS) if not many or r.random() < 0.2 else f"{r.random() * 20:.3f}",
            "颜色": r.choice(["红", "蓝", "蓝", "", "绿"]) if r.random() < 0.1 else "红",
            "已穿": r.choice(["是", "Y", "否", "", "也许"]),
            "日期": r.choice(["2025-01-01", "2025/1/2", "", "昨天"]),
            "时刻": r.choice(MOMENTS) if not many or r.random() < 0.2 else moment(r),
        }
        for n in range(rows)
    ]


def moment(r: Random) -> str:
    """A moment as shop software writes it."""
    return (NOON + dt.timedelta(seconds=r.randrange(-9999, 9999))).strftime(
        r.choice(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M"])
    )


def held_to(decided: Decided, whole: Book, rows: list[CaseRow | Reject]) -> None:
    """The one-case reader and engine say the same."""
    good = [row for row in rows if isinstance(row, CaseRow)]
    assert decided.rejects == tuple(row for row in rows if isinstance(row, Reject))
    assert decided.ids.to_list() == [row.id for row in good]
    assert decided.numbers.tolist() == [row.number for row in good]
    outcomes = [whole.engine.decide(row.facts) for row in good]
    for name in ("level", "double"):
        codes, states = decided.columns[name].exact()
        assert [states.items[code].now for code in codes] == [outcome.outputs[name] for outcome in outcomes]
    asked = [decided.ask_names.items[code] for code in decided.asks]
    assert asked == [outcome.asks for outcome in outcomes]


@pytest.mark.parametrize(("rows", "seed"), [(0, 0), (300, 1), (300, 2), (20_000, 3)])
def test_texts(rows: int, seed: int) -> None:
    """With many rows, columns are long enough for the ways of columns with many distinct values."""
    whole = Book(book())
    found = cases(rows, seed)
    frame = pl.DataFrame(found, schema={term.name: pl.String for term in TERMS if term.role is Role.INPUT})
    source = frame.write_csv().encode()
    opened = whole.open_stream(BytesIO(source), "cases.csv")
    engine = ColumnarEngine(whole.rulebook)
    decided = engine.decide(frame, file="cases.csv", seen=Seen())
    held_to(decided, whole, list(opened))  # type: ignore[arg-type]  # it can be read
    blank = frame.with_columns(pl.col(pl.String).replace("", None))
    again = engine.decide(blank, file="cases.csv", seen=Seen())
    assert (again.ids.to_list(), len(again.rejects)) == (decided.ids.to_list(), len(decided.rejects))


def test_texts_are_forgotten_only_after_their_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column of very many texts that rules look at is not remembered; what was read of it stays whole."""
    monkeypatch.setattr(reading, "KNOWN_TEXTS", 3)
    whole, engine = Book(book()), ColumnarEngine(book())
    for seed in (4, 5):
        frame = pl.DataFrame(cases(300, seed))
        source = BytesIO(frame.write_csv().encode())
        rows = list(whole.open_stream(source, "cases.csv"))  # type: ignore[arg-type]  # it can be read
        held_to(engine.decide(frame, file="cases.csv", seen=Seen()), whole, rows)


def test_an_id_that_comes_again_in_a_later_frame_is_rejected() -> None:
    engine, seen = ColumnarEngine(book()), Seen()
    names = [["a", "b", "c"], ["d", "b", "d"], ["e", "a", "f"]]
    for number, ids in enumerate(names):
        frame = pl.DataFrame({"case_id": ids, "colour": ["红"] * 3})
        numbers = pl.Series(range(3 * number + 1, 3 * number + 4)).to_numpy()
        decided = engine.decide(frame, numbers=numbers, seen=seen)
        told = [(reject.id, dict(reject.problems[0][1].fields)["row"]) for reject in decided.rejects]
        assert told == [[], [("b", "2"), ("d", "4")], [("a", "1")]][number]


def test_native_values() -> None:
    whole = Book(book())
    values: dict[str, list[object]] = {
        "case_id": [1, 2, 3, 4],
        "amount": [Decimal("10.0"), Decimal("9.99"), Decimal(-1), None],
        "colour": ["红", "红", "红", "红"],
        "worn": [True, False, None, True],
        "on": [dt.date(2025, 1, 1), None, None, None],
        "sku": ["A1", "A1", "A1", None],
    }
    frame = pl.DataFrame(values)
    mixed = [whole.engine.decide(whole._facts.read({k: v[n] for k, v in values.items()})) for n in (0, 1, 3)]  # type: ignore[arg-type]  # these cases are good
    for like in (frame, frame.with_columns(pl.col("amount").cast(pl.Float64))):
        decided = ColumnarEngine(whole.rulebook).decide(like)
        assert [reject.number for reject in decided.rejects] == [3]
        assert decided.text("level").to_list() == ["ten", "small", ""]
        assert decided.values(whole.rulebook.term("double")).to_list() == [o.outputs["double"] for o in mixed]


@pytest.mark.parametrize(
    "kind",
    [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64],
    ids=str,
)
def test_numbers_of_every_width(kind: pl.DataType) -> None:
    frame = pl.DataFrame(
        {
            "case_id": ["a", "b", "c"],
            "sku": ["A1"] * 3,
            "colour": ["红"] * 3,
            "amount": pl.Series([10, 9, None], dtype=kind),
        }
    )
    decided = ColumnarEngine(book()).decide(frame)
    assert decided.text("level").to_list() == ["ten", "small", "small"]
    assert decided.text("double").to_list() == ["20", "18", "2"]


@pytest.mark.parametrize("most", [0, 4_096])
def test_days_and_moments_of_programs(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also such as are told, lie between two seconds, or come with a time zone."""
    monkeypatch.setattr(reading, "_MANY", most)
    texts = ["2025-06-01 12:00:00", "2025-06-01 11:59:59.7", "2025-06-01 12:00:00.2", "1970-01-01 00:00:00", None]
    moments = pl.Series("at", texts).str.to_datetime()
    frame = pl.DataFrame({"case_id": list("abcde"), "sku": ["B"] * 5, "colour": ["红"] * 5, "amount": [11] * 5})
    on = pl.Series("on", [dt.date(2025, 1, 1), None, dt.date(1899, 12, 31), dt.date(1960, 2, 3), dt.date(2200, 1, 1)])
    engine = ColumnarEngine(book())
    for unit in ("us", "ms", "ns"):
        decided = engine.decide(frame.with_columns(moments.cast(pl.Datetime(unit)), on.set(on.dt.year() < 1900, None)))
        assert decided.text("level").to_list() == ["noon", "noon", "noon", ""]
        assert [reject.id for reject in decided.rejects] == ["d"]
    decided = engine.decide(frame.with_columns(moments.dt.replace_time_zone("UTC"), on))
    assert [reject.id for reject in decided.rejects] == ["a", "b", "c", "d"]
    assert engine.decide(frame.with_columns(on)).columns["on"].texts().to_list() == [
        *("2025-01-01", None, "1960-02-03", "2200-01-01")
    ]


def test_objects_of_any_kind() -> None:
    """A column that holds whatever a program put there is read value by value."""
    frame = pl.DataFrame({"case_id": ["a", "b", "c"], "sku": ["A1"] * 3, "colour": ["红"] * 3})
    amounts = pl.Series("amount", [Decimal(10), "￥9", object()], dtype=pl.Object)
    decided = ColumnarEngine(book()).decide(frame.with_columns(amounts))
    assert decided.text("level").to_list() == ["ten", "small"]
    assert [reject.id for reject in decided.rejects] == ["c"]


def test_numbers_are_never_taken_for_their_neighbours() -> None:
    """Columns long enough to be read as floats still tell 10 from 10.0000000000000000001."""
    filler = [f"{n}.5" for n in range(20, 10_020)]
    odd = ["10.0000000000000000001", "10", "9.9999999999999999999", "10.00"]
    frame = pl.DataFrame(
        {"case_id": [str(n) for n in range(10_004)], "sku": ["A1"] * 10_004, "colour": ["红"] * 10_004}
    ).with_columns(amount=pl.Series(filler + odd))
    decided = ColumnarEngine(book()).decide(frame)
    assert decided.text("level").to_list()[-4:] == ["", "ten", "small", "ten"]
    assert decided.text("double").to_list()[-4:] == ["", "20", "19.9999999999999999998", "20"]
