"""Outcomes as JSON and as explanations."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate

import rulectl
from rulectl.codec.case_schema import case_schema, finding_schema, outcome_schema
from rulectl.report.jsontext import dumps
from rulectl.report.outcome import Reporter
from rulectl.report.summary import Summary, summary_json, summary_text

DEMO = Path(__file__).parents[1] / "cli" / "demo.md"
CASE = {"工单号": "1", "问题类型": "瑕疵", "签收天数": 2, "订单金额": "35.50"}


@pytest.fixture(scope="module")
def book() -> rulectl.Book:
    return rulectl.load(DEMO)


def test_json_by_name_and_by_id(book: rulectl.Book) -> None:
    outcome = book.decide(CASE)
    fields = json.loads(Reporter(book.rulebook, "zh").json(outcome))
    assert fields["outputs"] == {"补救方案": ["换货", "退货退款"], "应退金额": 35.5}
    assert fields["status"] == {"责任方": "decided", "补救方案": "decided", "应退金额": "decided"}
    assert fields["firings"][0] == {"table": "责任判定", "rule": "R1", "cell": "责任判定!A4:E4"}
    assert fields["asks"] == []
    assert fields["findings"] == []
    by_id = json.loads(Reporter(book.rulebook, "zh", "id").json(outcome, indent=2))
    assert by_id["case"] == {"case_id": "1", "issue": "瑕疵", "days": 2, "amount": 35.5}
    assert by_id["derived"] == {"party": "产品"}


@pytest.mark.parametrize("headings", ["name", "id"])
@pytest.mark.parametrize("case", [CASE, {"工单号": "2", "问题类型": "瑕疵", "备注": 1}, {**CASE, "问题类型": "丢件"}])
def test_json_is_as_the_schemas_say(
    book: rulectl.Book, case: dict[str, object], headings: Literal["name", "id"]
) -> None:
    fields = json.loads(Reporter(book.rulebook, "zh", headings).json(book.decide(case)))
    validate(fields, outcome_schema(book.rulebook, headings))
    validate(fields["case"], case_schema(book.rulebook, headings))
    for found in fields["findings"]:
        validate(found, finding_schema())


RANKED = """
## Words
| Vocabulary |
| name | id | role | type | values |
| case | case_id | input | string | |
| torn | | input | boolean | |
| level | | output | enum | high;low |
| marks | | output | list of enum | b;c |

## Rules
| Decision table | both | hit policy | P |
| id | condition | conclusion | conclusion |
| | torn | level | marks |
| R1 | - | low | b |
| R2 | yes | high | c |
"""


def test_a_rule_that_fired_for_a_list_alone_is_said_to_have_given_the_list_alone(tmp_path: Path) -> None:
    (tmp_path / "ranked.md").write_text(RANKED, "utf-8")
    ranked = rulectl.load(tmp_path / "ranked.md")
    text = Reporter(ranked.rulebook, "en").text(ranked.decide({"case": "1", "torn": True}))
    assert [line.strip() for line in text.splitlines() if "→" in line] == ["→ marks: b", "→ level: high", "→ marks: c"]


def test_the_explanation_can_be_followed_to_the_cells(book: rulectl.Book) -> None:
    text = Reporter(book.rulebook, "zh").text(book.decide(CASE), "1")
    assert text.splitlines() == [
        "案例 1：已定",
        "  补救方案：换货;退货退款  (已定)",
        "  应退金额：35.5  (已定)",
        "",
        "用到的规则：",
        "  责任判定/R1  责任判定!A4:E4",
        "      问题类型：「质量问题;瑕疵」，本案是「瑕疵」",
        "      签收天数：「<=3」，本案是「2」",
        "      → 责任方：产品",
        "      依据：店规 3",
        "  补救/B1  补救!A4:D4",
        "      责任方：「产品」，本案是「产品」",
        "      → 补救方案：换货;退货退款",
        "      → 应退金额：订单金额 = 35.5",
    ]


def test_what_is_unknown_is_asked_for(book: rulectl.Book) -> None:
    text = Reporter(book.rulebook, "en").text(book.decide({"工单号": "1", "问题类型": "瑕疵"}))
    assert text.startswith("the case: undetermined\n")
    assert "still to ask: 签收天数" in text


def test_an_else_rule_says_so(book: rulectl.Book) -> None:
    text = Reporter(book.rulebook, "zh").text(book.decide({**CASE, "问题类型": "丢件"}))
    assert "否则：表中没有别的规则适用" in text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10) | st.decimals("-1e30", "1e30", allow_nan=False))
def test_no_digit_of_a_number_changes(number: Decimal) -> None:
    if len(number.as_tuple().digits) <= 34:
        assert json.loads(dumps(number), parse_float=Decimal, parse_int=Decimal) == number


def test_values_of_every_kind() -> None:
    value = {
        "日期": dt.date(2025, 6, 1),
        "时间": dt.datetime(2025, 6, 1, 20, 13),
        "时长": dt.timedelta(days=2, hours=3),
        "列表": ("甲", True, None, Decimal("1.50")),
        "空": {},
        "引号": 'a"b\n',
    }
    for indent in (None, 2):
        assert json.loads(dumps(value, indent)) == {
            "日期": "2025-06-01",
            "时间": "2025-06-01T20:13:00",
            "时长": "P2DT3H",
            "列表": ["甲", True, None, 1.5],
            "空": {},
            "引号": 'a"b\n',
        }


def test_the_summary_counts_cases_rules_and_questions(book: rulectl.Book) -> None:
    summary = Summary()
    for case in (CASE, CASE, {"工单号": "1", "问题类型": "瑕疵"}):
        summary.add(book.decide(case))
    summary.rejected = 1
    summary.seconds = 1.25
    labels = {term.id: term.name for term in book.rulebook.terms}
    assert summary_text(summary, labels, "zh").splitlines() == [
        "共 4 行：已定 2，待定 1，退回 1",
        "用得最多的规则：责任判定/R1 2, 补救/B1 2",
        "最常缺的信息：签收天数 1",
        "用时 1.2 秒",
    ]
    summary.rejected = 1_234_567
    assert summary_text(summary, labels, "en").startswith(
        "1,234,570 rows: 2 decided, 1 undetermined, 1,234,567 rejected\n"
    )
    assert summary_text(Summary(), labels, "en").startswith("0 rows: the file holds no cases\n")
    summary.rejected = 1
    fields = json.loads(summary_json(summary, labels, book.rulebook))
    assert (fields["rows"], fields["rejected"], fields["status"]["decided"]) == (4, 1, 2)
    assert fields["rulebook"] == {"id": book.rulebook.id, "version": book.rulebook.version, "hash": book.hash}


def test_an_overruled_conclusion_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text(
        "## 规则\n| 词汇表 |\n| 名称 | 角色 | 类型 | 取值 |\n| 数 | 输入 | 数值 | |\n| 额 | 输出 | 数值 | |\n"
        "| 表 | 输出 | 列表:枚举 | A;B |\n\n| 决策表 | D | 命中策略 | F |\n| 规则号 | 条件 | 结论 | 结论 |\n"
        "| | 数 | 额 | 表 |\n| M1 | >5 | 1 | A |\n| M2 | >1 | 2 | B |\n",
        "utf-8",
    )
    book = rulectl.load(path)
    text = Reporter(book.rulebook, "zh").text(book.decide({"数": 9}))
    assert [line.strip() for line in text.splitlines() if "→" in line] == ["→ 额：1", "→ 表：A", "→ 表：B"]


def test_messages_go_out_filled_in(tmp_path: Path) -> None:
    """In the order of the conclusion; what is not known keeps its braces and is told apart."""
    path = tmp_path / "book.md"
    path.write_text(
        "## 规则\n| 词汇表 |\n| 名称 | 角色 | 类型 | 取值 |\n| 数 | 输入 | 数值 | |\n| 元 | 输入 | 数值 | |\n"
        "| 表 | 输出 | 列表:枚举 | 甲;乙 |\n| 话 | 输出 | 列表:文本 | |\n\n"
        "| 决策表 | D | 命中策略 | F |\n| 规则号 | 条件 | 结论 | 结论 |\n| | 数 | 表 | 话 |\n"
        "| M1 | >5 | 甲;乙 | 先安抚;再报数;没有这句 |\n\n"
        "| 话术表 |\n| 编号 | 场合 | 语言 | 文本 |\n| 再报数 | 后 | zh | {表}里选,补{元}元 |\n"
        "| 先安抚 | 先 | zh | 抱歉 |\n"
        "| 先安抚 | 先 | en | Sorry |\n",
        "utf-8",
    )
    book = rulectl.load(path)
    outcome = book.decide({"数": 9})
    fields = json.loads(Reporter(book.rulebook, "zh").json(outcome))
    validate(fields, outcome_schema(book.rulebook, "name"))
    assert fields["messages"] == [
        {"id": "先安抚", "text": "抱歉"},
        {"id": "再报数", "text": "甲、乙里选,补{元}元", "missing": ["元"]},
    ]
    english = Reporter(book.rulebook, "en").text(book.decide({"数": 9, "元": 3}))
    assert "messages to send:\n  1. 先安抚: Sorry\n  2. 再报数: 甲、乙里选,补3元\n" in english
