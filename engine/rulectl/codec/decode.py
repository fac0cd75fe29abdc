"""JSON back to a rulebook. Whatever a file holds, the answer is a rulebook or findings, never a traceback.

Three gates: the text is JSON at all, the document fits the schema (see validate), and its parts fit each other, which
no schema can say. A hash that does not fit is a warning: somebody edited the file by hand. A text whose seal is whole
passed these gates when it was written and is spared the second and third (design note 0011); the seal tells what was
damaged or edited from what was not, and is no signature.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any as Json

from rulectl.codec.entries import MOST, Spoilt, misfits, told
from rulectl.codec.formats import seal
from rulectl.codec.grids import grid_of_json, misshapen, period_of
from rulectl.codec.nodes import duration_value, expr_of, unary_of, value_of
from rulectl.codec.places import cell_of, range_of
from rulectl.codec.quoting import Reader
from rulectl.codec.validate import validate
from rulectl.codec.whole import essentials, mismatches
from rulectl.diagnostics import Finding, finding
from rulectl.model.grid import Rules
from rulectl.model.policy import Favours, HitPolicy, Merge, Role, Tier
from rulectl.model.rulebook import (
    FORMAT_VERSION,
    LANGUAGE_VERSION,
    Aggregate,
    Expectation,
    Expected,
    InputColumn,
    ListIs,
    ListSize,
    OutputColumn,
    Parameter,
    Policy,
    Rulebook,
    Table,
    Template,
    Term,
    TestCase,
    ValueIs,
)
from rulectl.source import Cell, CellRange, FilePlace
from rulectl.types import Kind, Type
from rulectl.values import number

Node = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a JSON text holds: the rulebook, None when there are errors, and all findings."""

    rulebook: Rulebook | None
    findings: tuple[Finding, ...]


_SEAL = re.compile(rb',\s*"seal":\s*"(sha256:[0-9a-f]{64})"\s*\}\s*$')


def loads(text: str | bytes, file: str) -> Rulebook | tuple[Finding, ...]:
    """The rulebook of a JSON text, or why there is none; see `decode` for warnings."""
    decoded = decode(text, file)
    return decoded.findings if decoded.rulebook is None else decoded.rulebook


def decode(text: str | bytes, file: str, *, believing: bool = True) -> Decoded:
    """The rulebook of a JSON text (bytes: UTF-8) and every finding. `file` is its name as people know it. Without
    `believing` a seal counts for nothing."""
    place = FilePlace(file)
    try:
        document = json.loads(text)
    except RecursionError:
        return Decoded(None, (finding("json-too-deep", place, file=file),))
    except ValueError as error:  # JSONDecodeError is one; so is an integer of too many digits
        return Decoded(None, (finding("json-broken", place, file=file, line=getattr(error, "lineno", 1)),))
    try:
        foreign = _foreign(document, file)
        if foreign:
            return Decoded(None, foreign)
        whole = _trusted(document, file) if believing and sealed(text) else None
        if whole is not None:
            return whole
        twice: list[str] = []
        json.loads(text, object_pairs_hook=partial(_once, twice))
        if twice:
            return Decoded(None, (finding("json-mismatch", place, file=file, what=f'"{twice[0]}": 2×'),))
        return _judged(document, file)
    except RecursionError:
        return Decoded(None, (finding("json-too-deep", place, file=file),))


def _once(twice: list[str], pairs: list[tuple[str, Json]]) -> None:
    """Note each key that stands twice in an object: readers of JSON differ in which of the two they take."""
    if len({key for key, _ in pairs}) < len(pairs):
        twice.extend(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)


def _trusted(document: Node, file: str) -> Decoded | None:
    """The rulebook of a document that was sealed, or the entries for which it is none; None where it is not what is
    sealed here, and has to be judged."""
    try:
        book = from_json(document)
        if any(essentials(book)):
            return None
        wrong = tuple(islice(misfits(document, book), MOST))
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
    if wrong:
        spoilt = told((one for one in wrong if isinstance(one, Spoilt)), file)
        return Decoded(None, spoilt) if spoilt else None
    return Decoded(book, ())


def sealed(text: str | bytes) -> bool:
    """Whether a text is as it was written after it had been held to this very schema."""
    whole = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    found = _SEAL.search(whole, max(0, len(whole) - 200))
    return found is not None and found[1].decode() == seal(memoryview(whole)[: found.start()])


def _judged(document: Node, file: str) -> Decoded:
    """A document that somebody may have edited."""
    findings = validate(document, file)
    if findings:
        return Decoded(None, findings)
    place = FilePlace(file)
    wrong = tuple(misshapen(document))
    rulebook = None if wrong else from_json(document)
    if rulebook is not None:
        wrong = tuple(essentials(rulebook))
        found = () if wrong else tuple(misfits(document, rulebook))
        spoilt = tuple(one for one in found if isinstance(one, Spoilt))
        if spoilt:
            return Decoded(None, told(spoilt[:MOST], file))
        wrong = wrong or (*mismatches(rulebook), *(one for one in found if isinstance(one, str)))
    if rulebook is None or wrong:
        return Decoded(None, tuple(finding("json-mismatch", place, file=file, what=what) for what in wrong))
    from rulectl.codec.hashing import content_hash  # late: a sealed text is not encoded once more

    if document.get("hash", "") != content_hash(rulebook):
        return Decoded(rulebook, (finding("json-hash", place, file=file),))
    return Decoded(rulebook, ())


def _foreign(document: Json, file: str) -> tuple[Finding, ...]:
    """A document of another format, or of a version that this program does not know: one finding, not a hundred."""
    format_ = document.get("format") if isinstance(document, dict) else None
    name, _, version = str(format_ or "").partition("/")
    place = FilePlace(file)
    if name != "rulectl":
        return (finding("json-not-a-rulebook", place, file=file),)
    if version != FORMAT_VERSION:
        return (finding("json-version", place, file=file, version=version, known=FORMAT_VERSION),)
    language = document.get("language")
    if isinstance(language, str) and language != LANGUAGE_VERSION:
        return (finding("json-version", place, file=file, version=language, known=LANGUAGE_VERSION),)
    return ()


# -- the parts ---------------------------------------------------------------------------------------------------


def from_json(document: Node) -> Rulebook:
    """The rulebook of a document that fits the schema."""
    home: str = document.get("source", "")
    terms = tuple(_term(node, home) for node in document["terms"])
    parameters = tuple(_parameter(node, home) for node in document.get("parameters", ()))
    reader = Reader(terms, parameters)
    return Rulebook(
        id=document["id"],
        name=document["name"],
        version=document.get("version", ""),
        owner=document.get("owner", ""),
        notes=document.get("notes", ""),
        period=period_of(document),
        event=document.get("event"),
        tier=_tier(document),
        includes=tuple(document.get("includes", ())),
        terms=terms,
        parameters=parameters,
        tables=tuple(_table(node, home, reader) for node in document["tables"]),
        aggregates=tuple(_aggregate(node, home) for node in document.get("aggregates", ())),
        templates=tuple(_template(node, home) for node in document.get("templates", ())),
        tests=tuple(_test_case(node, home) for node in document.get("tests", ())),
        policies=tuple(_policy(node, home) for node in document.get("policies", ())),
        source=home,
    )


def _cell(node: Node, home: str) -> Cell | None:
    return cell_of(node["cell"], home) if "cell" in node else None


def _cells(node: Node, home: str) -> CellRange | None:
    return range_of(node["cells"], home) if "cells" in node else None


def _tier(node: Node) -> Tier:
    return Tier(node.get("tier", Tier.PROCEDURE.value))


def _type(node: Node) -> Type:
    low, high = (number(node[end]) if end in node else None for end in ("low", "high"))
    return Type(Kind(node["kind"]), node.get("list", False), tuple(node.get("values", ())), low, high)


def _text(node: Node) -> str:
    """The text as written."""
    text: str = node["written"] if "written" in node else node.get("text", "")
    return text


def _term(node: Node, home: str) -> Term:
    return Term(
        id=node["id"],
        name=node["name"],
        role=Role(node["role"]),
        type=_type(node["type"]),
        unit=node.get("unit", ""),
        required=node.get("required", False),
        default=value_of(node["default"]) if "default" in node else None,
        aliases=tuple(node.get("aliases", ())),
        merge=Merge(node.get("merge", Merge.SINGLE.value)),
        favours=Favours(node["favours"]) if "favours" in node else None,
        description=node.get("description", ""),
        cell=_cell(node, home),
    )


def _parameter(node: Node, home: str) -> Parameter:
    return Parameter(
        id=node["id"],
        name=node["name"],
        type=_type(node["type"]),
        value=value_of(node["value"]),
        unit=node.get("unit", ""),
        description=node.get("description", ""),
        cell=_cell(node, home),
    )


def _table(node: Node, home: str, reader: Reader) -> Table:
    inputs = tuple(_input(column, home, reader) for column in node.get("inputs", ()))
    outputs = tuple(
        OutputColumn(column["term"], HitPolicy.of(column["policy"]), _cell(column, home))
        for column in node.get("outputs", ())
    )
    return Table(
        name=node["name"],
        policy=HitPolicy.of(node["policy"]),
        inputs=inputs,
        outputs=outputs,
        rules=Rules(grid_of_json(node, inputs, outputs, home, reader)),
        salience=node.get("salience", 0),
        tier=_tier(node),
        period=period_of(node),
        book=node.get("book", ""),
        stratum=node.get("stratum", 0),
        cells=_cells(node, home),
    )


def _input(node: Node, home: str, reader: Reader) -> InputColumn:
    subject = expr_of(node["subject"])
    return InputColumn(subject, _type(node["type"]), reader.heading(_text(node), subject), _cell(node, home))


def _aggregate(node: Node, home: str) -> Aggregate:
    return Aggregate(
        term=node["term"],
        function=node["function"],
        of=node.get("of"),
        by=tuple(node.get("by", ())),
        window=duration_value(node["window"]) if "window" in node else None,
        back_only=node.get("back_only", False),
        time=node.get("time"),
        where=expr_of(node["where"]) if "where" in node else None,
        cell=_cell(node, home),
    )


def _template(node: Node, home: str) -> Template:
    return Template(
        id=node["id"],
        occasion=node.get("occasion", ""),
        language=node.get("language", ""),
        text=expr_of(node["value"]),
        cell=_cell(node, home),
    )


def _expectations(nodes: list[Node]) -> Iterator[Expectation]:
    for node in nodes:
        ((key, inner),) = node.items()
        match key:
            case "is":
                yield ValueIs(unary_of(inner))
            case "size":
                yield ListSize(unary_of(inner))
            case "exactly":
                yield ListIs("=", tuple(value_of(item) for item in inner))
            case "at least":
                yield ListIs("+", tuple(value_of(item) for item in inner))
            case "none of":
                yield ListIs("!", tuple(value_of(item) for item in inner))


def _test_case(node: Node, home: str) -> TestCase:
    return TestCase(
        id=node["id"],
        facts=tuple((fact["term"], value_of(fact["value"])) for fact in node.get("facts", ())),
        expected=tuple(
            Expected(one["term"], tuple(_expectations(one["all_of"])), one.get("text", ""), _cell(one, home))
            for one in node.get("expected", ())
        ),
        note=node.get("note", ""),
        cells=_cells(node, home),
    )


def _policy(node: Node, home: str) -> Policy:
    return Policy(
        id=node["id"],
        statement=expr_of(node["statement"]),
        severity=node.get("severity", "error"),
        note=node.get("note", ""),
        text=_text(node),
        cell=_cell(node, home),
    )
