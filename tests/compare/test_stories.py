"""What is touched: a parameter of the shipped rulebook changed, a rule added to a branch's, a shop's workbook laid over
it. Small stories are golden texts, whole and in both languages; of the shipped rulebooks, what the story is about."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

import rulectl
from rulectl.codes import LANGUAGES, Language
from rulectl.diagnostics import Finding
from rulectl.model.rulebook import Parameter, Rulebook
from rulectl.report.diff import diff_text
from rulectl.values import Value

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"

BOOK = """
## 说明
| 规则手册 |
| 编号 | shop |
| 名称 | 小店手册 |

## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 单位 |
| 问题类型 | issue | 输入 | 枚举 | 质量问题;色差;丢件 | |
| 实付 | paid | 输入 | 数值 | >=0 | 元 |
| 责任方 | party | 推导 | 枚举 | 产品;物流 | |
| 应退 | refund | 输出 | 数值 | >=0 | 元 |
| 待办 | todo | 输出 | 列表:枚举 | 拍照;联系快递;报主管 | |

| 参数表 |
| 名称 | 编号 | 类型 | 值 | 单位 | 说明 |
| 高价线 | line | 数值 | {line} | 元 | {why} |
| 折扣 | share | 数值 | 0.5 | | |

## 规则
| 决策表 | 责任 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 问题类型 | 责任方 |
| R1 | 质量问题;色差 | 产品 |
| R2 | 丢件 | 物流 |

| 决策表 | {named} | 命中策略 | {hits} |
| 规则号 | 条件 | 条件 | 结论 | 结论 C |
| | 责任方 | 实付 | 应退 | 待办 |
| T1 | 产品 | < 高价线 | 实付 * 折扣 | 拍照 |
| T2 | 产品 | - | 实付 | 拍照;报主管 |
{more}
| T3 | 物流 | - | {flat} | 联系快递 |

## 其他
| 话术表 |
| 编号 | 场合 | 语言 | 文本 |
| 退款话 | 说退多少 | 中文 | 退您{{应退}}元 |

| 守则表 |
| 编号 | 守则 | 级别 | 说明 |
| 不多退 | 应退 <= 实付 | 错误 | |

| 测试表 |
| 用例号 | 问题类型 | 实付 | 期望 应退 |
| 一 | 色差 | 550 | {hoped} |
| 二 | 质量问题 | 100 | 50 |
| 三 | 丢件 | 100 | 100 |
"""

PLAIN = {"line": "500", "why": "", "more": "", "flat": "实付", "named": "退款", "hits": "F", "hoped": "550"}
"""What stands in the places of the workbook before any edit."""

EDITS = {
    "parameter": {"line": "600"},
    "rule-added": {"more": "| T4 | 物流 | >= 1000 | 800 | 报主管 |"},
    "formula": {"flat": "实付 * 折扣 + 50"},
    "notes": {"why": "本店自己定的"},
    "table-renamed": {"named": "退钱"},
    "table-renamed-and-changed": {"named": "退钱", "flat": "实付 * 折扣"},
    "hit-policy": {"hits": "U"},
    "test-edited": {"hoped": "551"},
    "nothing": {},
}


def written(folder: Path, name: str, **edits: str) -> Path:
    """A version of the workbook, with the edits made."""
    told = {**PLAIN, **edits}
    path = folder / name / "shop.md"
    path.parent.mkdir()
    # an empty line would end the table
    path.write_text(BOOK.replace("{more}\n", f"{told['more']}\n" if told["more"] else "").format(**told), "utf-8")
    return path


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("edit", EDITS)
def test_what_is_touched(edit: str, lang: Language, tmp_path: Path, accept: bool) -> None:
    old, new = written(tmp_path, "old"), written(tmp_path, "new", **EDITS[edit])
    report = rulectl.diff(old, new)
    text = diff_text(report.changes, None, lang) + "\n"
    golden = GOLDEN / f"{edit}.{lang}.txt"
    if accept:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")
    assert report.same is (edit in ("nothing", "notes", "test-edited"))


@cache
def shipped(name: str) -> Rulebook:
    return rulectl.load(ROOT / "rulebooks" / f"{name}.xlsx").rulebook


def changed(book: Rulebook, name: str, value: Value) -> Rulebook:
    """The rulebook with another value of a parameter."""

    def one(parameter: Parameter) -> Parameter:
        return replace(parameter, value=value) if parameter.name == name else parameter

    return replace(book, parameters=tuple(map(one, book.parameters)))


def of(findings: tuple[Finding, ...], slug: str) -> list[Finding]:
    return [found for found in findings if found.slug == slug]


def test_a_parameter_of_the_shipped_rulebook() -> None:
    """Every cell that names it is told, and each table with such a cell answers otherwise between the two values."""
    old = shipped("after_sales")
    value = next(parameter.value for parameter in old.parameters if parameter.name == "高价线")
    assert isinstance(value, Decimal)
    report = rulectl.diff(rulectl.Book(old), rulectl.Book(changed(old, "高价线", value + 100)))
    (told,) = of(report.findings, "part-changed")
    assert f"值 {value} → {value + 100}" in told.message("zh")
    named = {
        str(entry.cell) for table in old.tables for rule in table.rules for entry in rule.when if "高价线" in entry.text
    }
    assert named <= {str(note.at.place) for note in told.notes}
    answers = of(report.findings, "answer-changed")
    assert {"补偿起点", "补偿封顶"} <= {found.table for found in answers}
    assert all(found.verdict == "counterexample" for found in answers)
    for found in answers:
        paid = Decimal(found.example("zh")["订单实付金额"])
        assert value <= paid < value + 100
    assert of(report.findings, "test-changed")


def test_a_rule_added_to_a_branch() -> None:
    """It is told with its row; nothing else changed, and only its own table answers otherwise."""
    old = shipped("apparel")
    at, table = next((n, table) for n, table in enumerate(old.tables) if table.name == "服饰修补费")
    first = table.rules[0]
    added = replace(first, id="F0", then=(replace(first.then[0], expr=table.rules[1].then[0].expr),))
    tables = (*old.tables[:at], replace(table, rules=(added, *table.rules)), *old.tables[at + 1 :])
    report = rulectl.diff(rulectl.Book(old), rulectl.Book(replace(old, tables=tables)))
    (told,) = of(report.findings, "part-added")
    assert (told.table, told.rules) == ("服饰修补费", ("F0",))
    answers = of(report.findings, "answer-changed")
    assert {found.table for found in answers} == {"服饰修补费"}
    assert "维修补贴封顶" in told.message("zh")


def test_a_shop_lays_its_workbook_over_the_branch() -> None:
    """What the shop's own workbook adds and changes is told at its cells; real cases show what it comes to."""
    shop = ROOT / "examples" / "apparel_shop" / "apparel_shop.xlsx"
    report = rulectl.diff(ROOT / "rulebooks" / "apparel.xlsx", shop)
    mine = [found for found in report.findings if found.at.place.file == "apparel_shop.xlsx"]
    told = "\n".join(found.message("zh") for found in mine)
    for sentence in ("新增决策表「本店-首次换码」", "参数「无理由天数」改了：值 7 → 15", "新增守则「禾1」"):
        assert sentence in told
    assert not of(report.findings, "part-removed")


@pytest.mark.parametrize("name", ["after_sales", "food"])
def test_a_rulebook_decides_like_itself(name: str) -> None:
    report = rulectl.diff(rulectl.Book(shipped(name)), rulectl.Book(shipped(name)))
    assert report.same
    assert report.findings == ()


CHAIN = """
## 词汇
| 词汇表 |
| 名称 | 角色 | 类型 | 取值 | 必填 |
| 车 | 输入 | 枚举 | 高铁;飞机;轮船 | 是 |
| 档 | 推导 | 枚举 | 合规;超标 | |
| 可报 | 输出 | 枚举 | 全报;半报;不报 | |

## 规则
| 决策表 | 档 |
| 规则号 | 条件 | 结论 |
| | 车 | 档 |
| C1 | 高铁;飞机 | 合规 |
| C2 | {ship} | 超标 |

| 决策表 | 可报 |
| 规则号 | 条件 | 结论 |
| | 档 | 可报 |
| K1 | 合规 | 全报 |
| K2 | {other} | 半报 |
"""


def test_what_no_table_before_lets_happen_is_no_change(tmp_path: Path) -> None:
    """`档` always has a value, so that it makes no difference whether the last rule asks for it; where a ship is left
    out, it does, and the case is one that both decide."""

    def told(old: tuple[str, str], new: tuple[str, str]) -> list[tuple[str, dict[str, Value]]]:
        books = []
        for name, (ship, other) in (("old.md", old), ("new.md", new)):
            (tmp_path / name).write_text(CHAIN.format(ship=ship, other=other), "utf-8")
            books.append(rulectl.load(tmp_path / name))
        found = [f for f in rulectl.diff(*books).findings if f.slug == "answer-changed"]
        for one in found:
            if one.case:
                assert len({str(book.decide(dict(one.case)).outputs) for book in books}) == 2
        return [(one.verdict, dict(one.case)) for one in found]

    assert told(("轮船", "超标"), ("轮船", "-")) == [("proved", {})]
    assert told(("", "超标"), ("", "-")) == [("proved", {})]
    gap = "飞机"  # no rule for ships
    assert told((gap, "超标"), (gap, "-")) == [("counterexample", {"车": "轮船"})]
