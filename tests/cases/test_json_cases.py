"""Cases as JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from io import BytesIO

import pytest

from rulectl.cases import json_cases
from rulectl.cases.facts import FactReader
from rulectl.cases.json_cases import JsonCases, open_json, parse, parse_case
from rulectl.cases.reader import CaseRow, Reject, Unreadable
from rulectl.diagnostics import Finding
from rulectl.source import FilePlace
from tests.cases.vocabulary import RULEBOOK

HERE = FilePlace("cases.jsonl")
GOOD = '{"工单号": "1", "问题类型": "色差", "订单实付金额": 35.10}'


def read(text: str) -> JsonCases:
    found = open_json(BytesIO(text.encode()), "cases.jsonl", RULEBOOK, FactReader(RULEBOOK))
    assert isinstance(found, JsonCases), found
    return found


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        GOOD + "\n\n",
        f"[{GOOD}]",
        json.dumps(json.loads(GOOD), indent=2),
        "\ufeff" + GOOD,
        json.dumps([json.loads(GOOD)], indent=1),
    ],
)
def test_one_case_however_it_is_laid_out(text: str) -> None:
    (row,) = read(text)
    assert isinstance(row, CaseRow)
    assert row.facts == {"case_id": "1", "issue": "色差", "amount": Decimal("35.1")}
    assert row.id == "1"


@pytest.mark.parametrize("spaces", [0, 400])
def test_a_broken_first_line_is_not_looked_for_its_end_in_all_the_others(
    spaces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_cases, "_LONGEST", 300)
    lines = "\n".join(GOOD.replace("1", str(n), 1) for n in range(20))
    rows = list(read("{broken\n" + " " * spaces + "\n" + lines))
    assert [type(row) for row in rows] == [Reject] + [CaseRow] * 20
    # nothing is lost either where the first lines are a case that just fits
    laid_out = json.dumps(json.loads(GOOD), indent=2)
    assert len(list(read(laid_out + " " * (300 - len(laid_out)) + "\n" + lines))) > 20


def test_numbers_are_exact() -> None:
    found = parse('{"a": 0.1000000000000000055511151231257827, "b": 12345678901234567890}', HERE)
    assert found == {"a": Decimal("0.1000000000000000055511151231257827"), "b": 12345678901234567890}


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("{", "not-json"),
        ("{'a': 1}", "not-json"),
        ("[1, 2]", "not-a-json-case"),
        ('"x"', "not-a-json-case"),
        ('{"a": NaN}', "not-a-json-case"),
        ('{"a": 1, "a": 2}', "two-fields-one-term"),
        ("[" * 100_000, "not-a-json-case"),
        ("", "not-json"),
    ],
)
def test_what_is_no_case_is_told(text: str, slug: str) -> None:
    found = parse_case(text, HERE)
    assert isinstance(found, Finding)
    assert found.slug == slug
    assert found.message("zh")


def test_a_bad_line_costs_itself_only() -> None:
    lines = [GOOD, "{", '{"工单号": "2", "问题类型": "没有", "x": 1}', "[]", GOOD, GOOD.replace('"1"', '"3"')]
    cases = read("\n".join(lines))
    rows = list(cases)
    assert [type(row) for row in rows] == [CaseRow, Reject, Reject, Reject, Reject, CaseRow]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    problems = [[(field, found.slug) for field, found in row.problems] for row in rows if isinstance(row, Reject)]
    assert problems == [
        [("", "not-json")],
        [("问题类型", "value-not-allowed"), ("订单实付金额", "missing-fact")],
        [("", "not-a-json-case")],
        [("工单号", "same-case-id")],
    ]
    assert [row.raw for row in rows] == [(line,) for line in lines]
    assert [found.slug for found in cases.findings] == ["unknown-field"]


def test_a_list_that_is_no_json_gives_no_cases() -> None:
    found = open_json(BytesIO(f"[{GOOD},".encode()), "cases.json", RULEBOOK, FactReader(RULEBOOK))
    assert isinstance(found, Unreadable)
    assert [f.slug for f in found.findings] == ["not-json"]


def test_an_empty_file() -> None:
    found = open_json(BytesIO(b""), "cases.json", RULEBOOK, FactReader(RULEBOOK))
    assert isinstance(found, Unreadable)
