"""Where the solver gives no answer, the workbook's own tests lead to cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rulectl.analysis import smt
from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import analyse
from rulectl.compiler import compile_drafts
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.text import read_text

BOOK = """
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 | 必填 |
| 案号 | case_id | 输入 | 文本 | | |
| 车 | | 输入 | 枚举 | 高铁;飞机;轮船 | |
| 票价 | | 输入 | 数值 | >=0 | |
| 档 | | 推导 | 枚举 | 合规;超标 | |
| 可报 | | 输出 | 数值 | | 是 |

| 决策表 | 档 |
| 规则号 | 条件 | 结论 |
| | 车 | 档 |
| C1 | 高铁 | 合规 |
| C2 | 飞机 | 超标 |
| C3 | 轮船 | |

| 决策表 | 可报 |
| 规则号 | 条件 | 结论 |
| | 档 | 可报 |
| K1 | 合规 | 票价 |
| K2 | 超标 | 票价 / 2 |

| 守则表 |
| 编号 | 守则 |
| 不超 | 可报 < 票价 |

| 测试表 |
| 用例号 | 车 | 票价 | 期望 可报 |
| T1 | 飞机 | 100 | 50 |
"""


@pytest.fixture
def book() -> Rulebook:
    compiled = compile_drafts((read_text(BOOK, "book.md"),))
    assert compiled.rulebook is not None, compiled.findings
    return compiled.rulebook


def shown(book: Rulebook, slug: str) -> list[dict[str, object]]:
    return [dict(f.case) for f in analyse(book, Budget.of(60)) if f.slug == slug and f.verdict == "counterexample"]


def test_a_solver_without_an_answer_leaves_the_tests(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    proper = {slug: shown(book, slug) for slug in ("no-value", "policy-violated")}
    assert all(proper.values())
    monkeypatch.setattr(smt.Solver, "can", lambda *_, **__: (smt.Answer.TIME, None))
    for slug, cases in proper.items():
        tried = shown(book, slug)
        assert [case.get("车") for case in tried] == [case.get("车") for case in cases]


def test_what_no_test_is_near_stays_open(book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smt.Solver, "can", lambda *_, **__: (smt.Answer.TIME, None))
    verdicts = {f.verdict for f in analyse(replace(book, tests=()), Budget.of(60)) if f.slug == "no-value"}
    assert verdicts == {"undecided"}
