"""Compiled JSON that was forged so that it would decide otherwise and say nothing of it: refused when it is loaded,
sealed or not, and where it is an entry, at its table and rule."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import rulectl
from rulectl.cli import main
from rulectl.codec.decode import decode
from rulectl.codec.encode import dumps
from tests.codec.test_doubt import entry, rulebook, written

Json = dict[str, Any]
Change = Callable[[Json], object]

NOBODY = {"name": "nobody"}
LIMIT = {"id": "limit", "name": "上限", "type": {"kind": "number"}, "value": {"number": "50"}}
GROWING = {
    "id": "steps",
    "name": "步骤",
    "role": "output",
    "type": {"kind": "string", "list": True},
    "merge": "collect",
}


def put(*path: Any) -> Change:
    """Put the last of the arguments where the others lead to."""
    *way, last, content = path

    def change(document: Json) -> None:
        at: Any = document
        for key in way:
            at = at[key]
        at[last] = content

    return change


def cond(text: str, test: Json) -> Change:
    """What stands behind a condition of the first table, or of the second (`<= 50`)."""
    return entry(1, "inputs", 1, text, test) if text == "<= 50" else entry(0, "inputs", 0, text, test)


def paying(content: Json) -> Change:
    """What stands behind the conclusion 金额 of the second table."""
    return entry(1, "outputs", 0, "金额", content)


ENTRIES: dict[str, tuple[Change, str]] = {
    "a term that there is not": (cond("<= 50", {"<=": NOBODY}), "P1"),
    "one among others": (cond("破损", {"one of": [{"=": {"text": "破损"}}, {"=": NOBODY}]}), "R1"),
    "an end of a range": (cond("<= 50", {"[..)": [{"number": "1"}, NOBODY]}), "P1"),
    "the other way round": (cond("破损", {"except": {"=": NOBODY}}), "R1"),
    "a parameter that is missing": (cond("<= 50", {"<=": {"name": "limit"}}), "P1"),
    "deep in a sum": (cond("<= 50", {"<=": {"+": [{"number": "1"}, {"negative": NOBODY}]}}), "P1"),
    "a conclusion": (paying(NOBODY), "P1"),
    "deep in a function": (entry(1, "outputs", 0, "min(金额, 100)", {"call": ["min", {"number": "1"}, NOBODY]}), "P2"),
    "a branch": (paying({"if": [{"boolean": True}, {"name": "paid"}, NOBODY]}), "P1"),
    "what a branch asks": (
        paying({"if": [{"meets": [{"name": "paid"}, {"<": NOBODY}]}, {"number": "1"}, {"number": "2"}]}),
        "P1",
    ),
    "a value that is not allowed": (cond("破损", {"=": {"text": "着火"}}), "R1"),
    "a conclusion that is not allowed": (entry(0, "outputs", 0, "快递", {"text": "外星人"}), "R1"),
    "a number for a value": (entry(0, "outputs", 0, "快递", {"number": "3"}), "R1"),
    "a text for a number": (paying({"text": "abc"}), "P1"),
    "a text that a number is to be": (cond("<= 50", {"=": {"text": "abc"}}), "P1"),
    "a yes that a text is to be": (cond("破损", {"=": {"boolean": True}}), "R1"),
    "a term of another kind": (cond("<= 50", {"=": {"name": "issue"}}), "P1"),
    "a sum that a text is to be": (cond("破损", {"=": {"+": [{"name": "paid"}, {"number": "1"}]}}), "R1"),
    "the value of another kind": (paying({"name": "issue"}), "P1"),
    "a list for one value": (paying({"list": [{"number": "1"}]}), "P1"),
    "one of none": (cond("破损", {"one of": []}), "R1"),
}

PARTS: dict[str, Change] = {
    "an output that there is not": put("tables", 0, "outputs", 0, "term", "nobody"),
    "an output that is an input": put("tables", 0, "outputs", 0, "term", "urgent"),
    "a subject that there is not": put("tables", 0, "inputs", 0, "subject", NOBODY),
    "a subject of another kind": put("tables", 0, "inputs", 0, "subject", {"name": "paid"}),
    "a column of another kind": put("tables", 0, "inputs", 1, "type", {"kind": "number"}),
    "a column that allows more": lambda d: d["tables"][0]["inputs"][0]["type"]["values"].append("着火"),
    "too many entries": lambda d: d["tables"][0]["rules"][0]["when"].append("-"),
    "too few entries": lambda d: d["tables"][0]["rules"][0]["when"].pop(),
    "too many in every rule": lambda d: [rule["when"].append("-") for rule in d["tables"][0]["rules"]],
    "too few in every rule": lambda d: [rule["when"].pop() for rule in d["tables"][0]["rules"]],
    "too many conclusions": lambda d: [rule["then"].append(rule["then"][0]) for rule in d["tables"][0]["rules"]],
    "an entry that its column has not": put("tables", 0, "rules", 0, "when", 0, "晚到了"),
    "a term that is missing": lambda d: d["terms"].pop(1),
    "a term twice": lambda d: d["terms"].append(d["terms"][0]),
    "two terms of one name": put("terms", 1, "name", "问题"),
    "a parameter under the id of a term": put("parameters", [{**LIMIT, "id": "paid"}]),
    "a parameter of another kind": put("parameters", [{**LIMIT, "value": {"text": "x"}}]),
    "a default of another kind": put("terms", 1, "default", {"text": "x"}),
    "a default that is not allowed": put("terms", 0, "default", {"text": "着火"}),
    "tables in the wrong order": lambda d: (put("tables", 0, "stratum", 1)(d), put("tables", 1, "stratum", 0)(d)),
    "an order below the first": put("tables", 0, "stratum", -1),
    "an order in words": put("tables", 0, "stratum", "0"),
    "a conclusion that reads itself": paying({"name": "refund"}),
    "tables that go round": cond("破损", {"=": {"name": "party"}}),
    "a rule twice": put("tables", 0, "rules", 1, "id", "R1"),
    "a table twice": lambda d: d["tables"].append(d["tables"][0]),
    "a hit policy that there is not": put("tables", 0, "policy", "Z"),
    "dates without a day to hold them against": put("tables", 0, "rules", 0, "from", "2026-01-01"),
    "a count of nothing": put("aggregates", [{"term": "nobody", "function": "count"}]),
    "a count by nothing": put("aggregates", [{"term": "refund", "function": "count", "by": ["nobody"]}]),
    "a count of another kind": put("aggregates", [{"term": "refund", "function": "frob"}]),
    "a count where nothing is": put(
        "aggregates", [{"term": "refund", "function": "count", "where": {"<": [NOBODY, {"number": "1"}]}}]
    ),
    "a day that there is not": put("event", "nobody"),
    "a message of nothing": put("templates", [{"id": "m", "value": NOBODY}]),
    "a policy on nothing": put("policies", [{"id": "m", "statement": {"<": [NOBODY, {"number": "3"}]}}]),
}


@pytest.mark.parametrize("forged", [True, False], ids=["forged", "edited"])
@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_is_refused_at_its_table_and_rule(kind: str, forged: bool, tmp_path: Path) -> None:
    change, rule = ENTRIES[kind]
    path = tmp_path / "book.json"
    path.write_text(written(change, forged), "utf-8")
    with pytest.raises(rulectl.RulebookError) as refused:
        rulectl.load(path)
    found = refused.value.findings
    if found[0].slug == "json-invalid":  # the schema has seen it, at its place in the file
        assert not forged
        return
    assert [(f.code, f.table, f.rules) for f in found] == [("RB171", "赔付" if rule[0] == "P" else "判责", (rule,))]


@pytest.mark.parametrize("forged", [True, False], ids=["forged", "edited"])
@pytest.mark.parametrize("kind", PARTS)
def test_any_other_part_is_refused(kind: str, forged: bool) -> None:
    decoded = decode(written(PARTS[kind], forged), "a.json")
    assert decoded.rulebook is None
    assert {f.slug for f in decoded.findings} <= {"json-mismatch", "json-invalid"}
    assert decoded.findings


def test_what_no_rule_has_harms_nobody() -> None:
    """An entry that stands there and is not used; a rule that is switched off reads nothing, whoever writes it."""
    unused = entry(1, "inputs", 1, "> 9", {"<=": NOBODY})
    assert decode(written(unused, True), "a.json").rulebook is not None

    def off(document: Json) -> None:
        entry(0, "inputs", 0, "-", {"=": {"name": "party"}})(document)
        document["tables"][0]["rules"][1].update({"when": ["-", "是"], "disabled": True})
        document["tables"][0]["rules"][2]["when"][0] = "破损"

    assert decode(written(off, True), "a.json").rulebook is not None


def test_lists_that_grow_may_go_round() -> None:
    def grow(document: Json) -> None:
        document["terms"].append(GROWING)
        column = {"subject": {"name": "steps"}, "type": GROWING["type"], "text": "步骤"}
        entries = {"已办": {"test": {"=": {"text": "已办"}}}}
        told = {"登记": {"value": {"list": [{"text": "登记"}]}}}
        document["tables"].append(
            {
                "name": "步骤",
                "policy": "C",
                "inputs": [{**column, "entries": entries}],
                "outputs": [{"term": "steps", "policy": "C", "entries": told}],
                "rules": [{"id": "S1", "when": ["已办"], "then": ["登记"]}],
                "stratum": 1,
            }
        )

    assert decode(written(grow, True), "a.json").rulebook is not None


def test_the_rulebook_itself_is_not_refused() -> None:
    assert decode(dumps(rulebook()), "a.json").findings == ()
    assert json.loads(dumps(rulebook()))["tables"][1]["rules"][0]["id"] == "P1"


@pytest.mark.parametrize("name", ["after_sales", "apparel", "food", "wholesale"])
def test_a_shipped_rulebook_is_not_refused(name: str) -> None:
    book = rulectl.load(name).rulebook
    assert decode(dumps(book), "a.json").rulebook == book


# -- what was written ------------------------------------------------------------------------------------------------


def rekeyed(table: int, side: str, column: int, old: str, new: str) -> Change:
    """Have what stands behind an entry stand behind another text."""

    def change(document: Json) -> None:
        one = document["tables"][table]
        entries = one[side][column]["entries"]
        one[side][column]["entries"] = {new if key == old else key: entry for key, entry in entries.items()}
        key = "when" if side == "inputs" else "then"
        for rule in one["rules"]:
            if rule[key][column] == old:
                rule[key][column] = new

    return change


WRITTEN: dict[str, Change] = {
    "another value": rekeyed(0, "inputs", 0, "破损", "晚到"),
    "another limit": rekeyed(1, "inputs", 1, "<= 50", "<= 500"),
    "another conclusion": rekeyed(1, "outputs", 0, "min(金额, 100)", "金额 * 2"),
    "no text of a cell": rekeyed(1, "inputs", 1, "<= 50", "随便什么"),
    "said beside it": put("tables", 1, "inputs", 1, "entries", "<= 50", "written", "<= 500"),
    "a blank": rekeyed(0, "inputs", 0, "破损", ""),
    "above a column": put("tables", 1, "inputs", 1, "text", "签收天数"),
    "above it, of another": put("tables", 1, "inputs", 1, "text", "责任"),
}


@pytest.mark.parametrize("forged", [True, False], ids=["forged", "edited"])
@pytest.mark.parametrize("kind", WRITTEN)
def test_what_was_written_is_shown_only_where_it_means_its_entry(kind: str, forged: bool, tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    path.write_text(written(WRITTEN[kind], forged), "utf-8")
    assert rulectl.load(path).rulebook == rulebook(), "it decides as before"
    honest = tmp_path / "honest.json"
    honest.write_text(written(lambda document: None, forged), "utf-8")
    cases = tmp_path / "cases.csv"
    cases.write_text("问题,金额\n破损,30\n破损,300\n", "utf-8")

    def explained(book: Path) -> str:
        told = [
            CliRunner().invoke(main, ["explain", str(book), str(cases), "--case-id", number, "--lang", "zh"])
            for number in ("1", "2")
        ]
        assert [done.exit_code for done in told] == [0, 0]
        return "".join(done.output for done in told).replace(" ", "")

    assert explained(path) == explained(honest)


@pytest.mark.parametrize("forged", [True, False], ids=["forged", "edited"])
def test_texts_of_a_file_of_ours_stand_as_they_were_written(forged: bool) -> None:
    """Also where the author did not write as we would."""
    book = rulebook()
    back = decode(written(lambda document: None, forged), "a.json").rulebook
    assert back is not None
    for mine, theirs in zip(book.tables, back.tables, strict=True):
        for one, other in zip(mine.rules, theirs.rules, strict=True):
            assert [entry.text for entry in one.when] == [entry.text for entry in other.when]
            assert [entry.text for entry in one.then] == [entry.text for entry in other.then]


def test_a_rulebook_from_json_goes_to_other_processes() -> None:
    """Before its texts were looked at, and after."""
    book = decode(written(WRITTEN["another limit"], True), "a.json").rulebook
    assert book is not None
    for _ in range(2):
        again = pickle.loads(pickle.dumps(book))
        assert again == book
        assert [[e.text for e in r.when] for r in again.tables[1].rules] == [["快递", "<=50"], ["快递", "> 50"]]
        assert [[e.text for e in r.when] for r in book.tables[1].rules] == [["快递", "<=50"], ["快递", "> 50"]]


# -- what does not suit ----------------------------------------------------------------------------------------------

COUNT = {"term": "count", "function": "sum", "of": "paid"}


def counted(**changes: Any) -> Change:
    """A count across cases, with changes; None takes a part out."""

    def change(document: Json) -> None:
        document["terms"].append({"id": "count", "name": "计数", "role": "derived", "type": {"kind": "number"}})
        document["aggregates"] = [{key: v for key, v in {**COUNT, **changes}.items() if v is not None}]

    return change


UNSUITABLE: dict[str, Change] = {
    "a sum of words": put("terms", 3, "merge", "sum"),
    "a list of one value": put("terms", 3, "merge", "collect"),
    "the least of words": put("terms", 3, "merge", "min"),
    "more is better, of words": put("terms", 0, "favours", "greater"),
    "earlier is better, of amounts": put("terms", 1, "favours", "earlier"),
    "words added up by the hit policy": put("tables", 0, "outputs", 0, "policy", "C+"),
    "words counted": put("tables", 0, "outputs", 0, "policy", "C#"),
    "a list for one word": put("tables", 0, "outputs", 0, "policy", "C"),
    "ranked by no values": lambda d: (
        put("tables", 1, "policy", "P")(d),
        put("tables", 1, "outputs", 0, "policy", "P")(d),
    ),
    "a day that is none": put("event", "paid"),
    "a sum of words across cases": counted(of="issue"),
    "a sum of nothing": counted(of=None),
    "different ones of nothing": counted(function="distinct count", of=None),
    "a count that is a word": counted(term="party"),
    "a count of what is concluded": counted(function="count", of="refund"),
    "a count by what is concluded": counted(function="count", by=["party"]),
    "a count at a time that is none": counted(function="count", time="paid", window="P3D"),
    "a window that is none": counted(function="count", window="-P3D"),
    "a term whose name is a number": put("terms", 1, "name", 3),
    "a term whose id is a number": put("terms", 1, "id", 3),
    "a table whose name is a list": put("tables", 0, "name", []),
    "a table whose name is nothing": put("tables", 0, "name", None),
    "a rule whose id is a number": put("tables", 0, "rules", 0, "id", 3),
    "a heading that is a number": put("tables", 0, "inputs", 0, "text", 3),
    "a row that is a word": put("tables", 0, "rules", 0, "row", "x"),
}


@pytest.mark.parametrize("forged", [True, False], ids=["forged", "edited"])
@pytest.mark.parametrize("kind", UNSUITABLE)
def test_what_does_not_suit_is_refused(kind: str, forged: bool) -> None:
    """Engines would fail over it deep down, or decide something."""
    decoded = decode(written(UNSUITABLE[kind], forged), "a.json")
    assert decoded.rulebook is None
    assert {f.slug for f in decoded.findings} <= {"json-mismatch", "json-invalid"}
    assert decoded.findings


@pytest.mark.parametrize("content", [{"text": None}, {"boolean": None}, {"list": {}}, {"number": 3}])
def test_a_value_that_is_none_is_refused(content: Json) -> None:
    decoded = decode(written(entry(0, "outputs", 0, "快递", content), True), "a.json")
    assert decoded.rulebook is None
    assert [f.code for f in decoded.findings] == ["RB171"]
