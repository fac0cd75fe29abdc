"""How written workbooks print: A4 across, as wide as the paper, and no table torn in two where that can be helped.

A sheet has one range of rows that its pages repeat. It is the head of the last table, for what stands above a repeated
row is not headed by it; the tables above it begin a new page where they would be torn.
"""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from rulectl.model.draft import DraftBlock
from rulectl.sheets.choices import header_rows
from rulectl.sheets.looks import FURTHEST, READABLE, ROW_HEIGHT

_WIDE, _HIGH = 799.0, 525.0
"""What A4 across holds within the margins, in points."""


def lay_out(page: Worksheet, blocks: Sequence[DraftBlock], widths: Sequence[float]) -> None:
    """Set up a sheet for print; `widths` are those of its columns. One that would be too small to read is printed on
    several sheets of paper side by side, each with its first column."""
    setup = page.page_setup
    setup.orientation, setup.paperSize = "landscape", 9
    page.page_margins = PageMargins(left=0.3, right=0.3, top=0.4, bottom=0.5, header=0.2, footer=0.2)
    footer = page.oddFooter
    assert footer is not None
    assert footer.center is not None
    footer.center.text = "&A  &P/&N"
    across = 1
    if sum(widths) > READABLE * FURTHEST:
        across = max(2, round(sum(widths) / READABLE))
        page.print_title_cols = "A:A"
    setup.fitToWidth, setup.fitToHeight = across, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    points = sum((7 * width + 5) * 0.75 for width in widths)
    _break_before(page, blocks, _HIGH / min(1.0, _WIDE * across / max(points, 1.0)))
    if blocks:
        last = blocks[-1].at.row
        page.print_title_rows = f"{last}:{last + header_rows(blocks[-1].kind) - 1}"


def _break_before(page: Worksheet, blocks: Sequence[DraftBlock], high: float) -> None:
    """Begin a new page before each table that would go over the end of one of `high` points, with its notes above."""
    above = 0
    used = 0.0
    for block in blocks:
        last = block.rows[-1][0].at.row
        height = sum(page.row_dimensions[row].height or ROW_HEIGHT for row in range(above + 1, last + 1))
        if used and used + height > high:
            page.row_breaks.append(Break(id=above))
            used = 0.0
        used = min(used + height, high)
        above = last
