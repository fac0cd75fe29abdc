"""A rulebook that counts across cases, cases for it, and the batch command as a process whose pieces are small."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from rulectl.cli import main

BOOK = str(Path(__file__).with_name("counting.md"))
PIECE = 1 << 14

PROGRAM = f"""
import rulectl.cases.pieces as pieces
pieces.SIZE = {PIECE}
from rulectl.cli import main
main()
"""

Batch = Callable[..., Result]


def command(*args: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM, "batch", *args]


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LC_") and k not in ("LANG", "PYTHONIOENCODING")}
    return {**kept, "LANG": "zh_CN.UTF-8", "POLARS_MAX_THREADS": "2"}


def cases(rows: int, seed: int = 1) -> str:
    """Cases of which some cannot be read, some have an id that was there before, some hold line breaks."""
    draw = Random(seed)
    lines = ["工单号,款号,进线时间,问题类型,签收天数,实付金额,备注"]
    for n in range(rows):
        id_ = f"A{n:06}" if draw.random() < 0.98 else f"A{draw.randrange(n + 1):06}"
        when = f"2025-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02} {draw.randrange(24):02}:30"
        style = draw.choice(["", *(f"K{k:03}" for k in range(rows // 10 + 1))])
        issue = draw.choice(["瑕疵", "色差", "其他", "看情况"] if draw.random() < 0.05 else ["瑕疵", "色差", "其他"])
        note = draw.choice(["", "急", '"两\n行"', '"有,逗号"', "=1+1"])
        lines.append(
            f"{id_},{style},{when},{issue},{draw.choice(['', draw.randrange(40)])},￥{draw.randrange(900)}.50,{note}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Run the batch command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr("rulectl.cli.batching.SIZE", PIECE)

    def batch_(*args: str, stdin: bytes | None = None, book: str = BOOK) -> Result:
        return CliRunner().invoke(main, ["batch", book, *args], input=stdin)

    return batch_
