"""Every finding of the cell language has an example that earns it, and sentences for it in both languages."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

import rulectl.lang
from rulectl.codes import LANGUAGES, registry
from rulectl.diagnostics import Finding
from rulectl.lang.evaluate import CannotCompute, evaluate
from rulectl.lang.faults import not_allowed
from rulectl.lang.literals import read_value
from rulectl.lang.parser import parse_expression, parse_output, parse_test
from rulectl.lang.parser import test_of as check_of
from rulectl.lang.scope import Broken, Problem
from rulectl.source import Location, OptionPlace, Span
from tests.lang.world import FACTS, SCOPE, TYPES

HERE = Location(OptionPlace("x"))
CODES = [code for code in registry().values() if code.code.startswith("RB2")]

WHERE = {
    "unclosed-quote": ("test", "enum", ""),
    "control-character": ("test", "string", ""),
    "value-not-allowed": ("test", "enum", ""),
    "not-a-date": ("test", "date", ""),
    "not-a-datetime": ("test", "datetime", ""),
    "not-a-boolean": ("value", "boolean", ""),
    "not-a-duration": ("test", "duration", ""),
    "not-a-text": ("test", "enum", ""),
    "wrong-unit": ("test", "number", "天"),
    "excel-rounded-number": ("value", "string", ""),
    "serial-date": ("value", "date", ""),
    "clock-in-date": ("value", "date", ""),
    "hours-on-date": ("output", "date", ""),
    "dated-by-excel": ("typed", "number", ""),
    "text-dated-by-excel": ("typed", "string", ""),
    "pattern-in-text": ("test", "string", ""),
    "formula-in-text": ("output", "string", ""),
    "range-in-conclusion": ("output", "number", ""),
    "measure-in-text": ("test", "string", ""),
    "other-place": ("output", "string", ""),
    "share-of-what": ("output", "number", "元"),
    "share-undivided": ("output", "number", "元"),
    "unclear-conclusion": ("output", "number", ""),
    "rate-in-conclusion": ("output", "number", ""),
    "outside-range": ("value", "share", ""),
    "not-comparable": ("expr", "", ""),
    "not-ordered": ("test", "enum", ""),
    "not-computable": ("test", "date", ""),
    "not-alike": ("expr", "", ""),
    "contains-needs-list": ("test", "enum", ""),
    "unclosed-place": ("output", "string", ""),
    "unfinished-if": ("expr", "", ""),
    "wrong-argument": ("test", "number", ""),
    "division-by-zero": ("expr", "", ""),
    "number-overflow": ("expr", "", ""),
    "date-overflow": ("expr", "", ""),
    "calendar-unknown": ("expr", "", ""),
    "working-time": ("expr", "", ""),
}
"""Where an example stands; a condition in a column of numbers unless it says otherwise."""

LONG = {
    "text-too-long": "3;" * 6_000 + "3",
    "too-many-blanks": "3" + " " * 300 + "元",
    "nested-too-deep": "(" * 100 + "3" + ")" * 100,
    "text-overflow": "+".join(['"' + "长" * 9 + '"'] * 3),
}
"""Examples that are too long to print."""


def problems(slug: str, text: str) -> list[Problem]:
    """What a text earns where it stands."""
    door, kind, unit = WHERE.get(slug, ("test", "number", ""))
    if door == "typed":  # into Excel, which makes a date of what looks like one
        day = re.fullmatch("([0-9]+)-([0-9]+)", text)
        native = dt.datetime(2025, int(day[1]), int(day[2])) if day else text
        found = check_of(native, text, TYPES[kind], SCOPE, unit)
        return list(found.problems) if isinstance(found, Broken) else []
    if door == "value":
        value = read_value(text, TYPES[kind], unit)
        return [value] if isinstance(value, Problem) else []
    if door == "test":
        test = parse_test(text, TYPES[kind], SCOPE, unit)
        return list(test.problems) if isinstance(test, Broken) else []
    if door == "output":
        output = parse_output(text, TYPES[kind], SCOPE, unit)
        return list(output.problems) if isinstance(output, Broken) else []
    typed = parse_expression(text, SCOPE)
    if isinstance(typed, Broken):
        return list(typed.problems)
    try:
        evaluate(typed.expr, FACTS)
    except CannotCompute as why:
        return [Problem(why.slug, why.span, why.fields)]
    return []


@pytest.mark.parametrize("slug", [code.slug for code in CODES if code.slug not in LONG])
def test_example_earns_its_finding(slug: str) -> None:
    code = registry()[slug]
    earned = problems(slug, code.example)
    assert [p.slug for p in earned] == [slug]
    for language in LANGUAGES:
        made = Finding(slug, HERE, earned[0].fields)
        assert made.message(language)
        assert made.help(language)
    assert problems(slug, code.instead) == []


@pytest.mark.parametrize("slug", ["text-too-long", "nested-too-deep"])
def test_long_example_earns_its_finding(slug: str) -> None:
    earned = problems(slug, LONG[slug])
    assert [p.slug for p in earned] == [slug]
    assert Finding(slug, HERE, earned[0].fields).message("zh")


def test_text_that_grows_too_long_is_a_finding() -> None:
    typed = parse_expression("买家 + 买家", SCOPE)
    assert not isinstance(typed, Broken)
    with pytest.raises(CannotCompute) as why:
        evaluate(typed.expr, {"buyer": "长" * 60_000})
    assert why.value.slug == "text-overflow"
    assert Finding(why.value.slug, HERE, why.value.fields).message("en")


def test_every_slug_of_the_language_stands_in_the_catalogue() -> None:
    """Slugs are written where the mistake is found; each of them has an entry, and each entry is earned somewhere."""
    folder = Path(rulectl.lang.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.py")))
    named = set(re.findall(r"""(?:fault|problem|Problem|CannotCompute)\(\s*"([a-z-]+)\"""", source))
    assert named
    assert named <= set(registry())
    written = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source))
    unspoken = {code.slug for code in CODES} - written
    assert {slug for slug in unspoken if not slug.startswith("not-a-")} == set()


def test_the_nearest_value_is_named_where_one_is_near() -> None:
    for text, near in (("质量间题", "质量问题"), ("火星", "")):
        problem = not_allowed(text, ("质量问题", "瑕疵"), Span(0, len(text)))
        for lang in LANGUAGES:
            told = Finding(problem.slug, HERE, problem.fields).help(lang)
            assert (near in told.split("质量问题;瑕疵")[0]) is True
            assert ("最接近" in told or "nearest" in told) is bool(near)
