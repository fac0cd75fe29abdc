"""Laws of the compiler that no single story can show."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulectl.codes import LANGUAGES
from rulectl.compiler import compile_drafts, includes
from rulectl.compiler.pipeline import PASSES
from rulectl.diagnostics import Finding
from rulectl.lang.syntax import Literal
from rulectl.model.draft import Draft, DraftCell, Native
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.text import read_text
from rulectl.source import FilePlace, Location

BOOK = """## 手册
| 规则手册 |
| 编号 | 样本 |
| 事件日期 | 下单日期 |
| 层级 | 流程 |

## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 单位 | 取值 | 默认 | 合并 |
| 问题类型 | issue | 输入 | 枚举 | | 质量问题;色差;破包 | | |
| 签收天数 | days | 输入 | 数值 | 天 | | | |
| 下单日期 | ordered | 输入 | 日期 | | | | |
| 买家 | buyer | 输入 | 文本 | | | | |
| 同批人数 | people | 推导 | 数值 | 人 | | | |
| 责任方 | liable | 推导 | 枚举 | | 产品;物流;待核实 | 待核实 | |
| 补救方案 | remedies | 输出 | 列表:枚举 | | 换货;退货退款;补偿 | | 收集 |
| 补偿金额 | amount | 输出 | 数值 | 元 | | 0 | |

## 其余
| 参数表 |
| 名称 | 类型 | 值 |
| 高价线 | 数值 | 500 |

| 统计表 |
| 名称 | 算法 | 对象 | 分组 | 窗口 |
| 同批人数 | 去重计数 | 买家 | 问题类型 | 14天 |

| 测试表 |
| 用例号 | 问题类型 | 期望 责任方 |
| T1 | 色差 | 产品 |

| 守则表 |
| 编号 | 守则 | 级别 |
| P1 | 补偿金额 >= 0 | 错误 |

## 判定
| 决策表 | 责任判定 | 命中策略 | F | 优先级 | 10 |
| 规则号 | 条件 | 条件 | 结论 | 启用 | 生效自 |
| | 问题类型 | 签收天数 | 责任方 | | |
| R1 | 质量问题;色差 | <= 7 | 产品 | 是 | 2026-01-01 |
| R2 | 破包 | - | 物流 | 是 | |
| R3 | 否则 | | 待核实 | | |

| 决策表 | 补救 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 | 结论 |
| | 责任方 | 同批人数 | 补救方案 | 补偿金额 |
| R1 | 产品 | >= 3 | 换货;退货退款 | |
| R2 | 产品 | - | 换货 | 10 |
| R3 | 物流 | - | 补偿 | 高价线 * 0.1 |
"""

# one mistake each, in cells that no other of them speaks of
MISTAKES: dict[str, tuple[str, str]] = {
    "tier": ("| 层级 | 流程 |", "| 层级 | 行规 |"),
    "merge": ("| 换货;退货退款;补偿 | | 收集 |", "| 换货;退货退款;补偿 | | 求和 |"),
    "default": ("| 元 | | 0 | |", "| 元 | | 很多 | |"),
    "window": ("| 问题类型 | 14天 |", "| 问题类型 | 两三周 |"),
    "fact": ("| T1 | 色差 |", "| T1 | 色彩 |"),
    "expectation": ("| 产品 |\n\n| 守则表", "| 产物 |\n\n| 守则表"),
    "severity": ("| 补偿金额 >= 0 | 错误 |", "| 补偿金额 >= 0 | 要紧 |"),
    "salience": ("| 优先级 | 10 |", "| 优先级 | 高 |"),
    "test": ("| 质量问题;色差 | <= 7 |", "| 质量问题;色差 | <= 七八 |"),
    "value": ("| R2 | 破包 |", "| R2 | 破包包 |"),
    "enabled": ("| 物流 | 是 | |", "| 物流 | 似 | |"),
    "date": ("| 是 | 2026-01-01 |", "| 是 | 2026-13-01 |"),
    "output": ("| >= 3 | 换货;退货退款 | |", "| >= 3 | 换货;退货退钱 | |"),
    "expression": ("高价线 * 0.1", "高价钱 * 0.1"),
    "rule id": ("| R2 | 产品 | - |", "| R1 | 产品 | - |"),
}


def compiled(text: str) -> tuple[Rulebook | None, tuple[Finding, ...]]:
    done = compile_drafts((read_text(text, "样本.xlsx"),))
    return done.rulebook, done.findings


def with_mistakes(*names: str) -> str:
    text = BOOK
    for name in names:
        right, wrong = MISTAKES[name]
        assert text.count(right) == 1, name
        text = text.replace(right, wrong)
    return text


def test_the_book_is_whole() -> None:
    book, findings = compiled(BOOK)
    assert findings == ()
    assert book is not None
    assert [(table.name, table.stratum) for table in book.tables] == [("责任判定", 0), ("补救", 1)]
    assert book.event == "ordered"
    assert str(book.tables[0].rules[0].cells) == "判定!A4:F4"
    assert book.tables[0].rules[0].period.start == dt.date(2026, 1, 1)


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_is_one_finding(name: str) -> None:
    book, findings = compiled(with_mistakes(name))
    assert book is None
    assert len(findings) == 1, findings


@settings(max_examples=40, deadline=None)
@given(st.sets(st.sampled_from(sorted(MISTAKES)), min_size=2))
def test_a_finding_is_never_lost_because_of_another(names: set[str]) -> None:
    alone = {finding for name in names for finding in compiled(with_mistakes(name))[1]}
    together = compiled(with_mistakes(*names))[1]
    assert set(together) == alone
    assert len(together) == len(names)


def test_what_could_not_be_read_is_told_of_once() -> None:
    draft = read_text(BOOK.replace("| <= 7 | 产品 |", "| <= 7 | |"), "样本.xlsx")
    (silent,) = compile_drafts((draft,)).findings
    assert silent.slug == "rule-without-conclusion"
    unread = Finding("formula-not-computed", silent.at)
    assert compile_drafts((replace(draft, findings=(unread,)),)).findings == (unread,)


def test_findings_stand_in_the_order_of_the_cells() -> None:
    _, findings = compiled(with_mistakes(*MISTAKES))
    sheets = ["手册", "词汇", "其余", "判定"]
    places = [finding.at.place for finding in findings]
    keys = [(sheets.index(place.sheet), place.row, place.column) for place in places]  # type: ignore[union-attr]
    assert keys == sorted(keys)


def test_rules_below_do_not_change_a_derived_id() -> None:
    nameless = BOOK.replace("| R3 | 否则 |", "| | 否则 |").replace("| R1 | 质量问题;色差 |", "| | 质量问题;色差 |")
    longer = nameless.replace("| | 否则 |", "| | 色差 | 3 | 产品 | | |\n| | 否则 |")
    (one, _), (other, _) = compiled(nameless), compiled(longer)
    assert one is not None
    assert other is not None
    ids, more = ([rule.id for rule in book.tables[0].rules] for book in (one, other))
    assert [ids[0], ids[1], ids[2]] == [more[0], more[1], more[3]]
    assert len(set(more)) == 4


def test_rows_that_say_the_same_have_two_ids() -> None:
    text = BOOK.replace("| R2 | 破包 | - | 物流 | 是 | |", "| | 破包 | - | 物流 | 是 | |\n| | 破包 | - | 物流 | 是 | |")
    book, _ = compiled(text)
    assert book is not None
    first, second = (rule.id for rule in book.tables[0].rules[1:3])
    assert second == f"{first}-2"


def test_the_order_of_columns_is_free() -> None:
    text = BOOK.replace(
        """| 规则号 | 条件 | 条件 | 结论 | 结论 |
| | 责任方 | 同批人数 | 补救方案 | 补偿金额 |
| R1 | 产品 | >= 3 | 换货;退货退款 | |
| R2 | 产品 | - | 换货 | 10 |
| R3 | 物流 | - | 补偿 | 高价线 * 0.1 |""",
        """| 条件 | 结论 | 条件 | 结论 | 规则号 |
| 责任方 | 补救方案 | 同批人数 | 补偿金额 | |
| 产品 | 换货;退货退款 | >= 3 | | R1 |
| 产品 | 换货 | - | 10 | R2 |
| 物流 | 补偿 | - | 高价线 * 0.1 | R3 |""",
    )
    assert text != BOOK
    assert compiled(text)[0] == compiled(BOOK)[0]


def test_what_excel_typed_counts_as_it_is() -> None:
    draft = read_text(BOOK, "样本.xlsx")
    native: dict[str, Native] = {
        "10": Decimal(10),
        "0": Decimal(0),
        "500": Decimal(500),
        "2026-01-01": dt.datetime(2026, 1, 1),
    }

    def typed(cell: DraftCell) -> DraftCell:
        return cell._replace(value=native[cell.text]) if cell.text in native else cell

    blocks = tuple(replace(b, rows=tuple(tuple(map(typed, row)) for row in b.rows)) for b in draft.blocks)
    assert blocks != draft.blocks
    assert compile_drafts((Draft(draft.file, blocks),)).rulebook == compiled(BOOK)[0]


def test_a_merged_cell_gives_its_value_to_all_it_covers() -> None:
    draft = read_text(BOOK.replace("| R2 | 产品 | - |", "| R2 | | - |"), "样本.xlsx")
    assert compile_drafts((draft,)).rulebook != compiled(BOOK)[0]
    assert compile_drafts((merged(draft, -1, 4, 1),)).rulebook == compiled(BOOK)[0]


def merged(draft: Draft, block: int, row: int, column: int) -> Draft:
    """The draft with a cell under a merge that begins in the cell above it."""
    rows = [list(cells) for cells in draft.blocks[block].rows]
    above = rows[row - 1][column]
    rows[row][column] = rows[row][column]._replace(value=above.value, text=above.text, merged=True)
    changed = replace(draft.blocks[block], rows=tuple(map(tuple, rows)))
    blocks = list(draft.blocks)
    blocks[block] = changed
    return Draft(draft.file, tuple(blocks))


def test_a_number_merged_over_rows_is_that_of_the_first() -> None:
    draft = read_text(BOOK, "样本.xlsx")
    done = compile_drafts((merged(merged(draft, -1, 4, 0), -1, 5, 0),))
    assert done.rulebook is not None
    assert [rule.id for rule in done.rulebook.tables[1].rules] == ["R1", "R1-2", "R1-3"]


def test_findings_of_the_reader_are_passed_on_and_stop_the_rulebook() -> None:
    draft = read_text(BOOK, "样本.xlsx")
    finding = Finding("formula-not-computed", compiled(with_mistakes("value"))[1][0].at)
    done = compile_drafts((replace(draft, findings=(finding,)),))
    assert done.rulebook is None
    assert done.findings == (finding,)


def test_includes_are_named_with_their_cell() -> None:
    draft = read_text("## 手册\n| Rulebook |\n| includes | law.xlsx；平台规则 |\n", "a.xlsx")
    assert [(name, str(cell)) for name, cell in includes(draft)] == [("law.xlsx", "手册!B2"), ("平台规则", "手册!B2")]


def test_a_missing_workbook_is_not_blamed_on_those_who_lean_on_it() -> None:
    text = with_mistakes("value", "expression").replace("| 层级 | 流程 |", "| 层级 | 流程 |\n| 包含 | 平台规则 |")
    text = text.replace("| 买家 | buyer | 输入 | 文本 | | | | |\n", "")
    book, findings = compiled(text)
    assert book is None
    assert [finding.slug for finding in findings] == ["value-not-allowed"]
    unread = Draft("平台规则.xlsx", (), (Finding("not-a-workbook", Location(FilePlace("平台规则.xlsx"))),))
    done = compile_drafts((read_text(text, "样本.xlsx"), unread))
    assert done.rulebook is None
    assert [finding.slug for finding in done.findings] == ["value-not-allowed", "not-a-workbook"]


SHOP = """## 手册
| 规则手册 |
| 编号 | 本店 |
| 包含 | 样本.xlsx |

## 其余
| 参数表 |
| 名称 | 值 |
| 高价线 | 800 |

| 话术表 |
| 编号 | 语言 | 文本 |
| 道歉 | 中文 | 本店抱歉 |

| 测试表 |
| 用例号 | 问题类型 | 期望 责任方 |
| T1 | 破包 | 物流 |

| 守则表 |
| 编号 | 守则 |
| P1 | 补偿金额 <= 高价线 |
"""


def test_a_workbook_goes_before_what_it_includes() -> None:
    platform = BOOK + "\n| 话术表 |\n| 编号 | 语言 | 文本 |\n| 道歉 | 中文 | 平台抱歉 |\n| 道歉 | 英文 | sorry |\n"
    done = compile_drafts((read_text(SHOP, "本店.xlsx"), read_text(platform, "样本.xlsx")))
    assert {finding.slug for finding in done.findings} == {"overrides-included"}
    book = done.rulebook
    assert book is not None
    assert (book.id, book.event, [p.value for p in book.parameters]) == ("本店", "ordered", [Decimal(800)])
    assert [(t.id, t.language, t.text) for t in book.templates] == [
        ("道歉", "zh", Literal("本店抱歉")),
        ("道歉", "en", Literal("sorry")),
    ]
    # each workbook numbers its own tests and policies
    assert [test.id for test in book.tests] == ["T1", "样本:T1"]
    assert [policy.id for policy in book.policies] == ["P1", "样本:P1"]
    assert {table.book for table in book.tables} == {"样本"}


def test_nothing_to_compile() -> None:
    assert compile_drafts(()).rulebook is None


texts = st.text(
    st.sampled_from('甲乙是否空-;、"<>=[]().,{}:0159 元天%\n～非除外otherwise#&+!|/'), max_size=12
) | st.sampled_from(
    ["决策表", "条件", "结论 F", "R1", "问题类型", "质量问题", "<= 高价线", "2026-02-30", "否则", "F", "C+"]
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_cell_whatever_raises(data: st.DataObject) -> None:
    """Law: bad user data never raises a traceback."""
    draft = read_text(BOOK, "样本.xlsx")
    blocks = []
    for block in draft.blocks:
        rows = [list(row) for row in block.rows]
        for _ in range(data.draw(st.integers(0, 2))):
            row = data.draw(st.integers(0, len(rows) - 1))
            column = data.draw(st.integers(0 if row else 1, len(rows[row]) - 1)) if len(rows[row]) > 1 or row else None
            if column is not None:
                text = data.draw(texts)
                rows[row][column] = DraftCell(rows[row][column].at, text or None, text)
        keep = data.draw(st.sampled_from([len(rows)] * 4 + [1, 2, 3]))
        blocks.append(replace(block, rows=tuple(map(tuple, rows[:keep]))))
    done = compile_drafts((Draft(draft.file, tuple(blocks)),))
    for finding in done.findings:
        for lang in LANGUAGES:
            assert finding.message(lang)
            finding.help(lang)
    assert len({id(run) for run in PASSES}) == len(PASSES)
