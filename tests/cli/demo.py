"""The small rulebook of these tests, a file of cases for it, and how commands are run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

DEMO = str(Path(__file__).with_name("demo.md"))

CASES = """工单编号,问题类型,签收天数,实付金额,备注,买家要求
001,瑕疵,2,￥35.50,a,
002,色差,,99元,=1+1,=1+1
003,看情况,x,,b,
004,瑕疵,,,,
005,瑕疵,9
001,色差,1,1,,
"""

Run = Callable[..., Result]
