"""How a policy is written and read, and what is said of it when the time is over."""

from __future__ import annotations

import itertools

from rulectl.analysis.budget import Budget
from rulectl.analysis.checks import verdicts
from rulectl.analysis.policies import CHECKS
from rulectl.analysis.study import Study
from rulectl.analysis.verdict import Answer
from rulectl.compiler import Compiled, compile_drafts
from rulectl.lang.printer import print_expr
from rulectl.sheets.text import read_text

BOOK = """## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 |
| 案件 | case_id | 输入 | 文本 | |
| 时限 | | 输入 | 数值 | |
| 责任方 | | 输入 | 枚举 | 店铺;物流 |
| 运费 | | 输出 | 枚举 | 店铺;买家 |

| 决策表 | 运费表 |
| 规则号 | 条件 | 条件 | 结论 |
| | 责任方 | 时限 | 运费 |
| R1 | 店铺 | - | 店铺 |
| R2 | - | >1 | 买家 |

| 守则表 |
| 编号 | 守则 |
"""


def compiled(*statements: str) -> Compiled:
    rows = "".join(f"| 守{n} | {text} |\n" for n, text in enumerate(statements, 1))
    return compile_drafts((read_text(BOOK + rows, "book.xlsx"),))


def test_when_reads_as_an_implication() -> None:
    book = compiled('责任方 = "店铺" 时 运费 != "买家"', "时限 > 1 时，运费 != null", '案件 != "到 时 说"').rulebook
    assert book is not None
    names = {term.id: term.name for term in book.terms}
    assert [print_expr(policy.statement, names) for policy in book.policies] == [
        'not(责任方 = "店铺") or 运费 != "买家"',
        "not(时限 > 1) or 运费 != null",
        '案件 != "到 时 说"',
    ]


def test_a_mistake_behind_the_word_is_underlined_where_it_stands() -> None:
    found = compiled('责任方 = "店铺" 时 运飞 != "买家"').findings
    assert len(found) == 1
    at = found[0].at
    assert at.span is not None
    assert at.text[at.span.start : at.span.end].startswith("运飞")


def test_what_is_not_asked_in_time_is_said_to_be_open() -> None:
    book = compiled('责任方 = "店铺" 时 运费 != "买家"', "时限 = null or 时限 > 0").rulebook
    assert book is not None
    ticks = itertools.count()
    budget = Budget.of(5, clock=lambda: float(next(ticks)))
    found = list(verdicts(Study(book), budget, CHECKS))
    assert [verdict.answer for verdict in found] == [Answer.UNDECIDED] * 2
    assert {note.key for verdict in found for note in verdict.notes} == {"note-out-of-time"}
    assert [dict(verdict.fields)["name"] for verdict in found] == ["守1", "守2"]
    settled = list(verdicts(Study(book), Budget(), CHECKS))
    assert [verdict.answer for verdict in settled] == [Answer.PROVED, Answer.COUNTEREXAMPLE]
