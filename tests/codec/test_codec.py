"""Rulebooks as JSON and back: the law, the hash, and what becomes of files that are damaged or edited by hand."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rulectl.codec.decode import decode, from_json, loads, sealed
from rulectl.codec.encode import dumps, to_json
from rulectl.codec.faults import FORMATS, faults
from rulectl.codec.formats import rulebook_schema, seal
from rulectl.codec.hashing import content_hash
from rulectl.codec.nodes import expr_json, expr_of
from rulectl.codec.validate import fits
from rulectl.lang.syntax import Binary, Expr, Literal
from rulectl.model.policy import HitPolicy, Role
from rulectl.model.rulebook import OutputColumn, OutputEntry, Parameter, Period, Rule, Rulebook, Table, Term
from rulectl.runtime.engine import Engine
from rulectl.source import Cell, CellRange
from rulectl.types import DATE, NUMBER
from tests.codec.strategies import rulebooks, trees

SLOW = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))


def positions(node: object) -> Iterator[object]:
    """Every cell, range, written text and heading of a rulebook, in order: what equality does not see."""
    if dataclasses.is_dataclass(node) and not isinstance(node, Cell | CellRange):
        for field in dataclasses.fields(node):
            value = getattr(node, field.name)
            if not field.compare and field.name != "span":
                yield value
            else:
                yield from positions(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for item in node:
            yield from positions(item)


@given(rulebooks())
@SLOW
def test_decoding_gives_back_what_was_encoded(book: Rulebook) -> None:
    text = dumps(book)
    back = loads(text, "book.json")
    assert back == book
    assert list(positions(back)) == list(positions(book))
    assert dumps(back) == text


@given(rulebooks())
@SLOW
def test_what_is_encoded_fits_the_schema_whoever_checks(book: Rulebook) -> None:
    document = json.loads(dumps(book))
    assert list(faults(document)) == []
    assert Draft202012Validator(rulebook_schema()).is_valid(document)


def containers(node: Any) -> Iterator[Any]:
    """Every object and array of a document."""
    if isinstance(node, dict | list):
        yield node
        for part in node.values() if isinstance(node, dict) else node:
            yield from containers(part)


@given(rulebooks(), st.integers(0, 10**6), st.sampled_from(["x", 7, None, {}, [], {"text": "x"}, {"any": True}, "F"]))
@SLOW
def test_what_is_damaged_is_refused_by_both_or_by_none(book: Rulebook, where: int, what: Any) -> None:
    document = json.loads(dumps(book))
    places = list(containers(document))
    place = places[where % len(places)]
    if isinstance(place, list):
        place.append(what)
    elif place and where % 3:
        place[sorted(place)[where % len(place)]] = what
    else:
        place["unheard of"] = what
    plain = Draft202012Validator(rulebook_schema(), format_checker=FORMATS)
    sound = plain.is_valid(document)
    assert (list(faults(document)) == []) == sound
    assert fits(document) == sound
    decoded = decode(json.dumps(document), "a.json")
    assert (decoded.rulebook is not None) <= sound
    assert decoded.rulebook is not None or decoded.findings


@given(trees())
@settings(deadline=None)
def test_every_tree_comes_back(tree: Expr) -> None:
    assert expr_of(json.loads(json.dumps(expr_json(tree)))) == tree


@given(rulebooks())
@SLOW
def test_the_hash_is_that_of_the_meaning(one: Rulebook) -> None:
    changed = [
        dataclasses.replace(one, period=dataclasses.replace(one.period, end=dt.date(1999, 1, 1))),
        dataclasses.replace(one, terms=one.terms[::-1]),
        dataclasses.replace(one, tables=one.tables[:1]),
    ]
    assert len({content_hash(book) for book in (one, *changed)}) == 4
    bare = from_json(_stripped(to_json(one)))
    assert (bare, content_hash(bare)) == (one, content_hash(one))
    assert bare == dataclasses.replace(one, source="renamed.xlsx")


def _stripped(node: Any) -> Any:
    """A document without cells, texts as written and file name."""
    if isinstance(node, list):
        return [_stripped(item) for item in node]
    if isinstance(node, dict):
        if len(node) == 1:  # a syntax node: "text" is a value here
            return {key: _stripped(value) for key, value in node.items()}
        outside = ("cell", "cells", "text", "written", "row", "rows", "at")
        return {
            k: _stripped(v) for k, v in node.items() if k not in outside and not (k == "source" and "format" in node)
        }
    return node


# -- by example ------------------------------------------------------------------------------------------------


def small() -> Rulebook:
    at = Cell("book.xlsx", "赔付", 4, 2)
    rule = Rule("R1", (), (OutputEntry(Binary("*", Literal(Decimal("0.10")), Literal(Decimal(3))), "0.1×3", at),))
    return Rulebook(
        id="pay",
        name="赔付",
        terms=(Term("paid", "赔付额", Role.OUTPUT, NUMBER, unit="元"),),
        parameters=(Parameter("limit", "上限", NUMBER, Decimal("1E+3")),),
        tables=(Table("赔付", HitPolicy.FIRST, (), (OutputColumn("paid", HitPolicy.FIRST),), (rule,)),),
        source="book.xlsx",
    )


def test_the_document_reads_well() -> None:
    text = dumps(small())
    assert text.startswith('{\n "format": "rulectl/2.0",\n "language": "1.0",\n "hash": "sha256:')
    assert '{"id": "limit", "name": "上限", "type": {"kind": "number"}, "value": {"number": "1000"}}' in text
    assert (
        """   "outputs": [
    {
     "term": "paid",
     "policy": "F",
     "entries": {
      "0.1×3": {"value": {"*": [{"number": "0.1"}, {"number": "3"}]}, "text": "0.1 * 3"}
     }
    }
   ],
   "rules": [
    {"id": "R1", "at": ["赔付!B4"], "then": ["0.1×3"]}
   ]"""
        in text
    )


def edited(**changes: Any) -> str:
    """The small rulebook with changes, and without the seal that a changed text breaks."""
    return json.dumps({**json.loads(dumps(small())), **changes, "seal": "sha256:" + "0" * 64})


def test_an_edit_by_hand_is_a_warning() -> None:
    decoded = decode(edited(name="别名"), "a.json")
    assert decoded.rulebook is not None
    assert decoded.rulebook.name == "别名"
    assert [(f.slug, f.severity.value) for f in decoded.findings] == [("json-hash", "warning")]
    assert decode(dumps(small()), "a.json").findings == ()


TERM = {"id": "paid", "name": "x", "role": "output", "type": {"kind": "number"}}
PAYING = json.loads(dumps(small()))["tables"][0]
FLAWS: list[tuple[str, str, str]] = [
    ("", "json-broken", ""),
    ('{"format": "rulectl/2.0"', "json-broken", ""),
    ("[1, 2]", "json-not-a-rulebook", ""),
    ('{"openapi": "3"}', "json-not-a-rulebook", ""),
    (edited(format="rulectl/9.0"), "json-version", ""),
    (edited(language="9.0"), "json-version", ""),
    (edited(format=["rulectl/2.0"]), "json-not-a-rulebook", ""),
    (edited(owner=3), "json-invalid", "/owner"),
    (edited(colour="red"), "json-invalid", ""),
    (edited(terms=[{**TERM, "role": "boss"}]), "json-invalid", "/terms/0/role"),
    (edited(terms=[{**TERM, "default": {"number": "1.5.2"}}]), "json-invalid", "/terms/0/default/number"),
    (edited(terms=[{**TERM, "default": {"number": "1E+99999"}}]), "json-invalid", "/terms/0/default/number"),
    (edited(terms=[{**TERM, "default": {"number": "NaN"}}]), "json-invalid", "/terms/0/default/number"),
    (edited(terms=[{**TERM, "default": {"date": "2025-02-30"}}]), "json-invalid", "/terms/0/default/date"),
    (edited(terms=[{**TERM, "default": {"duration": "P"}}]), "json-invalid", "/terms/0/default/duration"),
    (edited(terms=[{**TERM, "default": 5}]), "json-invalid", "/terms/0/default"),
    (edited(terms=[{**TERM, "default": {}}]), "json-invalid", "/terms/0/default"),
    (edited(terms=[{**TERM, "cell": "nowhere"}]), "json-invalid", "/terms/0/cell"),
    (edited(**{"from": "2025-13-01"}), "json-invalid", "/from"),
    (edited(terms=[{**TERM, "default": {"text": "x"}}]), "json-mismatch", ""),
    (edited(terms=[TERM, TERM]), "json-mismatch", ""),
    (edited(terms=[]), "json-mismatch", ""),
    (edited(event="nobody"), "json-mismatch", ""),
    (edited(tables=[{"name": "t", "policy": "F", "rules": [{"id": "R", "when": ["x"]}]}]), "json-mismatch", ""),
    (edited(tables=[{**PAYING, "rules": [{"id": "R1", "then": ["0.2"]}]}]), "json-mismatch", ""),
    (edited(tables=[{**PAYING, "rules": [{"id": "R1"}]}]), "json-mismatch", ""),
    (edited(tables=[{**PAYING, "rules": [{"id": "R1", "at": [], "then": ["0.1×3"]}]}]), "json-mismatch", ""),
    (edited(policies=[{"id": "P", "statement": {"not": {"name": "nobody"}}}]), "json-mismatch", ""),
    (edited(terms=[{**TERM, "role": "input"}]), "json-mismatch", ""),
    (edited(tables=[{**PAYING, "stratum": 10**9}]), "json-mismatch", ""),
    (edited().replace('"name"', '"name": "x", "name"', 1), "json-mismatch", ""),
    (edited().replace('"id": "R1"', '"id": "R1", "id": "R9"', 1), "json-mismatch", ""),
]


@pytest.mark.parametrize(("text", "slug", "pointer"), FLAWS)
def test_a_file_that_is_not_in_order_gives_one_finding_at_its_place(text: str, slug: str, pointer: str) -> None:
    found = loads(text, "a.json")
    assert isinstance(found, tuple)
    assert [(f.slug, f.at.text) for f in found] == [(slug, pointer)]
    assert all(f.message(lang) and f.help(lang) for f in found for lang in ("zh", "en"))


@pytest.mark.parametrize("depth", [50, 300, 5_000, 200_000])
def test_depth_is_read_or_refused_and_never_a_crash(depth: int) -> None:
    deep = '{"not":' * depth + '{"boolean":true}' + "}" * depth
    text = edited(policies=[{"id": "P", "statement": 0}]).replace('"statement": 0', f'"statement": {deep}')
    decoded = decode(text, "a.json")
    assert (decoded.rulebook is None) == ("json-too-deep" in [f.slug for f in decoded.findings])
    if depth == 50:
        assert decoded.rulebook is not None


def test_a_number_of_endless_digits_is_refused() -> None:
    text = edited(salience=0).replace('"salience": 0', '"salience": ' + "9" * 10_000)
    assert isinstance(loads(text, "a.json"), tuple)


def walk(schema: Any, path: str = "#") -> Iterator[tuple[str, Any]]:
    """Every property of a schema with its path."""
    if isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            yield f"{path}/{name}", part
        for key, part in schema.items():
            yield from walk(part, f"{path}/{key}")
    elif isinstance(schema, list):
        for part in schema:
            yield from walk(part, path)


def test_every_property_of_the_schema_is_described() -> None:
    schema = rulebook_schema()
    Draft202012Validator.check_schema(schema)
    assert [path for path, part in walk(schema) if not part.get("description", "").endswith(".")] == []
    open_ = [n for n, part in schema["$defs"].items() if part["type"] == "object" and part["additionalProperties"]]
    assert open_ == []
    assert schema["additionalProperties"] is False


@given(rulebooks(), st.integers(0, 10**6), st.sampled_from("x0 ,"))
@SLOW
def test_a_seal_is_whole_or_the_text_is_looked_at(book: Rulebook, where: int, char: str) -> None:
    text = dumps(book)
    assert sealed(text)
    assert sealed(text.encode())
    at = where % len(text)
    damaged = text[:at] + char + text[at + 1 :]
    assert damaged == text or not sealed(damaged) or text[at:].isspace()
    rewritten = json.dumps(json.loads(text), ensure_ascii=False)
    assert not sealed(rewritten)
    assert decode(rewritten, "a.json") == decode(text, "a.json")


def test_a_rulebook_that_does_not_hang_together_gets_no_seal() -> None:
    book = dataclasses.replace(small(), event="nobody")
    assert "seal" not in json.loads(dumps(book))
    assert isinstance(loads(dumps(book), "a.json"), tuple)


def test_one_text_that_means_two_things_keeps_both() -> None:
    rules = tuple(
        Rule(f"R{n}", (), (OutputEntry(Literal(Decimal(n)), "x"),), period=Period(end=dt.date(2026, 1, n)))
        for n in (1, 2, 3)
    )
    table = Table("赔付", HitPolicy.FIRST, (), (OutputColumn("paid", HitPolicy.FIRST),), rules)
    day = Term("on", "日期", Role.INPUT, DATE)
    book = dataclasses.replace(small(), terms=(*small().terms, day), event="on", tables=(table,))
    document = json.loads(dumps(book))
    assert [rule["then"] for rule in document["tables"][0]["rules"]] == [["x"], ["x#2"], ["x#3"]]
    assert [entry.get("written") for entry in document["tables"][0]["outputs"][0]["entries"].values()] == [
        None,
        "x",
        "x",
    ]
    back = loads(dumps(book), "a.json")
    assert isinstance(back, Rulebook)
    assert back == book
    assert [rule.then[0].text for rule in back.tables[0].rules] == ["1", "2", "3"], "none of them means `x`"


@pytest.mark.parametrize(("text", "slug", "pointer"), FLAWS)
def test_a_seal_over_nonsense_helps_nobody(text: str, slug: str, pointer: str) -> None:
    """Whoever can compute a SHA-256 can seal anything; what cannot be used is judged all the same."""
    body, comma, _ = text.rpartition(', "seal"')
    if not comma:
        return
    forged = f'{body},\n "seal": "{seal(body.encode())}"\n}}\n'
    assert sealed(forged)
    decoded = decode(forged, "a.json")
    assert decoded.rulebook is None or Engine(decoded.rulebook).decide({}) is not None
    assert decoded.rulebook is not None or [f.slug for f in decoded.findings] == [slug]
