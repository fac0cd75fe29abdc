"""What a run of a workbook's own tests says: each cell in the workbook that holds it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import rulectl
from rulectl import testing
from rulectl.model.rulebook import Rulebook
from rulectl.report import tests as told

SHARED = """
| 规则手册 |
| 编号 | shared |

| 词汇表 |
| 名称 | 角色 | 类型 | 取值 |
| 车 | 输入 | 枚举 | 高铁;飞机 |
| 档 | 输出 | 枚举 | 甲;乙 |

| 决策表 | 档 |
| 规则号 | 条件 | 结论 |
| | 车 | 档 |
| C1 | 高铁 | 甲 |
| C2 | 飞机 | 乙 |
"""

OWN = """
| 规则手册 |
| 编号 | own |
| 包含 | shared |

| 测试表 |
| 用例号 | 车 | 期望 档 |
| T1 | 高铁 | 乙 |
"""


@pytest.fixture
def book(tmp_path: Path) -> Rulebook:
    (tmp_path / "shared.md").write_text(SHARED, "utf-8")
    (tmp_path / "own.md").write_text(OWN, "utf-8")
    return rulectl.load(tmp_path / "own.md").rulebook


def test_a_rule_that_no_test_reaches_is_named_with_its_workbook(book: Rulebook) -> None:
    run = testing.run(book, rulectl.Book(book).engine.decide)
    assert told.coverage_text(run, book, "zh").splitlines() == [
        "没有测试用到：档/C2  [shared.md]Sheet1!A13:C13",
        "2 条启用的规则中，测试用到 1 条(50%)",
    ]
    fields = json.loads(told.test_run_json(run, book, coverage=True))
    assert fields["uncovered"] == [{"table": "档", "rule": "C2", "cell": "[shared.md]Sheet1!A13:C13"}]


def test_a_test_that_fails_is_shown_at_its_cells(book: Rulebook) -> None:
    run = testing.run(book, rulectl.Book(book).engine.decide)
    assert told.test_run_text(run, book, "en").splitlines() == [
        "failed T1  Sheet1!A7:C7",
        '    档: expected "乙" (Sheet1!C7), got "甲"',
        "0 passed, 1 failed",
    ]
    elsewhere = replace(book, source="third.xlsx")
    again = testing.run(elsewhere, rulectl.Book(elsewhere).engine.decide)
    assert "differs T1  [own.md]Sheet1!A7:C7" in told.test_run_text(again, elsewhere, "en")
    assert '"乙" ([own.md]Sheet1!C7)' in told.test_run_text(again, elsewhere, "en")
