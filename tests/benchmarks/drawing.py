"""Rulebooks of unlike shapes drawn with their cases, for `shapes.py`: how rules, workbooks and rows come about.

A shape is its inputs, its tables in the neutral form of `make_workload.py`, and how cases look: near the rules, so that
most are met by some, with blank cells, with cells that cannot be read, with columns that no rule reads.
"""

from __future__ import annotations

import datetime as dt
import pathlib
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import polars as pl
from openpyxl import Workbook

Entry = list[Any] | None
"""["in", texts], ["rng", low, high] for low <= x < high, ["eq", truth], ["has", text]; None anything."""

DAY = dt.date(2024, 1, 1)
TYPES: dict[str, pl.DataType] = {
    "number": pl.Float64(),
    "decimals": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "list": pl.List(pl.String),
}
KIND = {"number": "数值", "decimals": "数值", "boolean": "是否", "date": "日期", "list": "列表:文本", "enum": "枚举"}

LISTS, RANKED, NUMERIC = ("C", "R", "O"), ("P", "O"), ("C+", "C<", "C>", "C#")
"""Hit policies that give lists, that go by allowed values, that give numbers."""

SCALE, OUTSIDE = 1000, 1300
"""Rules lie below the one, cases below the other."""

REMARKS = ("客户反映收到商品后发现问题", "已上传照片，等待审核", "多次联系未果，情绪激动", "商品有明显瑕疵,请核实")


class Shape(NamedTuple):
    """Input name -> kind; tables as make_workload writes them; `more` inputs that no rule reads; what part of the cells
    is blank, of the rows bad; how many texts a text or an enumeration has."""

    inputs: dict[str, str]
    tables: list[dict[str, Any]]
    more: dict[str, str]
    blank: float = 0.0
    bad: float = 0.0
    texts: int = 40

    @property
    def kinds(self) -> dict[str, str]:
        """All inputs, the case's id first."""
        return {"case_id": "string", **self.inputs, **self.more}


def entry(r: Random, kind: str, wide: float, texts: int = 40) -> Entry:
    """A test on one column; `wide` is the part of a number's scale that a range takes."""
    match kind:
        case "string":
            return ["in", [f"值{k:03d}" for k in r.sample(range(texts), r.choice([1, 1, 2, 3]))]]
        case "enum":
            return ["in", [f"值{k:03d}" for k in r.sample(range(texts), min(texts, r.choice([1, 2, 5, 20])))]]
        case "boolean":
            return ["eq", r.random() < 0.5]
        case "list":
            return ["has", f"值{r.randrange(texts):03d}"]
        case "decimals":
            low = round(r.random() * SCALE, 6)
            return ["rng", low, round(low + 1 + r.random() * 2 * SCALE * wide, 6)]
        case _:
            low = r.randrange(SCALE)
            return ["rng", low, low + 1 + int(r.random() * 2 * SCALE * wide)]


def table(r: Random, name: str, inputs: dict[str, str], rules: int, asked: float, **more: Any) -> dict[str, Any]:
    """A table of random rules: each column is asked by the part `asked` of them. Under U no two rules hold together,
    and under A those that do say the same: the first input is a text there, and the second a number under U."""
    wide, texts, out, hit = (more.get(key, usual) for key, usual in _usual(name).items())
    says = more.get("says", rules)
    made = []
    for number in range(rules):
        tests = [entry(r, kind, wide, texts) if r.random() < asked else None for kind in inputs.values()]
        said = number % says
        if hit in ("U", "A"):
            tests[0] = ["in", [f"值{number % texts:03d}"]]
            said = number % texts % says
        if hit == "U":
            step = SCALE / -(-rules // texts)
            tests[1] = ["rng", round(number // texts * step, 3), round((number // texts + 1) * step, 3)]
            said = number % says
        made.append({"in": tests, "out": [said if hit in NUMERIC else f"{name}-{said}" for _ in out]})
    return {"name": name, "hit": hit, "inputs": list(inputs), "outputs": out, "rules": made}


def _usual(name: str) -> dict[str, Any]:
    return {"wide": 0.25, "texts": 40, "outputs": [f"{name}值"], "hit": "F"}


def mixed(texts: int, numbers: int, booleans: int, dates: int = 0) -> dict[str, str]:
    """So many inputs of each kind."""
    kinds = ["string"] * texts + ["number"] * numbers + ["boolean"] * booleans + ["date"] * dates
    return {f"项{n}": kind for n, kind in enumerate(kinds)}


def many_tables(r: Random, chained: bool, **more: Any) -> Shape:
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
    return Shape(inputs, tables, {}, **more)


def write_workbook(shape: Shape, path: pathlib.Path) -> None:
    """The shape as a workbook that a shop could have written."""
    out = Workbook(write_only=True)
    sheet = out.create_sheet("手册")
    for row in (["规则手册"], ["编号", "shape"], ["名称", "shape"], ["版本", "1"]):
        sheet.append(row)
    sheet = out.create_sheet("词汇")
    sheet.append(["词汇表"])
    sheet.append(["名称", "编号", "角色", "类型", "取值"])
    texts = ";".join(f"值{k:03d}" for k in range(max(shape.texts + 4, 44)))
    for name, kind in shape.kinds.items():
        sheet.append([name, name, "输入", KIND.get(kind, "文本"), texts if kind == "enum" else None])
    for made in shape.tables:
        for at, name in enumerate(made["outputs"]):
            sheet.append([name, name, "输出", *_said(made, at)])
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


def _said(made: dict[str, Any], at: int) -> tuple[str, str | None]:
    """Type and allowed values of an output."""
    if made["hit"] in NUMERIC:
        return "数值", None
    kind = "枚举" if made["hit"] in RANKED else "文本"
    values = ";".join(dict.fromkeys(rule["out"][at] for rule in made["rules"])) if kind == "枚举" else None
    return (f"列表:{kind}" if made["hit"] in LISTS else kind), values


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
    kinds = {**shape.inputs, **shape.more}
    for n in range(start, start + rows):
        case: dict[str, Any] = {name: value(r, kind, shape.texts) for name, kind in kinds.items()}
        if near and r.random() < 0.9:
            made = r.choice(near)
            for name, test in zip(made["inputs"], r.choice(made["rules"])["in"], strict=True):
                case[name] = within(r, test, case[name], shape.inputs[name])
        if shape.blank:
            case = {name: None if r.random() < shape.blank else known for name, known in case.items()}
        yield {"case_id": f"K{n:08d}", **case}


def value(r: Random, kind: str, texts: int) -> Any:
    """A value of some kind, wherever."""
    match kind:
        case "string" | "enum":
            return f"值{r.randrange(texts + 4):03d}"
        case "boolean":
            return r.random() < 0.5
        case "list":
            return [f"值{k:03d}" for k in r.sample(range(texts + 4), r.choice([0, 1, 2, 3]))]
        case "date":
            return DAY + dt.timedelta(r.randrange(OUTSIDE))
        case "remark":
            return f"{r.choice(REMARKS)}，单号{r.randrange(10**9):09d}，{r.choice(REMARKS)}"
        case "decimals":
            return round(r.random() * OUTSIDE, 10)
        case _:
            return round(r.random() * OUTSIDE, 2)


def within(r: Random, test: Entry, other: Any, kind: str) -> Any:
    """A value that an entry holds of."""
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
            return round(test[1] + r.random() * (test[2] - test[1]) * 0.99, 10 if kind == "decimals" else 2)


def frame(shape: Shape, many: list[dict[str, Any]], r: Random) -> pl.DataFrame:
    """Cases as a typed frame, the bad ones spoiled; then it is one of texts."""
    whole = pl.DataFrame(many, schema={name: TYPES.get(kind, pl.String()) for name, kind in shape.kinds.items()})
    return spoil(r, whole, shape.bad) if shape.bad else whole


def as_texts(typed: pl.DataFrame) -> pl.DataFrame:
    """A frame as a CSV file holds it."""
    lists = [name for name, kind in typed.schema.items() if kind == pl.List(pl.String)]
    return typed.with_columns(pl.col(lists).list.join(";")).with_columns(pl.all().cast(pl.String))


def spoil(r: Random, frame: pl.DataFrame, part: float) -> pl.DataFrame:
    """The frame as texts, some rows with a value that cannot be read."""
    texts = as_texts(frame)
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
    marks = pl.Series([r.random() < part for _ in range(frame.height)])
    return texts.with_columns(pl.when(marks).then(pl.lit("坏值")).otherwise(pl.col(numbers[0])).alias(numbers[0]))
