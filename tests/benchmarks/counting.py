"""Facts counted across the cases of a file: what they add to a batch in time and memory.

    python -m tests.benchmarks.counting [ROWS]... (Linux)

Cases of a year, each with its own second, an eighth as many buyers as cases, five platforms of which one has most. The
rulebook counts buyers per platform within 14 days, orders per buyer in the 14 days before, money per platform within 14
days, and all orders within a day. Printed for each number of rows, without these counts and with them: seconds by the
clock and of processor time, and the most memory held (memory.py).
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from pathlib import Path
from random import Random

from openpyxl import Workbook

from tests.benchmarks.memory import measure

_TERMS = """
规则手册
编号;counting
名称;counting

词汇表
名称;编号;角色;类型
工单号;case_id;输入;文本
买家;buyer;输入;文本
平台;platform;输入;文本
金额;amount;输入;数值
时间;time;输入;日期时间
人数;buyers;推导;数值
单数;orders;推导;数值
总额;spent;推导;数值
当日;everyone;推导;数值
判断;flag;输出;文本

决策表;判断;命中策略;F
规则号;条件;条件;条件;条件;条件;结论
;人数;单数;总额;当日;金额;判断
R1;>=3;>=2;>=100;-;-;多
R2;-;>=5;-;>=10;-;常
R3;-;-;-;-;>=100;贵
R4;-;-;-;-;-;少
"""

_COUNTS = """
统计表
名称;算法;对象;分组;窗口;时间
人数;去重计数;买家;平台;14天;时间
单数;计数;;买家;前14天;时间
总额;求和;金额;平台;14天;时间
当日;计数;;;1天;时间
"""

_PLATFORMS = ["淘宝"] * 12 + ["京东"] * 4 + ["拼多多", "抖音", "其他"]
_START = dt.datetime(2025, 1, 1)


def book(path: Path, text: str) -> str:
    """A workbook of plain rows."""
    workbook = Workbook()
    sheet = workbook.create_sheet("rules", 0)
    for line in text.strip().splitlines():
        sheet.append(line.split(";"))
    workbook.save(path)
    return str(path)


def cases(path: Path, rows: int) -> str:
    """Cases, the same each time."""
    draw = Random(rows)
    with path.open("w", encoding="utf-8") as file:
        file.write("工单号,买家,平台,金额,时间\n")
        for number in range(rows):
            time = _START + dt.timedelta(seconds=draw.randrange(365 * 86_400))
            buyer, amount = draw.randrange(rows // 8 + 1), draw.randrange(50_000) / 100
            file.write(f"A{number:09},{buyer},{draw.choice(_PLATFORMS)},{amount:.2f},{time}\n")
    return str(path)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        books = {
            "without counts": book(folder / "plain.xlsx", _TERMS),
            "with counts": book(folder / "counting.xlsx", _TERMS + _COUNTS),
        }
        for rows in map(int, sys.argv[1:] or ["300000"]):
            file = cases(folder / f"{rows}.csv", rows)
            for label, one in books.items():
                command = [sys.executable, "-m", "rulectl", "batch", one, file, "-o", str(folder / "out.csv")]
                print(f"{rows:12,} {label:15s} {measure(command)}", flush=True)


if __name__ == "__main__":
    main()
