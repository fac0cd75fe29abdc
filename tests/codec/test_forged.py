"""Compiled JSON that was forged so that it would decide otherwise and say nothing of it: refused when it is loaded,
sealed or not, and where it is an entry, at its table and rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rulectl
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
