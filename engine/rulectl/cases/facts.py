"""One place that reads what people and programs hand over as a case into typed facts.

A case is a mapping from a term's name, id or alias to a value, native or as text. What a value may look like is the
business of `lang.literals`; here readings are remembered per term and raw value, since a shop's cases repeat the same
few hundred cells. The memory is bounded.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isnan
from types import NoneType

from rulectl.cases.headings import by_heading, key_of, nearest, readable
from rulectl.cases.placeholders import NOTHING, taken_for, zero_date
from rulectl.diagnostics import Finding, Note, finding
from rulectl.lang.literals import read_value, value_of
from rulectl.lang.scope import Problem
from rulectl.model.rulebook import Rulebook, Term
from rulectl.source import Location, OptionPlace, Place
from rulectl.types import Kind, within
from rulectl.values import Value

Facts = dict[str, Value]

# How many readings a term remembers before it forgets them all.
MEMORY = 20_000

_PROBLEMS = 1 << 16
"""So many mistakes are remembered, and as many before them: those of one piece of a long file are asked for twice, to
know its bad rows and to tell why these are bad."""

_SHORT = 200
_RUN = "=+-@\t\r"
"""What a spreadsheet takes for the start of a formula."""
_DIGITS = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_STAMP = re.compile(r"([0-9]{4})([-/])([0-9]{1,2})\2([0-9]{1,2}) ([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
"""A moment as shop software writes it; hardly two cases have the same."""

# What may be remembered: equal values of one of these classes mean the same (1 and True are of two classes).
_PLAIN = (bool, int, float, Decimal, dt.date, dt.timedelta, NoneType)


class Slot:
    """A term as a case fills it: how its values are read, and what has been read before."""

    __slots__ = (
        "_earlier",
        "_free",
        "_moment",
        "_number",
        "_problems",
        "_timely",
        "id",
        "natives",
        "required",
        "term",
        "texts",
    )

    def __init__(self, term: Term) -> None:
        self.term = term
        self.id = term.id
        self.required = term.required and term.default is None
        self.texts: dict[str, Value] = {}
        self._problems: dict[str, Problem] = {}
        self._earlier: dict[str, Problem] = {}
        self.natives: dict[tuple[type, object], Value] = {}
        kind = term.type.kind
        self._free = kind is Kind.STRING and not term.type.many and not term.type.values
        self._number = kind is Kind.NUMBER and not term.type.many
        self._timely = kind in (Kind.DATE, Kind.DATETIME) and not term.type.many
        self._moment = self._timely and kind is Kind.DATETIME

    def text(self, raw: str) -> Value | Problem:
        """The value of a cell's text; blank is None. What `texts` holds already is not asked for here."""
        if raw.startswith('="') and raw.endswith('"') and len(raw) > 2:
            # so exports keep a spreadsheet from rounding long numbers: ="202506017000000123"
            return self.text(raw[2:-1].replace('""', '"'))
        if raw[:1] == "'" and raw[1:2] in _RUN and len(raw) > 1:
            # so programs keep a spreadsheet from running a text, we too: a rejected row comes back with it
            return self.text(raw[1:])
        # a mistake comes in many rows, and what may be meant by it is dear to find
        known = self._problems.get(raw) or self._earlier.get(raw)
        if known is not None:
            return known
        value = self._plain(raw)
        if value is None:
            read = self._read(raw)
            if isinstance(read, Problem):
                if len(self._problems) >= _PROBLEMS:
                    self._earlier, self._problems = self._problems, {}
                self._problems[raw] = read
                return read
            value = read
        if len(self.texts) >= MEMORY:
            self.texts.clear()
        self.texts[raw] = value
        return value

    def _read(self, raw: str) -> Value | Problem:
        """The value of any text, or why it has none."""
        meant = taken_for(raw, self.term.type)
        value = meant if isinstance(meant, Problem) else read_value(meant, self.term.type, self.term.unit)
        return (self._timely and not isinstance(value, Problem) and zero_date(value)) or value

    def _plain(self, raw: str) -> Value:
        """The value of the commonest texts at a fraction of the price, None for all others: free text that begins with
        a letter or digit, holds nothing but printable characters and is no `NULL`, plain numbers, moments in digits. A
        test holds this to `_read`."""
        if self._number:
            number = Decimal(raw) if _DIGITS.fullmatch(raw) else None
            return number if number is not None and within(number, self.term.type) else None
        if self._moment:
            return _moment(raw)
        # no blank but a plain one is printable; `1E+17` is a number that a spreadsheet has rounded
        plain = self._free and raw and raw[0].isalnum() and raw.isprintable() and raw[-1] != " " and raw not in NOTHING
        return raw if plain and "+" not in raw and len(raw) < _SHORT else None

    def native(self, raw: object) -> Value | Problem:
        """The value of anything that a program may hand over."""
        if isinstance(raw, str):
            return self.texts[raw] if raw in self.texts else self.text(str(raw))
        raw = plainly(raw)
        if self._timely and isinstance(raw, dt.datetime) and raw.tzinfo is not None:
            return self.text(raw.isoformat(" "))
        value = value_of(raw, self.term.type, self.term.unit)
        if self._timely and not isinstance(value, Problem):
            value = zero_date(value) or value
        if isinstance(raw, _PLAIN) and not isinstance(value, Problem):
            if len(self.natives) >= MEMORY:
                self.natives.clear()
            self.natives[raw.__class__, raw] = value
        return value


def plainly(raw: object) -> object:
    """What numpy and pandas hand over for a cell (`frame.iloc[0].to_dict()`) as Python has it: their scalars, moments,
    arrays, and blanks, which are None."""
    if raw.__class__.__name__ in ("NAType", "NaTType") or (isinstance(raw, float) and isnan(raw)):
        return None
    if raw.__class__.__module__.partition(".")[0] not in ("numpy", "pandas"):
        return raw
    ways = ("to_pydatetime", "to_pytimedelta", "tolist")
    make = next((make for way in ways if callable(make := getattr(raw, way, None))), None)
    return raw if make is None else plainly(make())


def _moment(raw: str) -> dt.datetime | None:
    """A moment in digits alone; None of whatever else it may be, or if it is none."""
    found = _STAMP.fullmatch(raw)
    if found is None:
        return None
    year, _, month, day, hour, minute, second = found.groups()
    try:
        moment = dt.datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    return None if zero_date(moment) else moment


@dataclass(frozen=True, slots=True)
class BadCase:
    """A case that cannot be decided, and why: every reason, not the first alone."""

    findings: tuple[Finding, ...]


class FactReader:
    """Reads cases for one rulebook."""

    def __init__(self, rulebook: Rulebook) -> None:
        terms = readable(rulebook)
        self.slots: dict[str, Slot] = {term.id: Slot(term) for term in terms}
        self._spellings = {key: self.slots[term.id] for key, term in by_heading(terms).items()}
        self._computed = by_heading(t for t in rulebook.terms if t.id not in self.slots)
        # as people write them, ready to use; other spellings join as they are met, and those that no term claims
        self._keys: dict[str, Slot | None] = {}
        for term in terms:
            for spelling in (term.id, term.name, *term.aliases):
                self._keys.setdefault(spelling, self._spellings[key_of(spelling)])
        self._required = tuple(slot.id for slot in self.slots.values() if slot.required)

    def find(self, name: str) -> Slot | None:
        """The term of a name, id or alias, however it is spelt."""
        try:
            return self._keys[name]
        except KeyError:
            slot = self._spellings.get(key_of(str(name)))
            if len(self._keys) < MEMORY:
                self._keys[name] = slot
            return slot

    def read(self, case: Mapping[str, object]) -> Facts | BadCase:
        """Facts by term id, None where blank. A case whose values have all been met before takes this loop alone."""
        facts: Facts = {}
        keys = self._keys
        strangers = 0
        for name, raw in case.items():
            slot = keys.get(name) or self.find(name)
            if slot is None:
                strangers += 1
                continue
            try:
                if raw.__class__ is str:
                    facts[slot.id] = slot.texts[raw]
                else:
                    facts[slot.id] = slot.natives[raw.__class__, raw]
            except (KeyError, TypeError):  # not met before, or a list, which cannot be looked up
                value = slot.native(raw)
                if isinstance(value, Problem):
                    return self._slow(case)
                facts[slot.id] = value
        if len(facts) + strangers != len(case):  # a term given twice, under two spellings
            return self._slow(case)
        for id_ in self._required:
            if facts.get(id_) is None:
                return self._slow(case)
        return facts

    def _slow(self, case: Mapping[str, object]) -> Facts | BadCase:
        """The same with every reading done anew and every reason collected."""
        facts: Facts = {}
        said: dict[str, str] = {}
        findings: list[Finding] = []
        for name, raw in case.items():
            slot = self.find(name)
            if slot is None:
                continue
            if slot.id in said:
                findings.append(
                    finding(
                        "two-fields-one-term", OptionPlace(name), first=said[slot.id], second=name, term=slot.term.name
                    )
                )
                continue
            said[slot.id] = name
            value = slot.native(raw)
            if isinstance(value, Problem):
                findings.append(field_finding(value, OptionPlace(name), str(raw)))
                facts[slot.id] = None
                continue
            facts[slot.id] = value
            if value is None and slot.required:
                findings.append(finding("missing-fact", OptionPlace(name), field=slot.term.name))
        for id_ in self._required:
            if id_ not in facts:
                name = self.slots[id_].term.name
                findings.append(finding("missing-fact", OptionPlace(name), field=name))
        return BadCase(tuple(findings)) if findings else facts

    def unknown(self, case: Mapping[str, object]) -> tuple[Finding, ...]:
        """A notice for each key of a case that no term claims."""
        found = []
        for name in map(str, case):  # a row too long for its headings comes under None, from csv.DictReader
            if self.find(name) is None:
                if key_of(name) in self._computed:
                    found.append(finding("computed-field", OptionPlace(name), field=name))
                    continue
                near = nearest(name, [s.term.name for s in self.slots.values()])
                slug = "unknown-field-near" if near else "unknown-field"
                found.append(finding(slug, OptionPlace(name), field=name, near=near))
        return tuple(found)


def field_finding(problem: Problem, place: Place, text: str) -> Finding:
    """What is wrong with a value, at the place where it was given."""
    notes = tuple(Note(key, Location(cell)) for key, cell in problem.cells)
    return Finding(problem.slug, Location(place, text, problem.span), problem.fields, notes)
