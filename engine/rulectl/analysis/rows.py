"""Regions as sentences and as rows to paste: what a manager writes into the decision table."""

from __future__ import annotations

from rulectl.analysis.space import Space
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box
from rulectl.lang.printer import print_expr, print_test
from rulectl.lang.region import Region

_SIGNS = "<>=!≤≥≠"


def region_fields(study: Study, space: Space, box: Box) -> dict[str, str]:
    """The conditions of a box in both languages: `签收天数 > 7，已穿用：是`."""
    parts = [_condition(study, space, at, box[at]) for at in space.asked(box)]
    return {
        "region_zh": "，".join(name + (" " if text[0] in _SIGNS else "：") + text for name, text in parts)
        or "任何情况",
        "region_en": ", ".join(name + (" " if text[0] in _SIGNS else ": ") + text for name, text in parts)
        or "any case",
    }


def _condition(study: Study, space: Space, at: int, region: Region) -> tuple[str, str]:
    axis = space.axes[at]
    return print_expr(axis.column.subject, study.names), print_test(axis.test(region), axis.type, study.names)


def row_text(study: Study, space: Space, box: Box, number: int) -> str:
    """The conditions of a box as the cells of a new rule, in the order of the table's columns: `| - | > 7 | 是 |`."""
    table = study.rulebook.tables[number]
    cells = ["-"] * len(table.inputs)
    for at in space.asked(box):
        axis = space.axes[at]
        places = [i for i, column in enumerate(table.inputs) if column.subject == axis.column.subject]
        free = [i for i in places if cells[i] == "-"]
        if not free:
            return ""  # it hangs on what another table asks, or says two things under one heading
        cells[free[0]] = print_test(axis.test(box[at]), table.inputs[free[0]].type, study.names)
    return f"| {' | '.join(cells)} |" if cells else ""
