"""The public functions: load, decide, decide many, run tests."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rulectl
from rulectl.books import find, shipped_names
from rulectl.cases.reader import Unreadable

DEMO = Path(__file__).parents[1] / "cli" / "demo.md"
CASE = {"工单号": "1", "问题类型": "瑕疵", "签收天数": 2, "订单金额": 35.5}

BOOK = """## 手册
| 规则手册 |
| 编号 | {id} |
| 名称 | {id} |
{includes}

"""
WORDS = """| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 必填 |
| 工单号 | case_id | 输入 | 文本 | 是 |
| 款号 | sku | 输入 | 文本 | |
| 同款数 | same | 推导 | 数值 | |
| 预警 | alarm | 输出 | 是否 | |

| 统计表 |
| 名称 | 算法 | 对象 | 分组 | 窗口 | 时间 |
| 同款数 | 计数 | | 款号 | | |

"""
TABLE = """| 决策表 | 预警 |
| 规则号 | 条件 | 结论 |
| | 同款数 | 预警 |
| R1 | >=2 | 是 |
| R2 | - | 否 |
"""


def write(folder: Path, name: str, includes: str, *parts: str) -> Path:
    path = folder / f"{name}.md"
    line = f"| 包含 | {includes} |" if includes else ""
    path.write_text(BOOK.format(id=name, includes=line) + "".join(parts), "utf-8")
    return path


@pytest.fixture(scope="module")
def book() -> rulectl.Book:
    return rulectl.load(DEMO)


def test_every_public_name_is_there() -> None:
    for name in rulectl.__all__:
        assert getattr(rulectl, name)
    with pytest.raises(AttributeError):
        _ = rulectl.nothing  # type: ignore[attr-defined]


def test_decide(book: rulectl.Book) -> None:
    outcome = book.decide(CASE)
    assert outcome.outputs == {"remedies": ("换货", "退货退款"), "refund": Decimal("35.5")}
    assert outcome.status is rulectl.Status.DECIDED
    assert [firing.name for firing in outcome.firings] == ["责任判定/R1", "补救/B1"]
    assert outcome.findings == ()


def test_keys_are_names_ids_or_aliases(book: rulectl.Book) -> None:
    other = {"case_id": 1, "issue": "瑕疵", "days": "2天", "实付金额": "￥35.50"}
    assert book.decide(other).outputs == book.decide(CASE).outputs


@pytest.mark.parametrize("key", ["备注", None, 3])
def test_a_key_that_no_term_claims_is_told_of(book: rulectl.Book, key: str) -> None:
    """Whatever it is: `csv.DictReader` puts what is too much in a row under None."""
    for _ in range(2):
        outcome = book.decide({**CASE, key: "x"})
        assert [found.slug for found in outcome.findings] == ["unknown-field"]


def test_a_bad_case_raises_all_its_findings(book: rulectl.Book) -> None:
    with pytest.raises(rulectl.CaseError) as caught:
        book.decide({"问题类型": "没有", "签收天数": "x"})
    slugs = [found.slug for found in caught.value.findings]
    assert slugs == ["value-not-allowed", "not-a-number", "missing-fact"]
    assert str(caught.value).count("error RB") == 3


def test_errors_come_back_from_other_processes_whole(book: rulectl.Book) -> None:
    with pytest.raises(rulectl.CaseError) as caught:
        book.decide({"问题类型": "没有"})
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.findings, str(again)) == (rulectl.CaseError, caught.value.findings, str(caught.value))


def test_decide_many_from_mappings(book: rulectl.Book) -> None:
    results = list(book.decide_many([CASE, {"工单号": "2"}, CASE, {**CASE, "工单号": "3"}]))
    assert [type(result) for result in results] == [rulectl.Outcome, rulectl.Reject, rulectl.Reject, rulectl.Outcome]
    assert results[0] == book.decide(CASE)


def test_decide_many_from_a_file(book: rulectl.Book, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes("工单号,问题类型,签收天数\n1,瑕疵,2\n2,没有,2\n".encode("gb18030"))
    for cases in (path, str(path)):
        results = book.decide_many(cases)
        assert results["status"].to_list() == ["undetermined", "rejected"]
        assert results["remedies"].to_list() == [["换货", "退货退款"], None]
        assert "没有" in results["reason"][1]
    with pytest.raises(rulectl.CaseError, match="no-such-file"):
        book.decide_many(tmp_path / "none.csv")


def test_decide_many_from_tables_of_any_library(book: rulectl.Book) -> None:
    cases = pl.DataFrame({"工单号": ["1", "2"], "issue": ["瑕疵", "没有"], "days": [2, 2], "订单金额": [35.5, 1]})
    results = book.decide_many(cases)
    assert results["status"].to_list() == ["decided", "rejected"]
    assert results["refund"].to_list() == [Decimal("35.5"), None]
    assert results["rules"].to_list() == [["责任判定/R1", "补救/B1"], None]
    table = cases.to_arrow()
    for other in (table, table.to_batches(), iter(table.to_batches(max_chunksize=1))):
        assert book.decide_many(other).equals(results)
    assert book.decide_many(cases.clear()).height == 0
    with pytest.raises(rulectl.CaseError, match="missing-column"):
        book.decide_many(cases.drop("工单号"))


def test_the_workbooks_own_tests(book: rulectl.Book) -> None:
    run = rulectl.run_tests(book)
    assert [result.passed for result in run.results] == [True, False]
    assert [(miss.expected.term, miss.actual) for miss in run.failed[0].mismatches] == [("party", "店铺")]
    assert (run.rules, [rule.id for _, rule in run.uncovered]) == (6, ["R3", "B3"])


def test_a_rulebook_with_errors_raises_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "bad.md"
    text = DEMO.read_text("utf-8").replace("| <=3 |", "| [1..3 |").replace("| 色差 | - |", "| 颜色 | - |")
    path.write_text(text, "utf-8")
    with pytest.raises(rulectl.RulebookError) as caught:
        rulectl.load(path)
    assert [str(found.at.place) for found in caught.value.findings] == ["责任判定!C4", "责任判定!B5"]
    assert rulectl.compile_workbook(path).findings == caught.value.findings


@pytest.mark.parametrize("name", ["nothing", "nothing.xlsx", "no/such/folder/x.json"])
def test_a_book_that_is_nowhere(name: str) -> None:
    with pytest.raises(rulectl.RulebookError, match="book-not-found"):
        rulectl.load(name)


def test_a_folder_is_no_book(tmp_path: Path) -> None:
    with pytest.raises(rulectl.RulebookError, match="book-is-folder"):
        rulectl.load(tmp_path)


def test_shipped_rulebooks_are_found_by_their_bare_names() -> None:
    for name in shipped_names():
        assert find(name)
        assert rulectl.load(name).rulebook.id


HEAD = "工单号,问题类型,签收天数,订单金额\n".encode()


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200), file=st.sampled_from(["cases.csv", "cases.jsonl", "-"]), headed=st.booleans())
def test_any_bytes_are_decided_rejected_or_refused(data: bytes, file: str, headed: bool, book: rulectl.Book) -> None:
    source = book.open_stream(BytesIO(HEAD + data if headed else data), file)
    if isinstance(source, Unreadable):
        assert source.findings
        assert all(found.message("zh") and found.message("en") for found in source.findings)
        return
    for result in book.run(source):
        if isinstance(result, rulectl.Reject):
            assert result.problems
        else:
            assert result[1].status in rulectl.Status


@settings(max_examples=100, deadline=None)
@given(order=st.permutations(range(6)))
def test_the_order_of_the_cases_changes_no_outcome(order: list[int], book: rulectl.Book) -> None:
    issues = ["瑕疵", "色差", "丢件", "质量问题", "没有", "瑕疵"]
    cases = [{"工单号": n, "问题类型": issue, "签收天数": n} for n, issue in enumerate(issues)]
    straight = list(book.decide_many(cases))
    shuffled = list(book.decide_many([cases[n] for n in order]))
    for at, n in enumerate(order):
        one, other = straight[n], shuffled[at]
        if isinstance(one, rulectl.Outcome):
            assert one == other
        else:
            assert isinstance(other, rulectl.Reject)


# -- includes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["words", "words.md"])
def test_an_included_workbook_is_looked_for_beside(name: str, tmp_path: Path) -> None:
    write(tmp_path, "words", "", WORDS)
    assert rulectl.load(write(tmp_path, "main", name, TABLE)).rulebook.tables[0].name == "预警"


def test_workbooks_may_include_each_other(tmp_path: Path) -> None:
    write(tmp_path, "words", "main", WORDS)
    path = write(tmp_path, "main", "words", TABLE)
    assert [table.name for table in rulectl.load(path).rulebook.tables] == ["预警"]


def test_an_include_that_is_nowhere_is_told_at_its_cell(tmp_path: Path) -> None:
    write(tmp_path, "words", "", WORDS)
    path = write(tmp_path, "main", "wordz", TABLE)
    with pytest.raises(rulectl.RulebookError) as caught:
        rulectl.load(path)
    first = caught.value.findings[0]
    assert (first.slug, str(first.at.place)) == ("include-not-found-near", "手册!B4")
    assert dict(first.fields)["near"].startswith("words")


def test_a_workbook_is_never_told_to_include_itself(tmp_path: Path) -> None:
    path = write(tmp_path, "hotel", "hotel-rules.xlsx", TABLE)
    with pytest.raises(rulectl.RulebookError) as caught:
        rulectl.load(path)
    assert caught.value.findings[0].slug == "include-not-found"


# -- facts counted across cases ----------------------------------------------------------------------------------


def test_facts_are_counted_over_all_cases_and_rejects_keep_their_place(tmp_path: Path) -> None:
    book = rulectl.load(write(tmp_path, "main", "", WORDS, TABLE))
    cases = [{"工单号": "1", "款号": "A"}, {"款号": "A"}, {"工单号": "2", "款号": "B"}, {"工单号": "3", "款号": "A"}]
    results = list(book.decide_many(cases))
    alarms = [None if isinstance(result, rulectl.Reject) else result.outputs["alarm"] for result in results]
    assert alarms == [True, None, False, True]
    first = results[0]
    assert isinstance(first, rulectl.Outcome)
    assert first.counted == {"same": ("1", "3")}
    backwards = list(book.decide_many(cases[::-1]))
    assert isinstance(backwards[-1], rulectl.Outcome)
    assert backwards[-1].outputs == first.outputs


def test_for_one_case_a_counted_fact_is_as_the_caller_gives_it(tmp_path: Path) -> None:
    book = rulectl.load(write(tmp_path, "main", "", WORDS, TABLE))
    assert book.decide({"工单号": "1"}).status is rulectl.Status.PROVISIONAL
    assert book.decide({"工单号": "1", "同款数": 2}).outputs["alarm"] is True


@pytest.mark.parametrize(
    "name", ["../part", "..\\part", "sub/part", "sub\\part", "C:part", "..", "{abs}", "link", "x" * 300, "a\0b"]
)
def test_nothing_outside_the_folder_is_ever_included(name: str, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    (inner / "sub").mkdir(parents=True)
    for folder in (tmp_path, inner / "sub"):
        write(folder, "part", "", WORDS, TABLE)
    (inner / "link.md").symlink_to(tmp_path / "part.md")
    with pytest.raises(rulectl.RulebookError) as caught:
        rulectl.load(write(inner, "whole", name.format(abs=tmp_path / "part")))
    first = caught.value.findings[0]
    assert first.slug in ("include-outside", "include-not-found", "include-not-found-near")
    assert str(first.at.place) == "手册!B4"


def test_an_included_file_that_cannot_be_read_names_the_cell_that_includes_it(tmp_path: Path) -> None:
    (tmp_path / "part.xlsx").write_bytes(b"no workbook")
    with pytest.raises(rulectl.RulebookError) as caught:
        rulectl.load(write(tmp_path, "whole", "part", WORDS, TABLE))
    (found,) = [f for f in caught.value.findings if f.at.place.file == "part.xlsx"]
    assert [(note.key, str(note.at.place)) for note in found.notes] == [("note-included", "手册!B4")]
    assert "included here" in str(caught.value)


def test_why_not_of_a_case_or_an_outcome() -> None:
    book = rulectl.load("after_sales")
    case = {
        **{"工单号": "A1", "店铺类型": "服饰", "问题类型": "质量问题", "已提供照片": "是", "核实结果": "属实"},
        **{"签收天数": 2, "订单实付金额": "99元", "已穿用": "否", "收货区域": "外省", "订单利润": 30},
    }
    answer = book.why_not(case, "responsibility", "买家")
    assert (answer.value, answer.verdict.value) == ("产品", "change")
    for change in answer.changes:
        settings = {one.term.id: one.after for one in change.settings}
        assert book.decide({**book.decide(case).case, **settings}).outputs["responsibility"] == "买家"
    assert book.why_not(book.decide(case), "责任方", "买家") == answer
    assert book.why_not(case, "责任方", "产品").verdict.value == "already"
    with pytest.raises(rulectl.CaseError, match="not-decided"):
        book.why_not(case, "问题类型", "色差")
    with pytest.raises(rulectl.CaseError, match="value-not-allowed"):
        book.why_not(case, "责任方", "月亮")


def lazily() -> Iterator[pl.DataFrame]:
    yield from (TABLE_OF_CASES[:1], TABLE_OF_CASES[1:].lazy().collect())


TABLE_OF_CASES = pl.DataFrame({"工单号": ["1", "2"], "问题类型": ["瑕疵", "没有"], "签收天数": [2, 2]})


@pytest.mark.parametrize(
    "cases",
    [
        TABLE_OF_CASES.lazy(),
        [TABLE_OF_CASES[:1], TABLE_OF_CASES[1:].lazy()],
        lazily(),
        BytesIO(TABLE_OF_CASES.write_csv().encode()),
        [TABLE_OF_CASES[:1], TABLE_OF_CASES[1:].select("签收天数", "问题类型", "工单号")],
        [TABLE_OF_CASES[:1], TABLE_OF_CASES[1:].with_columns(备注=pl.lit("x"))],
    ],
    ids=["lazy", "a lazy batch", "a generator", "an open file", "columns in another order", "a column more"],
)
def test_tables_come_in_many_shapes(book: rulectl.Book, cases: Any) -> None:
    results: pl.DataFrame = book.decide_many(cases)
    assert results.equals(book.decide_many(TABLE_OF_CASES))


def test_cases_may_come_through_a_pipe(book: rulectl.Book) -> None:
    into, out = os.pipe()
    with os.fdopen(out, "wb") as target:
        target.write(TABLE_OF_CASES.write_csv().encode())
    with os.fdopen(into, "rb") as pipe:
        assert book.decide_many(pipe).equals(book.decide_many(TABLE_OF_CASES))


@pytest.mark.parametrize(
    "cases",
    [
        {"工单号": "1"},
        {"工单号": ["1"], "问题类型": ["瑕疵"]},
        b"cases.csv",
        StringIO("工单号,问题类型\n1,瑕疵\n"),
        None,
        3,
        [TABLE_OF_CASES, {"工单号": "1"}],
    ],
    ids=["one case", "columns", "bytes", "a file of text", "nothing", "a number", "a table and a case"],
)
def test_what_is_not_many_cases_is_no_use(book: rulectl.Book, cases: Any) -> None:
    """The keys of a mapping would be taken for cases, as would the lines of a file."""
    with pytest.raises(TypeError, match="decide_many takes many cases"):
        book.decide_many(cases)


@pytest.mark.parametrize(
    "cases",
    [
        pa.table([pa.array(["1"]), pa.array(["2"])], names=["工单号", "工单号"]),
        pa.chunked_array([["1"]]),
        [pl.DataFrame({"工单号": ["1"]}), pl.DataFrame({"工单号": [["1"]]})],
    ],
    ids=["one heading twice", "a column", "unlike batches"],
)
def test_a_table_that_cannot_be_read_is_told_of(book: rulectl.Book, cases: Any) -> None:
    with pytest.raises(rulectl.CaseError, match="not-a-table"):
        book.decide_many(cases)
