"""Cases as JSON: one object, a list of them, or one a line (JSON lines).

Numbers are read as exact decimals, never as binary floats. A line that is not a case is rejected whole, like a row of a
delimited file, and the others go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import BinaryIO

from rulectl.cases import encoding as encodings
from rulectl.cases.facts import BadCase, FactReader
from rulectl.cases.reader import CaseRow, Reject, Unreadable, id_term, once_each
from rulectl.diagnostics import Finding, finding
from rulectl.model.rulebook import Rulebook
from rulectl.source import FilePlace, Location, OptionPlace, Place, RowPlace

_LONGEST = 1 << 24
"""No single case, written out over several lines, has more characters."""

_RULEBOOK = "rulectl/"
"""How the format of a compiled rulebook begins."""


class _TwiceError(ValueError):
    """A key that stands twice in one object."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def parse(text: str, place: Place) -> object | Finding:
    """Any JSON, numbers exact. What is not JSON is a finding that names the first wrong character, from 1."""
    try:
        found: object = json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_pairs)
        return found
    except json.JSONDecodeError as error:
        return finding("not-json", Location(place, text if len(text) < 200 else ""), column=error.pos + 1)
    except _TwiceError as error:
        return finding("two-fields-one-term", place, first=error.key, second=error.key, term=error.key)
    except (ValueError, RecursionError, ArithmeticError):
        return finding("not-a-json-case", place)


def parse_case(text: str, place: Place) -> Mapping[str, object] | Finding:
    """One case as a JSON object."""
    found = parse(text, place)
    return found if isinstance(found, Finding | Mapping) else finding("not-a-json-case", place)


def _no_number(name: str) -> object:
    """NaN and Infinity are no JSON."""
    raise ValueError(name)


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return found


class JsonCases:
    """Cases of a JSON file; iterate once. Same face as `reader.CaseFile`."""

    headings = ("JSON",)

    def __init__(
        self,
        lines: Iterable[str | object],
        file: str,
        rulebook: Rulebook,
        facts: FactReader,
        once: bool = True,
    ) -> None:
        """`once`: a case whose id was met before is a reject."""
        self.file = file
        self.findings: tuple[Finding, ...] = ()
        self._lines = lines
        self._facts = facts
        named = id_term(rulebook)
        self._id = named.id if named else ""
        self._once = once
        self._told: set[str] = set()

    def __iter__(self) -> Iterator[CaseRow | Reject]:
        field = self._facts.slots[self._id].term.name if self._once and self._id == "case_id" else None
        filled = (line for line in self._lines if not isinstance(line, str) or line.strip())
        rows = (self._row(number, line) for number, line in enumerate(filled, start=1))
        yield from once_each(rows, self.file, field)

    def _row(self, number: int, line: str | object) -> CaseRow | Reject:
        place = RowPlace(self.file, number)
        if isinstance(line, str):
            raw = (line.strip(),)
            case = parse_case(line, place)
        else:
            raw = (json.dumps(line, ensure_ascii=False, default=str),)
            case = line if isinstance(line, Mapping) else finding("not-a-json-case", place)
        if isinstance(case, Finding):
            return Reject(number, str(number), raw, (("", case),))
        return self.row(number, case, raw)

    def row(self, number: int, case: Mapping[str, object], raw: tuple[str, ...]) -> CaseRow | Reject:
        """One case, read; keys that no term claims are told of once a file."""
        for notice in self._facts.unknown(case):
            name = str(notice.at.place)
            if name not in self._told:
                self._told.add(name)
                self.findings += (notice,)
        facts = self._facts.read(case)
        if isinstance(facts, BadCase):
            named = next((str(v) for k, v in case.items() if (s := self._facts.find(k)) and s.id == self._id), number)
            return Reject(number, str(named), raw, tuple(_placed(f, self.file, number) for f in facts.findings))
        id_ = facts.get(self._id)
        return CaseRow(number, str(number) if id_ is None else str(id_), facts, raw)


def _placed(found: Finding, file: str, number: int) -> tuple[str, Finding]:
    """A finding on a key of a case, at its row; with the key."""
    field = found.at.place.name if isinstance(found.at.place, OptionPlace) else ""
    at = Location(RowPlace(file, number, field), found.at.text, found.at.span)
    return field, Finding(found.slug, at, found.fields, found.notes)


def open_json(
    stream: BinaryIO,
    file: str,
    rulebook: Rulebook,
    facts: FactReader,
    *,
    encoding: str | None = None,
    once: bool = True,
) -> JsonCases | Unreadable:
    """Cases from a seekable stream: JSON lines, or one list or object that fills the file. `once`: a case whose id was
    met before is a reject."""
    found = encodings.detect(stream, file, encoding)
    if isinstance(found, Finding):
        return Unreadable((found,))
    text = encodings.open_text(stream, found)
    first = next((line for line in text if line.strip()), "")
    text.seek(0)
    # a whole case on the first line: one a line; else a list, or one case written out over several lines
    listed = first.lstrip().startswith("[")
    if not listed and not isinstance(parse(first, FilePlace(file)), Finding):
        return JsonCases(text, file, rulebook, facts, once)
    # lines of which the first is broken are not all held in memory to find that out
    held = text.read(-1 if listed else _LONGEST)
    whole = parse(held, FilePlace(file))
    if isinstance(whole, Mapping) and str(whole.get("format")).startswith(_RULEBOOK):
        return Unreadable((finding("cases-are-rulebook", FilePlace(file), file=file),))
    if listed and isinstance(whole, Finding):
        return Unreadable((whole,))
    if isinstance(whole, Finding) or (not listed and len(held) == _LONGEST):
        text.seek(0)
        return JsonCases(text, file, rulebook, facts, once)
    return JsonCases(whole if isinstance(whole, list) else [whole], file, rulebook, facts, once)
