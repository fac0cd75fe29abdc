"""The doors of a check: text, JSON lines, Python; what is accepted; what is suggested; a spent budget."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import validate
from openpyxl import load_workbook

import rulectl
from rulectl.analysis.accepting import accepted_in
from rulectl.analysis.budget import Budget
from rulectl.analysis.study import Study
from rulectl.analysis.suggest import suggest
from rulectl.cli import main
from rulectl.codec.case_schema import finding_schema
from rulectl.codes import LANGUAGES, Severity
from rulectl.sheets.text import grids
from rulectl.sheets.writer import write_workbook
from rulectl.testing import run as run_tests

BOOK = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 必填 |
| 问题类型 | issue | 输入 | 枚举 | 质量问题;色差;丢件 | 是 |
| 签收天数 | days | 输入 | 数值 | | 是 |
| 金额 | amount | 输入 | 数值 | | |
| 责任方 | party | 推导 | 枚举 | 产品;物流;买家 | |
| 应退 | refund | 输出 | 数值 | | |

## 判定
| 决策表 | 责任判定 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 | 说明 |
| | 问题类型 | 签收天数 | 责任方 | |
| R1 | 质量问题;色差 | <=3 | 产品 | {gap} |
| R2 | 色差 | <3 | 买家 | {shadow} |
| R3 | 丢件 | - | 物流 | |

| 决策表 | 退款 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 责任方 | 应退 |
| T1 | 产品;物流 | 金额 |
| T2 | 买家 | 0 |
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return written(tmp_path)


def written(folder: Path, gap: str = "", shadow: str = "") -> Path:
    path = folder / "book.md"
    path.write_text(BOOK.format(gap=gap, shadow=shadow), "utf-8")
    return path


def call(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(args))
    return result.exit_code, result.stdout


def test_from_python(book: Path) -> None:
    report = rulectl.check(str(book))
    assert isinstance(report, rulectl.CheckReport)
    assert {found.slug for found in report.findings} >= {"gap", "shadowed-rule"}
    assert not report.ok
    assert {found.verdict for found in report.proved} == {"proved"}
    assert rulectl.check(rulectl.load(str(book))).verdicts == report.verdicts


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_sums_up_first_and_groups_by_table(book: Path, lang: str) -> None:
    status, text = call("check", str(book), "--lang", lang)
    assert status == 1
    lines = text.splitlines()
    assert lines[0].startswith(("查了", f"{lines[0].split()[0]} questions"))
    assert "{" not in text
    assert text.index("责任判定") < text.index("RB501")


def test_json_lines_say_every_verdict(book: Path) -> None:
    status, text = call("check", str(book), "--format", "json", "--lang", "zh")
    assert status == 1
    found = [json.loads(line) for line in text.splitlines()]
    for one in found:
        validate(one, finding_schema())
    tables = {"责任判定", "退款"}
    assert {one["table"] for one in found if one["slug"] == "never-holds"} == tables
    (gap,) = [one for one in found if one["slug"] == "gap" and one["verdict"] == "counterexample"]
    assert gap["case"]["签收天数"] == "4"
    assert all(one["severity"] == "notice" for one in found if one["verdict"] == "proved")


def test_a_spent_budget_leaves_everything_undecided(book: Path) -> None:
    full = rulectl.check(str(book)).verdicts
    none = rulectl.check(str(book), budget=0).verdicts
    assert {found.verdict for found in none} == {"undecided"}
    assert {(found.slug, found.table) for found in none} == {
        (found.slug, found.table) for found in full if found.slug != "otherwise-idle"
    }
    assert call("check", str(book), "--budget", "0")[0] == 0


@pytest.mark.parametrize(
    ("note", "codes"),
    [
        ("接受 RB505：买家自己选的", {"RB505": "买家自己选的"}),
        ("常见。接受RB501: 其余由客服主管定; accept RB505 - kept", {"RB501": "其余由客服主管定", "RB505": "- kept"}),
        ("接受 RB505", {}),
        ("不接受补偿", {}),
        ("accepted rb501 (see the manual)", {"RB501": "see the manual"}),
    ],
)
def test_what_a_note_accepts(note: str, codes: dict[str, str]) -> None:
    assert {one.code: one.reason for one in accepted_in(note)} == codes


GAPS = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 必填 |
| 区域 | zone | 输入 | 枚举 | 省内;外省;海外 | 是 |
| 重量 | weight | 输入 | 数值 | >=0 | 是 |
| 运费 | fee | 输出 | 数值 | | |

## 规则
| 决策表 | 运费 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 | 说明 |
| | 区域 | 重量 | 运费 | |
| R1 | 省内;外省 | [0..5) | 5 | {note} |
| R2 | 省内 | >5 | 8 | |
"""


@pytest.mark.parametrize(
    ("note", "left"),
    [
        ("", {"区域：海外", "区域：外省;海外，重量 >= 5", "重量：5"}),
        ("接受 RB501：都不用管", set()),
        ("接受 RB501【区域：海外】：不寄海外", {"区域：外省;海外，重量 >= 5", "重量：5"}),
        ("accept RB501 {区域: 海外}: we do not ship abroad", {"区域：外省;海外，重量 >= 5", "重量：5"}),
        ("接受 RB501【重量 >= 5，区域：外省;海外】：另议；接受 RB501【重量：5】：另议", {"区域：海外"}),
        ("接受 RB501【区域：省内】：没有这种", {"区域：海外", "区域：外省;海外，重量 >= 5", "重量：5"}),
    ],
)
def test_one_gap_is_accepted_by_its_conditions(tmp_path: Path, note: str, left: set[str]) -> None:
    path = tmp_path / "gaps.md"
    path.write_text(GAPS.format(note=note), "utf-8")
    gaps = [found for found in rulectl.check(str(path)).findings if found.slug == "gap"]
    told = {dict(found.fields)["region_zh"].replace('"', "") for found in gaps if not found.accepted}
    assert told == left
    assert len(gaps) == 3


def test_accepted_findings_no_longer_count(tmp_path: Path) -> None:
    half = rulectl.check(str(written(tmp_path, shadow="接受 RB505：留作对照")))
    assert [found.slug for found in half.findings if found.accepted] == ["shadowed-rule"]
    assert not half.ok
    path = written(tmp_path, gap="接受 RB501：其余由主管定", shadow="接受 RB505：留作对照")
    left = [f.slug for f in rulectl.check(str(path)).findings if f.severity is not Severity.NOTICE and not f.accepted]
    assert left == ["unreachable-rule"]  # of the other table, which nobody accepted
    assert "留作对照" in call("check", str(path), "--lang", "zh")[1]
    _, lines = call("check", str(path), "--format", "json")
    accepted = [json.loads(line).get("accepted") for line in lines.splitlines()]
    assert {"留作对照", "其余由主管定"} <= set(accepted)


BETWEEN = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 倾向 | 必填 |
| 会员 | member | 输入 | 是否 | | | 是 |
| 时限 | hours | 输出 | 数值 | | 小 | |

## 话术
| 话术表 | | | |
| 编号 | 场合 | 语言 | 文本 |
| 旧话 | 停用。{message} | zh | 您好 |

## 规则
| 决策表 | 法律表 | 层级 | 法律 |
| 规则号 | 条件 | 结论 |
| | 会员 | 时限 |
| L1 | - | 24 |

| 决策表 | 店规表 | 层级 | 店规 |
| 规则号 | 条件 | 结论 | 说明 |
| | 会员 | 时限 | |
| D1 | 是 | 48 | {rule} |
"""


def test_a_finding_between_two_tables_and_one_of_a_message_are_accepted_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "between.md"
    codes = {"RB554": "旧合同写的", "RB557": "留着备查"}
    path.write_text(BETWEEN.format(rule="", message=""), "utf-8")
    open_ = {found.code for found in rulectl.check(str(path)).findings if not found.accepted}
    assert open_ >= codes.keys()
    path.write_text(BETWEEN.format(rule="接受 RB554：旧合同写的", message="接受 RB557：留着备查"), "utf-8")
    accepted = {found.code: found.accepted for found in rulectl.check(str(path)).findings if found.accepted}
    assert accepted == codes


def test_suggested_tests_fire_every_rule_and_stand_beside_every_threshold(book: Path) -> None:
    loaded = rulectl.load(str(book))
    found = rulectl.suggest_tests(loaded)
    assert [(table.name, rule) for table, rule in found.unreached] == [("责任判定", "R2"), ("退款", "T2")]
    days = {dict(test.facts).get("days") for test in found.tests}
    assert {3, 4} <= {int(str(day)) for day in days if day is not None}
    assert len(found.tests) <= 4
    fired = {f.name for test in found.tests for f in loaded.engine.decide(dict(test.facts)).firings}
    assert fired == {"责任判定/R1", "责任判定/R3", "退款/T1"}


def test_suggested_tests_are_rows_of_the_workbook(book: Path, tmp_path: Path) -> None:
    status, text = call("check", str(book), "--suggest-tests", "--lang", "zh")
    assert status == 0
    rows = list(csv.reader(StringIO(text)))
    assert rows[0] == ["测试表"]
    as_text = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    both = tmp_path / "with_tests.md"
    both.write_text(f"{book.read_text('utf-8')}\n## 测试\n{as_text}\n", "utf-8")
    run = rulectl.run_tests(rulectl.load(str(both)))
    assert run.results
    assert not run.failed
    for name in ("tests.xlsx", "tests.csv", "tests.tsv"):
        assert call("check", str(book), "--suggest-tests", "-o", str(tmp_path / name))[0] == 0
        assert (tmp_path / name).stat().st_size
    assert call("check", str(book), "-o", str(tmp_path / "x.csv"))[0] == 2


def test_the_shipped_rulebooks_are_looked_at_whole() -> None:
    """Every table has an answer to every question of its kind, proof or not."""
    report = rulectl.check("food", budget=2)
    assert report.rulebook is not None
    asked = {found.table for found in report.verdicts if found.slug == "never-holds"}
    assert asked == {table.name for table in report.rulebook.tables}


def test_suggestions_pass_as_tests_of_a_chain() -> None:
    loaded = rulectl.load(str(Path(__file__).parents[1] / "cli" / "demo.md"))
    found = suggest(Study(loaded.rulebook), Budget.of(20))
    assert not found.unreached
    again = run_tests(replace(loaded.rulebook, tests=found.tests), loaded.engine.decide)
    assert not again.failed
    assert not again.uncovered


TESTED = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 必填 |
| 问题 | issue | 输入 | 枚举 | 破损;丢件 | 是 |
| 实付 | paid | 输入 | 数值 | >=0 | 是 |
| 利润 | profit | 输入 | 数值 | | |
| 比例 | rate | 推导 | 数值 | | |
| 应退 | refund | 输出 | 数值 | | |
| 审批 | boss | 输出 | 是否 | | |

## 规则
| 决策表 | 比例 | 命中策略 | U |
| 规则号 | 条件 | 结论 |
| | 问题 | 比例 |
| B1 | 破损 | 0.5 |
| B2 | 丢件 | 1 |

| 决策表 | 应退 | 命中策略 | U |
| 规则号 | 条件 | 结论 |
| | 比例 | 应退 |
| Y1 | <1 | round(实付 * 比例, 2) |
| Y2 | >=1 | 实付 |

| 决策表 | 审批 | 命中策略 | F |
| 规则号 | 条件 | 结论 |
| | 应退 | 审批 |
| S1 | > 利润 | 是 |
| S2 | - | 否 |

## 测试
| 测试表 |
| 编号 | 问题 | 实付 | 期望 应退 |
| T1 | 破损 | 10 | 5 |
"""


def test_suggestions_start_from_the_own_tests_and_stand_beside_derived_thresholds(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text(TESTED, "utf-8")
    loaded = rulectl.load(str(path))
    found = rulectl.suggest_tests(loaded)
    assert not found.unreached
    assert not found.unreached_sides
    assert (found.rules, found.own_rules) == (6, 3)
    # 比例 below 1 and 1 (above is never concluded), and a refund above the profit or not
    assert found.sides == 4
    assert len(found.tests) == 2
    more = rulectl.suggest_tests(loaded, untested=True)
    assert len(more.tests) == 2
    status, text = call("check", str(path), "--suggest-tests", "--untested", "--lang", "zh")
    assert status == 0
    assert "T1" in text
    assert call("check", str(path), "--untested")[0] == 2


def test_the_marked_copy_shows_the_case_and_what_was_accepted(tmp_path: Path) -> None:
    text = written(tmp_path, shadow="接受 RB505：留作对照").read_text("utf-8")
    write_workbook(grids(text), tmp_path / "book.xlsx")
    assert call("check", str(tmp_path / "book.xlsx"), "--annotate", str(tmp_path / "out.xlsx"), "--lang", "zh")[0] == 1
    page = load_workbook(tmp_path / "out.xlsx")["判定"]
    gap, shadow = page["A1"].comment, page["A5"].comment
    assert gap is not None
    assert shadow is not None
    assert "例如：问题类型=" in gap.text
    assert shadow.text.startswith("提示 RB505")
    assert "已接受：留作对照" in shadow.text
