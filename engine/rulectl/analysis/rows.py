"""Regions as sentences and as rows to paste: what a manager writes into the decision table.

What several axes ask of one heading becomes one condition, as one cell would say it, in the words of either language:
`除 换货、补发 外` and `not(换货;补发)`, `是` and `yes`. Each text reads back as the condition that it was printed from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rulectl.analysis.space import Space
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box
from rulectl.codes import LANGUAGES, Language
from rulectl.lang.parser import parse_test
from rulectl.lang.printer import literal_text, print_expr, print_test, simple_word
from rulectl.lang.scope import Scope
from rulectl.lang.syntax import AllOf, Except, Expr, Is, Literal, Name, OneOf, Test
from rulectl.types import Kind, Type

_SIGNS = "<>=!≤≥≠"
_NOBODY = Scope({})
_ANY: dict[Language, str] = {"zh": "任何情况", "en": "any case"}
_COMMA: dict[Language, str] = {"zh": "，", "en": ", "}
_COLON: dict[Language, str] = {"zh": "：", "en": ": "}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a region: a heading, the test that stands under it, and the type of its column."""

    subject: Expr
    test: Test
    type: Type


Region = tuple[Condition, ...]


def region_of(study: Study, space: Space, box: Box) -> Region:
    """What a box asks, heading by heading, in the order of the axes."""
    tests: dict[Expr, list[Test]] = {}
    types: dict[Expr, Type] = {}
    for at in space.asked(box):
        axis = space.axes[at]
        subject = axis.column.subject
        tests.setdefault(subject, []).append(axis.test(box[at]))
        own = isinstance(subject, Name) and subject.id in study.terms
        types[subject] = study.terms[subject.id].type if own and isinstance(subject, Name) else axis.type
    return tuple(Condition(subject, _together(own), types[subject]) for subject, own in tests.items())


def _together(tests: Sequence[Test]) -> Test:
    """All of some tests as one, what is ruled out gathered at its end."""
    kept: list[Test] = []
    out: list[Test] = []
    for test in tests:
        match test:
            case Is("!=", value):
                out.append(Is("=", value))
            case Except(OneOf(items)):
                out.extend(items)
            case Except(inner):
                out.append(inner)
            case _:
                kept.append(test)
    out = list(dict.fromkeys(out))
    if out:
        kept.append(Except(out[0] if len(out) == 1 else OneOf(tuple(out))))
    return kept[0] if len(kept) == 1 else AllOf(tuple(kept))


def region_fields(study: Study, region: Region) -> dict[str, str]:
    """The conditions in both languages: `签收天数 > 7，已穿用：是`."""
    return {f"region_{lang}": _COMMA[lang].join(parts_of(study, region, lang)) or _ANY[lang] for lang in LANGUAGES}


def parts_of(study: Study, region: Region, lang: Language) -> tuple[str, ...]:
    """The conditions, each with its heading: `签收天数 > 7`, `已穿用：是`."""
    parts = []
    for one in region:
        name, text = print_expr(one.subject, study.names, lang=lang), cell_text(one, study, lang)
        parts.append(f"{name} {text}" if text[0] in _SIGNS else f"{name}{_COLON[lang]}{text}")
    return tuple(parts)


def row_fields(study: Study, region: Region, number: int) -> dict[str, str]:
    """The conditions as the cells of a new rule, in the order of the table's columns, `| - | > 7 | 是 |`; in words
    where they do not fit into its columns."""
    table = study.rulebook.tables[number]
    words = region_fields(study, region)
    fields: dict[str, str] = {}
    for lang in LANGUAGES:
        cells = ["-"] * len(table.inputs)
        for one in region:
            free = [i for i, column in enumerate(table.inputs) if column.subject == one.subject and cells[i] == "-"]
            if not free:
                cells = []  # it hangs on what another table asks
                break
            cells[free[0]] = cell_text(one, study, lang)
        fields[f"row_{lang}"] = f"| {' | '.join(cells)} |" if cells else words[f"region_{lang}"]
    return fields


def cell_text(condition: Condition, study: Study, lang: Language) -> str:
    """A condition as it is written in a cell, in the words of a language."""
    test, type_ = condition.test, condition.type
    match test:
        case Is(("<" | ">" | "<=" | ">=") as op, value):
            return f"{op} {print_expr(value, study.names, lang=lang)}"
        case Except(inner):
            said = _all_but(_words(inner, type_) or (), type_, lang)
            if parse_test(said, type_, _NOBODY) == test:
                return said
    listed = _words(test, type_)
    if listed is not None:
        return ";".join(listed)
    return print_test(test, type_, study.names, lang)


def _all_but(words: Sequence[str], type_: Type, lang: Language) -> str:
    """That it is none of some values."""
    if lang == "en":
        return f"not({';'.join(words)})"
    plain = "不含 " if type_.many else "非 "
    return plain + words[0] if len(words) == 1 else f"除 {'、'.join(words)} 外"


def _words(test: Test, type_: Type) -> tuple[str, ...] | None:
    """The allowed values that a test lists, in quotes where they need them; None where it asks anything else."""
    found = []
    for item in test.items if isinstance(test, OneOf) else (test,):
        match item:
            case Is("=", Literal(str() as value)) if type_.kind is Kind.ENUM and value in type_.values:
                found.append(value)
            case _:
                return None
    # a word of what cells say (海外) stands without quotes where it is read as the value that it is
    if parse_test(";".join(found), type_, _NOBODY) == test:
        return tuple(found)
    return tuple(simple_word(value, type_) or literal_text(value) for value in found)
