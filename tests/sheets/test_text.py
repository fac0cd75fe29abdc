"""Text workbooks: what the stories of the tests and the sources of the rulebooks are written in."""

import pytest

from rulectl.compiler import compile_drafts
from rulectl.model.draft import BlockKind
from rulectl.sheets.text import grids, read_text

STORY = """
A note before everything.

## 判定

| 规则手册 | |
| 编号 | demo |

How liability is decided:

|  | 决策表 | 责任判定 | 命中策略 | F |
|  | 规则号 | 条件 | 结论 |
|---|---|---|---|
| x | R1 | A\\|B<br>C | - |
|  | | | |
| gone | | |

## notes
| nothing to see |
"""


def test_blocks_start_at_their_marker_and_end_at_a_blank_row() -> None:
    draft = read_text(STORY, "demo.xlsx")
    assert [(b.kind, str(b.at), len(b.rows)) for b in draft.blocks] == [
        (BlockKind.RULEBOOK, "判定!A1", 2),
        (BlockKind.TABLE, "判定!B5", 3),
    ]
    assert draft.findings == ()
    table = draft.blocks[1]
    assert [cell.text for cell in table.rows[2]] == ["R1", "A|B\nC", "-", ""]
    assert [cell.at.a1 for cell in table.rows[2]] == ["B7", "C7", "D7", "E7"]


def test_the_next_marker_ends_a_block_too() -> None:
    draft = read_text("|词汇表|\n|名称|\n|天数|\n|参数表|\n|名称|值|", "x")
    assert [(b.kind, len(b.rows)) for b in draft.blocks] == [(BlockKind.VOCABULARY, 3), (BlockKind.PARAMETERS, 2)]


def test_a_block_ends_where_only_notes_beside_it_go_on() -> None:
    draft = read_text("| |词汇表|\n| |名称|\n|a note||\n| |天数|", "x")
    assert [len(b.rows) for b in draft.blocks] == [2]


def test_grids_keep_the_positions_that_the_draft_names() -> None:
    judged, notes = grids(STORY)
    assert (judged.name, notes.name) == ("判定", "notes")
    assert judged.rows[0] == ("规则手册", "")
    assert judged.rows[4][1] == "决策表"
    assert notes.rows == (("nothing to see",),)


def test_what_looks_like_a_marker_but_is_none_is_told() -> None:
    draft = read_text("|决策|\n|a|\n\n|see|词汇表|\n\n|shopping list|", "x")
    assert draft.blocks == ()
    assert [(f.slug, str(f.at.place)) for f in draft.findings] == [
        ("marker-misspelt", "Sheet1!A1"),
        ("marker-not-first", "Sheet1!B4"),
    ]


def test_a_stray_cell_far_away_does_not_widen_the_block() -> None:
    draft = read_text("|参数表|\n|名称|值|" + "|" * 1200 + "stray|", "x")
    assert [f.slug for f in draft.findings] == ["too-wide"]
    assert len(draft.blocks[0].rows[0]) == 2


@pytest.mark.parametrize("columns", [1_100, 17_000])
def test_a_table_that_is_too_wide_is_one_mistake(columns: int) -> None:
    """What lies beyond the limit may hold the conclusions, so nobody can say that there are none."""
    roles, names = "条件|" * columns + "结论", "天数|" * columns + "金额"
    vocabulary = "|词汇表|\n|名称|角色|类型|\n|天数|输入|数值|\n|金额|输出|数值|\n"
    book = read_text(f"{vocabulary}\n|决策表|T|\n|{roles}|\n|{names}|\n|{'-|' * columns}5|", "x")
    assert [f.slug for f in compile_drafts([book]).findings] == ["too-wide"]
