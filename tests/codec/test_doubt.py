"""Compiled JSON that was taken for a rulebook and is none: a finding at its table and rule, never an error of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import rulectl
from rulectl.cli import main
from rulectl.codec.decode import decode, sealed
from rulectl.codec.doubt import doubts, senseless, spoilt
from rulectl.codec.encode import dumps
from rulectl.codec.formats import seal
from rulectl.compiler import compile_drafts
from rulectl.model.rulebook import Rulebook
from rulectl.sheets.text import read_text

Json = dict[str, Any]

BOOK = """
## 词汇
| 词汇表 |
| 名称 | 编号 | 角色 | 类型 | 取值 |
| 问题 | issue | 输入 | 枚举 | 破损;晚到 |
| 金额 | paid | 输入 | 数值 | |
| 急件 | urgent | 输入 | 是否 | |
| 责任 | party | 推导 | 枚举 | 快递;卖家 |
| 赔付 | refund | 输出 | 数值 | |

## 规则
| 决策表 | 判责 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 |
| | 问题 | 急件 | 责任 |
| R1 | 破损 | - | 快递 |
| R2 | - | 是 | 卖家 |
| R3 | 否则 | - | 快递 |

| 决策表 | 赔付 | 命中策略 | F |
| 规则号 | 条件 | 条件 | 结论 |
| | 责任 | 金额 | 赔付 |
| P1 | 快递 | <= 50 | 金额 |
| P2 | 快递 | > 50 | min(金额, 100) |

## 测试
| 测试表 |
| 用例号 | 问题 | 金额 | 期望 赔付 |
| T1 | 破损 | 30 | 30 |
| T2 | 破损 | 300 | 100 |
"""


def rulebook() -> Rulebook:
    done = compile_drafts((read_text(BOOK, "book.md"),))
    assert done.rulebook is not None, done.findings
    return done.rulebook


def entry(table: int, side: str, column: int, key: str, content: object) -> Callable[[Json], None]:
    """A change of what stands behind an entry."""

    def change(document: Json) -> None:
        entries = document["tables"][table][side][column]["entries"]
        entries[key] = {"test" if side == "inputs" else "value": content}

    return change


def policy(document: Json) -> None:
    """A statement that compares a text with a number."""
    document["policies"] = [{"id": "W1", "statement": {"<": [{"text": "a"}, {"name": "paid"}]}, "severity": "error"}]


def written(change: Callable[[Json], object], forged: bool) -> str:
    """The rulebook with a change; `forged`: sealed again."""
    document = json.loads(dumps(rulebook()))
    del document["seal"]
    change(document)
    body = json.dumps(document, ensure_ascii=False)[:-1]
    text = f'{body},\n "seal": "{seal(body.encode())}"\n}}\n' if forged else body + "}"
    assert sealed(text) is forged
    return text


DAMAGE = entry(0, "inputs", 0, "破损", {"frob": 1})
LATE = entry(1, "outputs", 0, "金额", {"call": ["round"]})
"""Nonsense that only the reader of cells can tell."""
NONSENSE = {
    "no node": (DAMAGE, "破损"),
    "no object": (entry(0, "inputs", 0, "破损", [1, 2]), "破损"),
    "two in one": (entry(0, "inputs", 0, "破损", {"=": {"text": "破损"}, "<": {"text": "晚到"}}), "破损"),
    "a list for a text": (entry(0, "inputs", 0, "破损", {"=": {"text": ["破损"]}}), "破损"),
    "no number": (entry(1, "inputs", 1, "<= 50", {"<=": {"number": "fifty"}}), "<= 50"),
    "a text for a number": (entry(1, "inputs", 1, "<= 50", {"<=": {"text": "fifty"}}), "<= 50"),
    "a range of two kinds": (
        entry(1, "inputs", 1, "<= 50", {"[..]": [{"date": "2025-01-01"}, {"number": "3"}]}),
        "<= 50",
    ),
    "no conclusion": (entry(1, "outputs", 0, "金额", {"frob": 1}), "金额"),
    "no function": (entry(1, "outputs", 0, "金额", {"call": ["frob", {"name": "paid"}]}), "金额"),
    "a function of nothing": (LATE, "金额"),
}
COMMANDS = {
    "decide": ["decide", "{book}", "--set", "问题=破损", "--set", "金额=30"],
    "batch": ["batch", "{book}", "{cases}", "-o", "{out}"],
    "explain": ["explain", "{book}", "{cases}", "--case-id", "2"],
    "check": ["check", "{book}"],
    "test": ["test", "{book}"],
    "diff": ["diff", "{good}", "{book}"],
}


@pytest.mark.parametrize("forged", [True, False], ids=["forged", "edited"])
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_is_told_at_its_rule(kind: str, forged: bool) -> None:
    change, text = NONSENSE[kind]
    found = doubts(written(change, forged), "a.json")
    if found[0].slug == "json-entry-spoilt":
        assert f'"{text}"' in found[0].message("en")
        assert (found[0].table, found[0].rules) in (("判责", ("R1",)), ("赔付", ("P1",)))
    else:
        assert not forged
        assert [f.slug for f in found] == ["json-invalid"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", ["no node", "a text for a number", "a function of nothing"])
def test_a_command_that_meets_nonsense_says_so(command: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "book.json").write_text(written(NONSENSE[kind][0], True), "utf-8")
    (tmp_path / "good.json").write_text(dumps(rulebook()), "utf-8")
    (tmp_path / "cases.csv").write_text("问题,急件,金额\n破损,否,30\n破损,是,300\n", "utf-8")
    paths = {name: tmp_path / file for name, file in (("book", "book.json"), ("good", "good.json"))}
    paths |= {"cases": tmp_path / "cases.csv", "out": tmp_path / "out.csv"}
    arguments = [part.format(**paths) for part in COMMANDS[command]]
    done = CliRunner().invoke(main, ["--lang", "en", *arguments])
    assert (done.exit_code, "RB171" in done.output) == (1, True), done.output
    assert not paths["out"].exists()


def test_programs_get_a_rulebook_error(tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    path.write_text(written(LATE, True), "utf-8")
    book, case = rulectl.load(path), {"问题": "破损", "金额": 30}
    cases = tmp_path / "cases.csv"
    cases.write_text("问题,急件,金额\n破损,否,30\n", "utf-8")
    ways: tuple[Callable[[], object], ...] = (
        lambda: book.engine,
        lambda: book.decide(case),
        lambda: list(book.decide_many([case])),
        lambda: book.decide_many(cases),
        lambda: book.why_not(case, "赔付", 5),
        lambda: rulectl.run_tests(book),
        lambda: rulectl.suggest_tests(book),
        lambda: rulectl.diff(book, book),
    )
    for way in ways:
        with pytest.raises(rulectl.RulebookError) as told:
            way()
        assert {found.slug for found in told.value.findings} == {"json-entry-spoilt"}
    report = rulectl.check(path)
    assert (report.rulebook, {f.slug for f in report.findings}) == (None, {"json-entry-spoilt"})


@pytest.mark.parametrize(("failure", "forged"), [(ZeroDivisionError, False), (BrokenPipeError, True)])
def test_a_file_is_not_blamed_for_other_failures(
    failure: type[Exception], forged: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.json"
    path.write_text(written(LATE, True) if forged else dumps(rulebook()), "utf-8")
    book = rulectl.load(path)

    def fails(*_: object) -> None:
        raise failure

    monkeypatch.setitem(vars(book), "_decide_raw", fails)
    with pytest.raises(failure):
        book.decide({"问题": "破损"})


def test_other_parts_are_looked_at_too() -> None:
    text = written(policy, False)
    assert decode(text, "a.json").rulebook is not None
    assert [(f.slug, dict(f.fields)["what"]) for f in doubts(text, "a.json")] == [("json-mismatch", "policies W1")]


@pytest.mark.parametrize("name", ["after_sales", "apparel", "food", "wholesale"])
def test_a_rulebook_as_written_is_not_doubted(name: str) -> None:
    book = rulectl.load(name).rulebook
    assert doubts(dumps(rulebook()), "a.json") == ()
    assert (list(spoilt(book)), list(senseless(book))) == ([], [])
