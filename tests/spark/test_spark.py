"""On a local Spark with two workers: the same as decide_many, and the same counts as one process makes."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import polars as pl
import pytest
from pyspark.sql import SparkSession

import rulectl
from rulectl import spark
from rulectl.model.rulebook import Rulebook
from rulectl.values import plain_text

DEMO = Path(__file__).parents[1] / "cli" / "demo.md"

COUNTED = """## 手册
| 规则手册 |
| 编号 | counted |
| 名称 | 计数 |

| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 必填 |
| 工单号 | case_id | 输入 | 文本 | 是 |
| 款号 | sku | 输入 | 文本 | |
| 批次号 | batch | 输入 | 文本 | |
| 买家 | buyer | 输入 | 文本 | |
| 金额 | amount | 输入 | 数值 | |
| 时间 | at | 输入 | 日期时间 | |
| 同款数 | same | 推导 | 数值 | |
| 买家数 | buyers | 推导 | 数值 | |
| 总额 | total | 推导 | 数值 | |
| 预警 | alarm | 输出 | 文本 | |
| 件数 | pieces | 输出 | 数值 | |
| 人数 | people | 输出 | 数值 | |
| 合计 | sum | 输出 | 数值 | |

| 统计表 |
| 名称 | 算法 | 对象 | 分组 | 窗口 | 时间 | 条件 |
| 同款数 | 计数 | | 款号 | | | 金额 > 3 |
| 买家数 | 去重计数 | 买家 | 款号, 批次号 | 2天 | 时间 | |
| 总额 | 求和 | 金额 | 款号 | 前3天 | 时间 | |

| 决策表 | 预警 |
| 规则号 | 条件 | 结论 | 结论 | 结论 | 结论 |
| | 同款数 | 预警 | 件数 | 人数 | 合计 |
| R1 | >=5 | 多 | := 同款数 | := 买家数 | := 总额 |
| R2 | - | 少 | := 同款数 | := 买家数 | := 总额 |
"""


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    # the workers' Python: this one
    os.environ["PYSPARK_PYTHON"] = sys.executable
    made = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "40")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    yield made
    made.stop()


def texts(results: pl.DataFrame, rulebook: Rulebook) -> dict[str, tuple[object, ...]]:
    """What decide_many says, numbers as texts, by case."""
    names = [name for name in spark.schema(rulebook).names if name != "case"]
    exact = results.with_columns(
        pl.col(name).map_elements(lambda n: plain_text(n), pl.String)
        for name, dtype in results.schema.items()
        if isinstance(dtype, pl.Decimal)
    )
    return {row["case"]: tuple(row[name] for name in names) for row in exact.iter_rows(named=True)}


def held_to(session: SparkSession, book: rulectl.Book, frame: pl.DataFrame) -> None:
    expected = texts(book.decide_many(frame), book.rulebook)
    cases = session.createDataFrame(frame.to_arrow()).repartition(4)
    found = spark.decide(cases, book, keep=[frame.columns[0]])
    assert found.columns == [frame.columns[0], *spark.schema(book.rulebook).names]
    rows = found.collect()
    assert len(rows) == frame.height
    for row in rows:
        assert row[0] == row["case"]
        assert tuple(row[name] for name in found.columns[2:]) == expected[row["case"]]


def test_batches_are_decided_as_one_process_decides_them(session: SparkSession) -> None:
    r = Random(1)
    frame = pl.DataFrame(
        {
            "工单号": [f"K{n}" for n in range(300)],
            "问题类型": [r.choice(["瑕疵", "色差", "没有", ""]) for _ in range(300)],
            "签收天数": [r.choice(["1", "2天", "9", ""]) for _ in range(300)],
            "订单金额": [r.choice(["35.5", "￥1,200", "x"]) for _ in range(300)],
        }
    )
    held_to(session, rulectl.load(DEMO), frame)


def test_counts_across_cases_are_windows(session: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "counted.md"
    path.write_text(COUNTED, "utf-8")
    r = Random(2)
    start = dt.datetime(2025, 3, 1)
    frame = pl.DataFrame(
        {
            "工单号": [f"K{n}" for n in range(200)],
            "款号": [r.choice(["S1", "S2", "S3", None]) for _ in range(200)],
            "批次号": [r.choice(["B1", "B2", None]) for _ in range(200)],
            "买家": [r.choice(["甲", "乙", "丙", None]) for _ in range(200)],
            "金额": [r.choice(["1", "4.50", "7.25", "坏", None]) for _ in range(200)],
            "时间": [r.choice([str(start + dt.timedelta(hours=r.randrange(300))), None]) for _ in range(200)],
        }
    )
    held_to(session, rulectl.load(path), frame)


def test_a_missing_column_is_told_before_anything_runs(session: SparkSession) -> None:
    cases = session.createDataFrame([("瑕疵",)], "`问题类型` string")
    with pytest.raises(rulectl.CaseError, match="missing-column"):
        spark.decide(cases, DEMO)
