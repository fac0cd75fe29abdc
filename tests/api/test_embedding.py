"""What a program that keeps a rulebook relies on: threads, other processes, cases that it goes on using."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Literal

import polars as pl
import pytest
from click.testing import CliRunner

import rulectl
from rulectl.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
PARCELS = EXAMPLES / "parcels" / "parcels.xlsx"

BOOK = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 |
| 问题 | issue | 输入 | 枚举 | 破损;晚到 |
| 金额 | paid | 输入 | 数值 | |
| 备注 | note | 输入 | 文本 | |
| 责任 | party | 输出 | 枚举 | 快递;卖家 |

## 规则
| 决策表 | 判责 |
| 规则号 | 条件 | 条件 | 结论 |
| | 问题 | 金额 | 责任 |
| R1 | 破损 | <= 50 | 快递 |
| R2 | - | > 50 | 卖家 |
| R3 | 晚到 | - | 快递 |
"""
FIELDS = {"问题": "破损", "金额": "￥30", "备注": " x "}


@pytest.fixture
def plain(tmp_path: Path) -> rulectl.Book:
    """A rulebook whose cases go the short way."""
    path = tmp_path / "plain.md"
    path.write_text(BOOK, "utf-8")
    return rulectl.load(path)


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("lacking", [(), ("备注",), ("金额", "备注")])
def test_an_outcome_keeps_its_case_whatever_becomes_of_the_callers(
    plain: rulectl.Book, lacking: tuple[str, ...]
) -> None:
    """Programs fill one dictionary again and again."""
    case = {key: value for key, value in FIELDS.items() if key not in lacking}
    expected = dict(plain.decide(dict(case)).case)
    outcome = plain.decide(case)
    case["问题"] = "晚到"
    later = plain.decide(case)
    case.clear()
    assert dict(outcome.case) == expected
    assert list(outcome.case) == [id_ for id_ in ("issue", "paid", "note") if id_ in expected]
    assert later.case["issue"] == "晚到"


@pytest.mark.parametrize("shipped", [False, True])
def test_books_and_outcomes_go_to_other_processes(shipped: bool, plain: rulectl.Book) -> None:
    """Also books that have decided, single cases and frames."""
    book = rulectl.load(PARCELS) if shipped else plain
    case = {"包裹去向": "放快递柜", "买家在家": "是", "订单实付金额": 5} if shipped else FIELDS
    outcome = book.decide(case)
    book.decide_many(pl.DataFrame([case]))
    assert pickle.loads(pickle.dumps(outcome)) == copy.deepcopy(outcome) == outcome
    again: rulectl.Book = pickle.loads(pickle.dumps(book))
    assert (again.rulebook, again.findings, again.hash) == (book.rulebook, book.findings, book.hash)
    assert again.decide(case) == outcome


@pytest.mark.parametrize("headings", ["name", "id"])
def test_outcomes_are_written_as_the_command_writes_them(headings: Literal["name", "id"]) -> None:
    book = rulectl.load(PARCELS)
    case = {"包裹去向": "放快递柜", "买家在家": "是", "订单实付金额": "99.50"}
    settings = [part for key, value in case.items() for part in ("--set", f"{key}={value}")]
    arguments = ["decide", str(PARCELS), *settings, "--headings", headings, "--lang", "en"]
    done = CliRunner().invoke(main, arguments)
    written = book.as_json(book.decide(case), headings=headings, indent=2)
    assert json.loads(written)["status"]
    assert done.stdout.strip().endswith(written)


@pytest.mark.usefixtures("often")
def test_threads_share_a_book() -> None:
    """From its very first case on, single cases and frames at once."""
    places, yes = ["放快递柜", "本人签收", "丢失"], ["是", "否"]
    cases = [{"包裹去向": p, "买家在家": y, "订单实付金额": n} for p in places for y in yes for n in (1, 99.5, 500)]
    frames = [
        pl.DataFrame(cases * 20).with_columns(pl.col("订单实付金额") + pl.int_range(pl.len()) % n) for n in range(9, 17)
    ]
    alone = rulectl.load(PARCELS)
    expected = [alone.decide(case) for case in cases]
    tables = [alone.decide_many(frame) for frame in frames]
    for _ in range(5):
        book, start = rulectl.load(PARCELS), Barrier(8)

        def work(number: int, book: rulectl.Book = book, start: Barrier = start) -> bool:
            start.wait()
            same = [book.decide(cases[at % len(cases)]) for at in range(number, number + len(cases))]
            wanted = [expected[at % len(cases)] for at in range(number, number + len(cases))]
            return same == wanted and all(book.decide_many(frames[number]).equals(tables[number]) for _ in range(3))

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(work, range(8)))


ASKING = f"""
import rulectl
from concurrent.futures import ThreadPoolExecutor
book = rulectl.load({str(PARCELS)!r})
case = {{"包裹去向": "放快递柜", "买家在家": "是", "订单实付金额": 5}}

def ask(number):
    mine = book if number % 2 else rulectl.load({str(PARCELS)!r})
    return mine.why_not(case, "赔付金额", 3), rulectl.check(mine).verdicts

first = ask(0)
with ThreadPoolExecutor(6) as pool:
    print(all(found == first for found in pool.map(ask, range(12))))
"""


def test_threads_take_turns_with_the_solver() -> None:
    """Two at once ended the process."""
    done = subprocess.run([sys.executable, "-c", ASKING], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
