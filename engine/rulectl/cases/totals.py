"""Rows below the cases of an export that are none: the totals (`合计`, numbers, blanks), and lines that close the
file (`共 123 条`, `导出时间：…`). Nobody can mend what a reader of cases would say of them, a blank field here, too few
cells there; and a rulebook that asks little could even decide them.

They are rejected and not passed over: what looks like totals may be the case of somebody who is called Total.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rulectl.diagnostics import Finding, finding
from rulectl.source import Location, RowPlace

_BLANK = r"[\s\u200b\ufeff]*"
_WHOSE = r"(?:[本当每][页月日周期批]|全部|以上|订单|金额|数量)?"
_SUMS = r"(?:[合总小共累]\s*计|汇\s*总|总\s*[和共]|(?:grand|sub)?[\s-]*totals?\b)"
_MADE = "(?:导出|打印|制表|生成|统计|下载|查询|报表|exported)"

BEGINS = rf"(?i)^{_BLANK}(?:{_WHOSE}{_SUMS}|共|{_MADE})"
"""How the first cell of such a row begins, as a pattern for `re` and for columns alike; most cells that do are none."""
SIGNS = frozenset("EGSTegst")
"""The signs of ASCII that it begins with."""
SILENT = rf"^{_BLANK}$"
"""A cell that says nothing."""

# patterns as text, which `re` compiles when it is first asked: most runs never do
_COUNT = r"[0-9][0-9,.]*"
_TOTALS = rf"(?i){_WHOSE}{_SUMS}(?:金额|数量|行)?[:：]?(?:[(（]?{_COUNT}\S{{0,3}}[)）]?)?"
_COUNTED = rf"(?i)(?:总?共|[合总共]计|totals?)[:：]?{_COUNT}(?:条|笔|单|行|个|件|项|页|records?|rows?|orders?|items?).*"
_LABELLED = rf"(?i){_MADE}(?:时间|日期|人员?|员|者|账号|条件|范围|区间|at|on|by)?[:：].*"
_SUM = r"[^0-9A-Za-z]{0,4}[0-9][0-9,.]*(?:[eE]\+?[0-9]+)?(?:[^0-9A-Za-z]{0,4}|kg|g)|[-—–/]+"


def not_a_case(cells: Sequence[str]) -> tuple[str, str] | None:
    """What a row is that is no case, as the slug of a finding, and the cell that says so; None where it may be one."""
    filled = [cell.strip() for cell in cells if not re.match(SILENT, cell)]
    if not filled or not re.match(BEGINS, filled[0]):
        return None
    first, *others = (re.sub(r"[\s\u200b\ufeff]+", "", cell) for cell in filled)
    if (not others and re.fullmatch(_COUNTED, first)) or (len(others) < 2 and re.fullmatch(_LABELLED, first)):
        return "closing-line", filled[0]
    if re.fullmatch(_TOTALS, first) and all(cell == first or re.fullmatch(_SUM, cell) for cell in others):
        return "totals-no-case", filled[0]
    return None


def totals_finding(cells: Sequence[str], place: RowPlace) -> Finding | None:
    """The same as what is told of a row."""
    found = not_a_case(cells)
    return None if found is None else finding(found[0], Location(place, found[1]), text=found[1])
