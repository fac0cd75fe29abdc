"""Law: workbook -> rulebook -> workbook -> rulebook is the identity on meaning, in either language."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from rulectl.codec.hashing import content_hash
from rulectl.codes import LANGUAGES, Language
from rulectl.compiler import compile_drafts
from rulectl.lang.syntax import Is, Literal
from rulectl.loading import load_rulebook
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.export import export_grids
from rulectl.sheets.reader import read_workbook
from rulectl.sheets.text import read_text
from rulectl.sheets.writer import write_workbook

ROOT = Path(__file__).parents[2]

EVERYTHING = """
## 关于
| 规则手册 | |
| 编号 | demo |
| 名称 | 示例 |
| 版本 | 1.10 |
| 生效自 | 2024-01-01 |
| 事件日期 | 下单日 |
| 层级 | 店规 |

## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 单位 | 取值 | 必填 | 默认 | 别名 | 合并 | 倾向 | 说明 |
| 下单日 | day | 输入 | 日期 | | | 是 | | 日期;order day | | | |
| 问题类型 | issue | 输入 | 枚举 | | 质量问题;色差;少件 | 是 | | | | | 买家说的事 |
| 签收天数 | days | 输入 | 数值 | 天 | | | 3.5 | | | | |
| 等候 | wait | 输入 | 时长 | | | | 36小时 | | | | |
| 已穿用 | worn | 输入 | 是否 | | | | 否 | | | | |
| 买家 | buyer | 输入 | 文本 | | | | | | | | |
| 同批人数 | batch | 推导 | 数值 | | | | | | | | |
| 性质 | nature | 推导 | 文本 | | | | | | | | |
| 方案 | remedies | 输出 | 列表:枚举 | | 退货;换货;补偿 | | | | 收集 | | |
| 赔付额 | paid | 输出 | 数值 | 元 | | 是 | | | 最大 | 大 | |
| 话 | words | 输出 | 文本 | | | | | | | | |

## 规则
| 决策表 | 性质 | 命中策略 | U | 优先级 | -2 | 层级 | 法律 | 生效自 | 2024-06-01 | 生效至 | 2026-12-31 |
| 规则号 | 条件 | 条件 | 结论 | 说明 | 依据 | 启用 | 生效自 |
| | 问题类型 | 签收天数 + 1 | 性质 | | | | |
| R1 | 质量问题;少件 | - | 产品 | 坏的 | 第三条 | | |
| R2 | 非 质量问题 | 3天以内 | - | | | 否 | 2025-02-01 |
| R3 | 否则 | | 其他 | | | 是 | |

| 统计表 |
| 名称 | 算法 | 对象 | 分组 | 窗口 | 时间 | 条件 |
| 同批人数 | 去重计数 | 买家 | 问题类型;已穿用 | 前14天 | 下单日 | 签收天数 >= 2 |

| 决策表 | 方案 |
| 规则号 | 条件 | 条件 | 条件 | 结论 | 结论 F | 结论 |
| | 性质 | 同批人数 | 等候 | 赔付额 | 方案 | 话 |
| 甲 | 产品 | >= 封顶人数 | 超过2天 | min(签收天数 * 10, 封顶) | 退货;换货 | 等{签收天数}天 |
| 乙 | 空 | - | - | 0.5 | 补偿 | := 性质 |

## 参数
| 参数表 |
| 名称 | 编号 | 类型 | 值 | 单位 | 说明 |
| 封顶 | cap | 数值 | 100 | 元 | |
| 封顶人数 | | 数值 | 3 | 人 | 几位算一批 |
| 快递 | carriers | 列表:文本 | 顺丰;申通 | | |

## 其余
| 话术表 |
| 编号 | 场合 | 语言 | 文本 |
| 致歉 | 开场 | 中文 | 抱歉,{方案}可以吗? |

| 测试表 |
| 用例号 | 下单日 | 问题类型 | 等候 | 期望 方案 | 期望 赔付额 | 期望 状态 | 说明 |
| 一 | 2024-07-01 | 质量问题 | 3天 | +退货 & #>=1 & !补偿 | [0..100] | | 常见 |
| 二 | 2024-07-01 | 色差 | | =补偿 | 0.5 | 无规则 | |

| 守则表 |
| 编号 | 守则 | 级别 | 说明 |
| 封顶内 | 赔付额 <= 封顶 | 警告 | 不能超 |
"""


def compiled(text: str) -> Rulebook:
    result = compile_drafts((read_text(text, "demo.xlsx"),))
    assert result.rulebook is not None, [(str(f.at.place), f.message("en")) for f in result.findings]
    return result.rulebook


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_exported_compiles_to_the_same(lang: Language, tmp_path: Path) -> None:
    same_again(compiled(EVERYTHING), lang, tmp_path)


def test_a_rulebook_of_several_workbooks_becomes_one(tmp_path: Path) -> None:
    book = load_rulebook("after_sales").rulebook
    assert book is not None
    same_again(book, "zh", tmp_path)


def same_again(book: Rulebook, lang: Language, tmp_path: Path) -> None:
    write_workbook(export_grids(book, lang), tmp_path / "demo.xlsx", lang)
    again = compile_drafts((read_workbook(tmp_path / "demo.xlsx"),))
    assert [(str(f.at.place), f.message("en")) for f in again.findings if f.severity.value == "error"] == []
    assert again.rulebook == book
    assert content_hash(again.rulebook) == content_hash(book)


def test_words_and_sheets_of_the_author_are_kept() -> None:
    sheets = {grid.name: grid.rows for grid in export_grids(compiled(EVERYTHING))}
    assert set(sheets) == {"规则手册", "词汇", "参数", "规则", "其余"}
    written = {cell for row in sheets["规则"] for cell in row}
    assert {"3天以内", "非 质量问题", "否则", "超过2天", "min(签收天数 * 10, 封顶)", "结论 F"} <= written


def test_a_text_that_no_longer_says_what_is_meant_is_not_kept() -> None:
    book = compiled(EVERYTHING)
    table = book.tables[0]
    rule = table.rules[0]
    entry = dataclasses.replace(rule.when[0], test=Is("=", Literal("色差")))
    rule = dataclasses.replace(rule, when=(entry, *rule.when[1:]))
    table = dataclasses.replace(table, rules=(rule, *table.rules[1:]))
    changed = dataclasses.replace(book, tables=(table, *book.tables[1:]))
    sheets = {grid.name: grid.rows for grid in export_grids(changed)}
    assert ("R1", "色差") in {row[:2] for row in sheets["规则"]}
