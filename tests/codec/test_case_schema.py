"""The schemas of one rulebook's cases and outcomes hold what the engine takes and gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

import rulectl.api
from rulectl.codec.case_schema import case_schema, finding_schema, outcome_schema
from rulectl.compiler import compile_drafts
from rulectl.model.rulebook import Rulebook
from rulectl.report.outcome import Reporter
from rulectl.sheets.text import read_text
from tests.codec.strategies import rulebooks

BOOK = """
| 规则手册 | |
| 编号 | demo |
| 名称 | 示例 |

| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 单位 | 取值 | 必填 | 默认 | 说明 |
| 问题类型 | issue | 输入 | 枚举 | | 质量问题;色差 | 是 | | 买家说的事 |
| 签收天数 | days | 输入 | 数值 | 天 | | | | |
| 签收时间 | signed_at | 输入 | 日期时间 | | | | | |
| 标签 | tags | 输入 | 列表:文本 | | | | | |
| 渠道 | channel | 输入 | 文本 | | | 是 | 网店 | |
| 方案 | remedies | 输出 | 列表:枚举 | | 退货;换货;补偿 | | | |
| 赔付额 | paid | 输出 | 数值 | 元 | | | | |

| 决策表 | 方案 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 | 结论 |
| | 问题类型 | 签收天数 | 方案 | 赔付额 |
| R1 | 质量问题 | <=7 | 退货;换货 | 10.5 |
| R2 | 色差 | - | 补偿 | |
"""


@pytest.fixture(scope="module")
def book() -> Rulebook:
    compiled = compile_drafts((read_text(BOOK, "demo.xlsx"),))
    assert compiled.rulebook is not None, compiled.findings
    return compiled.rulebook


CASES: list[tuple[dict[str, Any], bool]] = [
    ({"问题类型": "质量问题"}, True),
    ({"问题类型": "质量问题", "签收天数": 2.5, "签收时间": "2025-08-23T20:05", "标签": ["a"], "其他列": 1}, True),
    ({"问题类型": "色差", "签收天数": None, "标签": None}, True),
    ({"签收天数": 2}, False),
    ({"问题类型": None}, False),
    ({"问题类型": "味道"}, False),
    ({"问题类型": "色差", "签收天数": "x"}, False),
    ({"问题类型": "色差", "签收时间": "2025年8月"}, False),
    ({"问题类型": "色差", "标签": [None]}, False),
]


@pytest.mark.parametrize(("case", "fits"), CASES)
def test_the_schema_of_cases_agrees_with_the_engine(book: Rulebook, case: dict[str, Any], fits: bool) -> None:
    assert Draft202012Validator(case_schema(book)).is_valid(case) == fits
    if fits:
        outcome = rulectl.api.Book(book).decide(case)
        for headings in ("name", "id"):
            said = json.loads(Reporter(book, "zh", headings).json(outcome))
            errors = [e.message for e in Draft202012Validator(outcome_schema(book, headings)).iter_errors(said)]
            assert errors == []


def test_names_are_keys_and_descriptions_tell_ids_and_units(book: Rulebook) -> None:
    schema = case_schema(book)
    assert schema["required"] == ["问题类型"]
    assert schema["properties"]["问题类型"] == {
        "title": "问题类型",
        "description": "issue: 买家说的事",
        "enum": ["质量问题", "色差"],
    }
    assert schema["properties"]["签收天数"]["description"] == "days (天)"
    assert schema["properties"]["渠道"]["default"] == "网店"
    assert list(case_schema(book, "id")["properties"]) == ["issue", "days", "signed_at", "tags", "channel"]


def test_an_outcome_that_says_something_else_does_not_fit(book: Rulebook) -> None:
    said = json.loads(Reporter(book, "zh").json(rulectl.api.Book(book).decide({"问题类型": "色差"})))
    fits = Draft202012Validator(outcome_schema(book)).is_valid
    assert fits(said)
    wrong: list[dict[str, Any]] = [
        {"outputs": {"方案": ["退一赔三"]}},
        {"status": {"方案": "maybe"}},
        {"asks": ["天气"]},
        {"firings": [{"table": "方案"}]},
        {"verdict": "x"},
        {"findings": [{"code": "RB999"}]},
    ]
    assert [fits({**said, **change}) for change in wrong] == [False] * len(wrong)


@given(rulebooks())
@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
def test_every_rulebook_has_sound_schemas(drawn: Rulebook) -> None:
    for schema in (case_schema(drawn), outcome_schema(drawn)):
        Draft202012Validator.check_schema(schema)
        json.dumps(schema)


def test_the_schema_of_findings_is_sound_and_described() -> None:
    schema = finding_schema()
    Draft202012Validator.check_schema(schema)
    assert all(part["description"].endswith(".") for part in schema["properties"].values())
