"""Many cases at once on rulebooks of unlike shapes: where the columns are fast, and where a cliff is.

    python -m tests.benchmarks.shapes [SHAPE...] [--rows 200000] [--seed 1] [--zen 2000] [--repeat 3]

Each shape is drawn with its cases (`SHAPES` says how), compiled as a workbook, and held to the one-case engine on 200
cases first. Printed: cases a second of `Book.decide_many` with a typed frame, by processor time, the first call
(whatever is made at the first case included) and the best of the later ones, on as many rows again that were not met
before; and zen-engine in its fastest mode where it can say the same. `small` prints milliseconds for small frames.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import polars as pl
from openpyxl import Workbook

import rulectl
from tests.benchmarks.one_case import zen_decision

Entry = list[Any] | None
"""["in", texts], ["rng", low, high] for low <= x < high, ["eq", truth], ["has", text]; None anything."""

DAY = dt.date(2024, 1, 1)
TYPES = {"string": pl.String, "number": pl.Float64, "boolean": pl.Boolean, "date": pl.Date}
KIND = {"string": "文本", "number": "数值", "boolean": "是否", "date": "日期", "list": "列表:文本"}


class Shape(NamedTuple):
    """Input name -> type; tables as make_workload writes them; what part of the cells is blank, of the rows bad."""

    inputs: dict[str, str]
    tables: list[dict[str, Any]]
    blank: float = 0.0
    bad: float = 0.0


def entry(r: Random, kind: str, wide: float, texts: int = 40) -> Entry:
    """A test on one column; `wide` is the part of a number's scale that a range takes."""
    match kind:
        case "string":
            return ["in", [f"值{k:03d}" for k in r.sample(range(texts), r.choice([1, 1, 2, 3]))]]
        case "boolean":
            return ["eq", r.random() < 0.5]
        case "list":
            return ["has", f"值{r.randrange(texts):03d}"]
        case _:
            low = r.randrange(1000)
            return ["rng", low, low + 1 + int(r.random() * 2000 * wide)]


def table(r: Random, name: str, inputs: dict[str, str], rules: int, asked: float, **more: Any) -> dict[str, Any]:
    """A table of random rules: each column is asked by the part `asked` of them."""
    wide, texts, out = more.get("wide", 0.25), more.get("texts", 40), more.get("outputs", [f"{name}值"])
    made = []
    for number in range(rules):
        tests = [entry(r, kind, wide, texts) if r.random() < asked else None for kind in inputs.values()]
        made.append({"in": tests, "out": [f"{name}-{number % more.get('says', rules)}" for _ in out]})
    return {"name": name, "hit": more.get("hit", "F"), "inputs": list(inputs), "outputs": out, "rules": made}


def mixed(texts: int, numbers: int, booleans: int) -> dict[str, str]:
    kinds = ["string"] * texts + ["number"] * numbers + ["boolean"] * booleans
    return {f"项{n}": kind for n, kind in enumerate(kinds)}


def many_tables(r: Random, chained: bool) -> Shape:
    """300 tables of 10 rules over 12 inputs, each with an output; chained: each also asks what the one before said."""
    inputs = mixed(5, 5, 2)
    tables = []
    for n in range(300):
        some = dict(r.sample(sorted(inputs.items()), 3))
        made = table(r, f"表{n}", some, 10, 0.6, says=4)
        if chained and n:
            made["inputs"].append(f"表{n - 1}值")
            for rule in made["rules"]:
                said = [f"表{n - 1}-{k}" for k in r.sample(range(4), 2)]
                rule["in"].append(["in", said] if r.random() < 0.7 else None)
        tables.append(made)
    return Shape(inputs, tables)


def one(inputs: dict[str, str], rules: int, asked: float = 0.9, **more: Any) -> Callable[[Random], Shape]:
    rest = {key: more.pop(key) for key in ("blank", "bad") if key in more}
    return lambda r: Shape(inputs, [table(r, "表", inputs, rules, asked, **more)], **rest)


USUAL = mixed(2, 2, 1)
SHAPES: dict[str, Callable[[Random], Shape]] = {
    "usual_1000": one(USUAL, 1000),
    "unknown_30": one(USUAL, 1000, blank=0.3),
    "unknown_30_10000": one(USUAL, 10_000, blank=0.3),
    "bad_5": one(USUAL, 1000, bad=0.05),
    "columns_12": one(mixed(5, 5, 2), 2000, 0.5),
    "columns_20": one(mixed(8, 8, 4), 2000, 0.4),
    "texts_8": one(mixed(8, 0, 0), 2000, 0.4),
    "texts_many_values": one(mixed(3, 1, 0), 5000, texts=2000),
    "numbers_1000": one(mixed(0, 4, 0), 1000),
    "numbers_1025": one(mixed(0, 4, 0), 1025),
    "numbers_10000": one(mixed(0, 4, 0), 10_000, wide=0.1),
    "numbers_100000": one(mixed(0, 4, 0), 100_000, wide=0.05),
    "dates_2000": one({"日甲": "date", "日乙": "date", "日丙": "date"}, 2000),
    "booleans_2000": one(mixed(0, 0, 16), 2000, 0.6),
    "lists_200": one({"单": "list", "双": "list", "数": "number"}, 200),
    "lists_2000": one({"单": "list", "双": "list", "数": "number"}, 2000),
    "collect_1000": one(USUAL, 1000, hit="C", says=30),
    "collect_10000": one(USUAL, 10_000, hit="C", says=30),
    "priority_1000": one(USUAL, 1000, hit="R", says=30),
    "tables_300": lambda r: many_tables(r, False),
    "tables_300_chained": lambda r: many_tables(r, True),
}


def write_workbook(shape: Shape, path: pathlib.Path) -> None:
    """The shape as a workbook that a shop could have written."""
    out = Workbook(write_only=True)
    sheet = out.create_sheet("手册")
    for row in (["规则手册"], ["编号", "shape"], ["名称", "shape"], ["版本", "1"]):
        sheet.append(row)
    sheet = out.create_sheet("词汇")
    sheet.append(["词汇表"])
    sheet.append(["名称", "编号", "角色", "类型"])
    sheet.append(["case_id", "case_id", "输入", "文本"])
    for name, kind in shape.inputs.items():
        sheet.append([name, name, "输入", KIND[kind]])
    for made in shape.tables:
        for name in made["outputs"]:
            sheet.append([name, name, "输出", "列表:文本" if made["hit"] in "CR" else "文本"])
    for made in shape.tables:
        sheet = out.create_sheet(made["name"])
        sheet.append(["决策表", made["name"], "命中策略", made["hit"]])
        sheet.append(["规则号"] + ["条件"] * len(made["inputs"]) + ["结论"] * len(made["outputs"]))
        sheet.append([None, *made["inputs"], *made["outputs"]])
        kinds = [shape.inputs.get(name, "string") for name in made["inputs"]]
        for n, rule in enumerate(made["rules"], 1):
            cells = [cell(test, kind) for test, kind in zip(rule["in"], kinds, strict=True)]
            sheet.append([f"R{n}", *cells, *rule["out"]])
    out.save(path)


def cell(test: Entry, kind: str) -> str:
    """An entry as people write it."""
    if test is None:
        return "-"
    match test[0]:
        case "in":
            return ";".join(test[1])
        case "eq":
            return "是" if test[1] else "否"
        case "has":
            return f"包含 {test[1]}"
        case _:
            low, high = ((DAY + dt.timedelta(end)).isoformat() if kind == "date" else end for end in test[1:])
            return f"[{low}..{high})"


def cases(r: Random, shape: Shape, rows: int, start: int) -> Iterator[dict[str, Any]]:
    """Cases drawn near the rules, so that most are met by some, under ids of their own."""
    near = [made for made in shape.tables if set(made["inputs"]) <= shape.inputs.keys()]
    for n in range(start, start + rows):
        case: dict[str, Any] = {name: value(r, kind) for name, kind in shape.inputs.items()}
        if near and r.random() < 0.9:
            made = r.choice(near)
            for name, test in zip(made["inputs"], r.choice(made["rules"])["in"], strict=True):
                case[name] = within(r, test, case[name], shape.inputs[name])
        if shape.blank:
            case = {name: None if r.random() < shape.blank else known for name, known in case.items()}
        yield {"case_id": f"K{n:08d}", **case}


def value(r: Random, kind: str) -> Any:
    match kind:
        case "string":
            return f"值{r.randrange(44):03d}"
        case "boolean":
            return r.random() < 0.5
        case "list":
            return [f"值{k:03d}" for k in r.sample(range(44), r.choice([0, 1, 2, 3]))]
        case "date":
            return DAY + dt.timedelta(r.randrange(1300))
        case _:
            return round(r.random() * 1300, 2)


def within(r: Random, test: Entry, other: Any, kind: str) -> Any:
    """A value for which a test holds."""
    if test is None:
        return other
    match test[0]:
        case "in":
            return r.choice(test[1])
        case "eq":
            return test[1]
        case "has":
            return [*other, test[1]]
        case _ if kind == "date":
            return DAY + dt.timedelta(r.randrange(test[1], test[2]))
        case _:
            return round(test[1] + r.random() * (test[2] - test[1]) * 0.99, 2)


def spoil(r: Random, frame: pl.DataFrame, part: float) -> pl.DataFrame:
    """The frame as texts, some rows with a value that cannot be read."""
    texts = frame.with_columns(pl.all().cast(pl.String))
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    marks = pl.Series([r.random() < part for _ in range(frame.height)])
    return texts.with_columns(pl.when(marks).then(pl.lit("坏值")).otherwise(pl.col(numbers[0])).alias(numbers[0]))


def agrees(book: rulectl.Book, frame: pl.DataFrame) -> int:
    """Hold the columns to the one-case engine; AssertionError names the row."""
    some = frame.head(200)
    found = book.decide_many(some)
    outputs = [term.id for term in book.engine.plan.outputs]
    for row, case in zip(found.iter_rows(named=True), some.iter_rows(named=True), strict=True):
        if row["status"] == "rejected":
            continue
        outcome = book.decide(case)
        for name in outputs:
            mine = row[name]
            assert (tuple(mine) if isinstance(mine, list) else mine) == outcome.outputs[name], (row, outcome)
        assert row["rules"] == [f"{f.table}/{f.rule}" for f in outcome.firings], (row, outcome)
        assert (row["status"], tuple(row["asks"])) == (outcome.status.value, outcome.asks), (row, outcome)
    return some.height


def timed(work: Callable[[], object]) -> float:
    """Seconds of processor time."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def zen_rate(shape: Shape, many: list[dict[str, Any]]) -> float:
    """Cases a second of zen-engine, dates as numbers of days; 0 where it cannot say the same."""
    if "list" in shape.inputs.values() or {made["hit"] for made in shape.tables} - {"F", "C"}:
        return 0.0
    for case in many:
        case.update({k: (v - DAY).days for k, v in case.items() if isinstance(v, dt.date)})
    decide = zen_decision({"tables": shape.tables})
    return max(len(many) / timed(lambda: [decide(case) for case in many]) for _ in range(2))


def measure(name: str, rows: int, seed: int, zen_cases: int, repeat: int) -> None:
    """Print one line for a shape."""
    r = Random(f"{name} {seed}")
    shape = SHAPES[name](r)
    with tempfile.TemporaryDirectory() as place:
        path = pathlib.Path(place) / "book.xlsx"
        write_workbook(shape, path)
        book = rulectl.load(path)
    many = list(cases(r, shape, 2 * rows, 0))
    kinds = {"case_id": "string", **shape.inputs}
    schema = {name: TYPES.get(kind, pl.List(pl.String)) for name, kind in kinds.items()}
    whole = pl.DataFrame(many, schema=schema)
    if shape.bad:
        whole = spoil(r, whole, shape.bad)
    first, later = whole.head(rows), whole.slice(rows)
    agrees(book, first)
    book = rulectl.Book(book.rulebook)
    cold = rows / timed(lambda: book.decide_many(first))
    fresh = rows / timed(lambda: book.decide_many(later))
    warm = max(rows / timed(lambda: book.decide_many(later)) for _ in range(repeat))
    zen = zen_rate(shape, many[:zen_cases]) if zen_cases else 0.0
    ratio = f"{zen:9,.0f} {warm / zen:6.0f} x" if zen else ""
    print(f"{name:20s} {cold:12,.0f} {fresh:12,.0f} {warm:12,.0f} {ratio}", flush=True)


def five(book: rulectl.Book, frame: pl.DataFrame) -> float:
    """Seconds for one frame, five times."""
    return timed(lambda: [book.decide_many(frame) for _ in range(5)])


def small(seed: int) -> None:
    """Milliseconds for frames of 1 and 100 rows, warm."""
    for name in ("usual_1000", "columns_20", "tables_300"):
        r = Random(f"{name} {seed}")
        shape = SHAPES[name](r)
        with tempfile.TemporaryDirectory() as place:
            path = pathlib.Path(place) / "book.xlsx"
            write_workbook(shape, path)
            book = rulectl.load(path)
        for rows in (1, 100, 10_000):
            frame = pl.DataFrame(list(cases(r, shape, rows, 0)))
            book.decide_many(frame)
            best = min(five(book, frame) for _ in range(5)) / 5
            print(f"  {name:20s} {rows:6d} rows {best * 1000:9.2f} ms")


def run() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("shape", nargs="*")
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--zen", type=int, default=2_000)
    options.add_argument("--repeat", type=int, default=3)
    args = options.parse_args()
    print(f"{'shape':20s} {'first call':>12s} {'new rows':>12s} {'again':>12s} {'zen':>9s}")
    for name in args.shape or SHAPES:
        if name != "small":
            measure(name, args.rows, args.seed, args.zen, args.repeat)
    if not args.shape or "small" in args.shape:
        small(args.seed)


if __name__ == "__main__":
    run()
