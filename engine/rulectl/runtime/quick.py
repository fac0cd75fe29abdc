"""The short way for settled cases: every table's answer looked up by the classes into which the case falls.

Most cases know all that their rules ask for. Then no rule is merely possible, every literal answer of a table depends
on class numbers alone, and deciding is one look-up a table. A term has one partition for all tables, so that a raw
value is turned into a class number once, and values that come again are not even read again. Where anything is open,
provisional, contradictory, computed or badly written, the short way gives up (None) and the long one is taken; both
must agree (a property test sees to it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import getitem, itemgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from rulectl.lang.literals import MAX_TEXT, value_of
from rulectl.lang.region import ABSENT, UNKNOWN, Partition
from rulectl.lang.scope import Problem
from rulectl.lang.syntax import Name
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Term
from rulectl.runtime.answers import KEPT, Answer, Answers, More, joined
from rulectl.runtime.encoder import Encoder, Unreadable
from rulectl.runtime.index import Match
from rulectl.runtime.merge import Contribution, merge
from rulectl.runtime.plan import Key, Plan
from rulectl.runtime.resolve import CLASH, NOTHING, Lack, Spoken
from rulectl.values import Value

KEPT_LAYOUTS: Final = 500
"""How many sets of keys are remembered; a program that decides cases has few."""


class Facts(Mapping[str, Value]):
    """The inputs of a case by term id, read into typed values when they are looked at."""

    __slots__ = ("_raw", "_typed")
    _terms: Mapping[str, Term] = MappingProxyType({})
    _typed: dict[str, Value]

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    @classmethod
    def about(cls, terms: Mapping[str, Term]) -> type[Facts]:
        """The class of one rulebook's facts: what is the same for every case is not stored with each."""
        return type("Facts", (cls,), {"__slots__": (), "_terms": terms})

    def _read(self) -> dict[str, Value]:
        try:
            return self._typed
        except AttributeError:
            typed = self._typed = {}
        for term in dict.fromkeys(self._terms.values()):
            raw = next((self._raw[h] for h in (term.name, term.id, *term.aliases) if h in self._raw), None)
            value = value_of(raw, term.type, term.unit)
            value = term.default if value is None else value
            if value is not None and not isinstance(value, Problem):
                typed[term.id] = value
        return typed

    def __getitem__(self, name: str) -> Value:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


_make = tuple.__new__
_new = object.__new__
_NOTHING_COUNTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})

Pick = Callable[[list[int]], Key]


class Layout(NamedTuple):
    """How cases with the same keys in the same order are read: `encoders` of the first of the values that `values`
    takes, after `head`, the classes of the terms that a case lacks or tables write. From `texts` on, the values are
    texts that no test reads: any will do, so they are looked at together. `steps`: for each table, what picks its
    classes, its answers, and the terms that are to be merged after it; `alone` is the only one's."""

    head: tuple[int, ...]
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    encoders: tuple[Encoder, ...]
    texts: int
    needed_texts: tuple[str, ...]
    required: tuple[int, ...]
    steps: tuple[tuple[Pick, Answers, tuple[str, ...]], ...]
    alone: tuple[Pick, Callable[[Key], Answer | None]] | None


class Quick:
    """Decides settled cases of a rulebook; `usable` is False where no table could ever be settled this way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.encoders: dict[str, Encoder] = {}
        self.layouts: dict[tuple[str, ...], Layout | None] = {}
        self.last_keys: list[str] = []
        self.last: Layout | None = None
        self.statuses: dict[tuple[str, ...], tuple[Mapping[str, Status], Status]] = {}
        self.known: dict[tuple[int, tuple[Any, ...]], Answer] = {}
        self.usable = not any(plan.cyclic) and all(
            type(c.subject) is Name and c.partition is not None and c.subject.id in plan.terms
            for table in plan.tables
            for c in table.lowered.columns
        )
        if self.usable:
            self._prepare()

    def _prepare(self) -> None:
        plan = self.plan
        parts: dict[str, list[Partition]] = {}
        for table in plan.tables:
            for column in table.lowered.columns:
                assert isinstance(column.subject, Name)
                assert column.partition is not None
                parts.setdefault(column.subject.id, []).append(column.partition)
        partitions = {name: joined(found) for name, found in parts.items()}
        for term in plan.rulebook.terms:
            self.encoders[term.id] = Encoder(term, partitions.get(term.id))
        given = [t for t in plan.rulebook.terms if t.role is Role.INPUT and t.id not in plan.writers]
        self.inputs = {heading: t for t in given for heading in (t.name, t.id, *t.aliases)}
        self.facts = Facts.about(self.inputs)
        # the terms that tables write come first, so that an answer finds their places in every layout
        self.places = {name: at for at, name in enumerate(plan.writers)}
        self.outputs: dict[str, Value] = {t.id: t.default for t in plan.outputs}
        self.tables = [
            Answers(n, t, tuple(c.subject.id for c in t.lowered.columns if isinstance(c.subject, Name)), self._work_out)
            for n, t in enumerate(plan.tables)
        ]
        for answers in self.tables:
            answers.see(partitions)
            written = tuple(output.term for output in answers.plan.table.outputs)
            if answers.first and all(
                name in self.outputs and len(plan.writers[name]) == 1 and self.encoders[name].partition is None
                for name in written
            ):
                answers.plainly = written
        self.derived: dict[str, Value] = {t.id: None for t in plan.derived}
        self.derived |= {t.id: t.default for t in plan.unspoken if t.role is Role.DERIVED}
        self.unwritten = tuple(t.id for t in plan.unspoken)
        self.spoken = self._statuses(self.unwritten)

    def _layout(self, keys: tuple[str, ...]) -> Layout | None:
        """The layout for some keys; None where one of them is unknown, given twice, or a required one is missing."""
        given = [self.inputs[key].id if key in self.inputs else "" for key in keys]
        if "" in given or len(set(given)) < len(given):
            return None
        if any(t.required and t.default is None and t.id not in given for t in self.inputs.values()):
            return None
        others = [name for name in self.encoders if name not in given and name not in self.places]
        read = [(key, name) for key, name in zip(keys, given, strict=True) if not self.encoders[name].plain]
        texts = [(key, name) for key, name in zip(keys, given, strict=True) if self.encoders[name].plain]
        order = {name: at for at, name in enumerate([*self.places, *others, *(name for _, name in read)])}
        gone = {t.id for t in self.plan.unspoken if t.default is None}
        rest = [ABSENT if name in gone else self.encoders[name][None] for name in others]
        steps = []
        for numbers, settled in zip(self.plan.strata, self.plan.settled_in, strict=True):
            merged = tuple(term for term in settled if len(self.plan.writers[term]) > 1)
            for n in numbers:
                pick = _pick([order[name] for name in self.tables[n].terms])
                steps.append((pick, self.tables[n], merged if n == numbers[-1] else ()))
        return Layout(
            (*[UNKNOWN] * len(self.places), *rest),
            _pick([key for key, _ in (*read, *texts)]),
            tuple(self.encoders[name] for _, name in read),
            len(read),
            tuple(key for key, name in texts if self._needed(name)),
            tuple(order[name] for _, name in read if self._needed(name)),
            tuple(steps),
            (steps[0][0], steps[0][1].find) if len(steps) == 1 else None,
        )

    def _turn_to(self, keys: list[str]) -> Layout | None:
        """Another layout than that of the case before."""
        key = tuple(keys)
        if key not in self.layouts:
            if len(self.layouts) >= KEPT_LAYOUTS:
                self.layouts.clear()
            self.layouts[key] = self._layout(key)
        self.last_keys, self.last = keys, self.layouts[key]
        return self.last

    def _needed(self, name: str) -> bool:
        term = self.plan.terms[name]
        return term.required and term.default is None

    def decide(self, case: Mapping[str, Any]) -> Outcome | None:
        """The outcome of a settled case given as it comes, by name, id or alias; None where the long way is needed."""
        keys = [*case]
        layout = self.last if keys == self.last_keys else self._turn_to(keys)
        if layout is None:
            return None
        head, take, encoders, texts, needed_texts, required, steps, alone = layout
        try:
            values = take(case)
            classes = [*head, *map(getitem, encoders, values)]
            text = "".join(values[texts:])
        except (Unreadable, TypeError):
            return None
        # nothing invisible, nothing endless, no number that a spreadsheet may have rounded
        if not text.isprintable() or "+" in text or len(text) > MAX_TEXT:
            return None
        for place in required:
            if not classes[place]:
                return None
        for key in needed_texts:
            if not case[key].strip():
                return None
        if alone is not None:
            answer = alone[1](alone[0](classes))
            if answer is None:
                return None
            whole = answer[4]
            assert whole is not None
            facts = _new(self.facts)
            facts._raw = case
            return _make(Outcome, (facts, *whole))
        firings: tuple[Firing, ...] = ()
        silent = self.unwritten
        outputs = self.outputs.copy()
        derived = self.derived.copy() if self.derived else self.derived
        shares: tuple[tuple[str, Contribution], ...] = ()
        for pick, answers, merged in steps:
            answer = answers[pick(classes)]
            if answer is None:
                return None
            fired, said, places, more, _ = answer
            firings += fired
            outputs.update(said)
            if places:
                for place, number in places:
                    classes[place] = number
            if more is not None:
                derived.update(more.derived)
                silent += more.silent
                shares += more.shares
            if not merged:
                continue
            for name in merged:
                spoken = merge(self.plan.terms[name], [c for term, c in shares if term == name])
                if isinstance(spoken, Lack):
                    if spoken is not NOTHING:
                        return None
                    silent += (name,)
                value, number = self._settled(name, spoken)
                classes[self.places[name]] = number
                (outputs if name in outputs else derived)[name] = value
        statuses = self.spoken if silent is self.unwritten else self.statuses.get(silent) or self._statuses(silent)
        # the constructor of a named tuple with defaults takes twice as long
        facts = _new(self.facts)
        facts._raw = case
        return _make(Outcome, (facts, outputs, derived, statuses[0], statuses[1], (), firings, (), _NOTHING_COUNTED))

    def _settled(self, name: str, spoken: Spoken) -> tuple[Value, int]:
        """Value and class of a term that has been heard: its default, or absent, where nothing was said."""
        value = self.plan.terms[name].default if isinstance(spoken, Lack) else spoken
        return value, ABSENT if value is None else self.encoders[name].classify(value)

    def _work_out(self, table: Answers, match: Match) -> Answer | None:
        """The answer of a table for some hits, None where the long way is needed."""
        plan = table.plan
        elses = plan.outputs.otherwise
        if match.open and (not elses.issuperset(match.open) or elses.issuperset(match.hits)):
            return None
        hits = match.hits[:1] if table.first else match.hits
        if plan.expressions and any(
            (rule, at) in plan.expressions for rule in hits for at in range(len(plan.table.outputs))
        ):
            return None

        if hits and table.plainly and NOTHING not in (said := plan.spoken[hits[0]]):
            firing = (plan.firings[hits[0]],)
            values = cast("dict[str, Value]", dict(zip(table.plainly, said, strict=True)))
            return Answer(firing, values, (), None, self._whole(firing, values, None))

        def entry(rule: int, column: int) -> Spoken:
            return plan.spoken[rule][column]

        outputs: dict[str, Value] = {}
        derived: dict[str, Value] = {}
        classes: list[tuple[int, int]] = []
        silent: list[str] = []
        shares: list[tuple[str, Contribution]] = []
        first = plan.spoken[hits[0]] if table.first and hits else None
        for at, output in enumerate(plan.table.outputs):
            spoken = plan.outputs.resolve(at, hits, entry) if first is None else first[at]
            if spoken is CLASH:
                return None
            if len(self.plan.writers[output.term]) > 1:
                shares.append((output.term, Contribution(table.number, plan.table.tier, spoken)))
                continue
            if spoken is NOTHING:
                silent.append(output.term)
            value, number = self._settled(output.term, spoken)
            (outputs if output.term in self.outputs else derived)[output.term] = value
            if self.encoders[output.term].partition is not None:
                classes.append((self.places[output.term], number))
        fired = tuple([plan.firings[rule] for rule in (hits if first else plan.outputs.fired(hits, entry))])
        more = More(derived, tuple(silent), tuple(shares)) if derived or silent or shares else None
        answer = Answer(fired, outputs, tuple(classes), more, self._whole(fired, outputs, more))
        if table.first:
            return answer
        if len(self.known) >= KEPT:
            self.known.clear()
        # most sets of hits come to one of a few answers: shared, they stay in the processor's cache
        same = (fired, tuple(outputs.items()), tuple(classes), tuple(derived.items()), tuple(silent), tuple(shares))
        return self.known.setdefault((table.number, same), answer)

    def _whole(
        self, fired: tuple[Firing, ...], outputs: Mapping[str, Value], more: More | None
    ) -> tuple[Any, ...] | None:
        """All of an outcome but its case, where the rulebook has but one table: outcomes share it."""
        if len(self.tables) != 1:
            return None
        silent = self.unwritten + (more.silent if more else ())
        statuses = self.statuses.get(silent) or self._statuses(silent)
        derived = {**self.derived, **(more.derived if more else {})}
        return {**self.outputs, **outputs}, derived, statuses[0], statuses[1], (), fired, (), _NOTHING_COUNTED

    def _statuses(self, silent: tuple[str, ...]) -> tuple[Mapping[str, Status], Status]:
        statuses = {
            term.id: Status.NO_RULE if term.id in silent else Status.DECIDED
            for term in self.plan.rulebook.terms
            if term.id in self.plan.writers or term.id in self.unwritten
        }
        if len(self.statuses) >= KEPT:
            self.statuses.clear()
        found = self.statuses[silent] = (statuses, self.plan.case_status(statuses))
        return found


def _pick(places: list[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the items at some places, or under some keys, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda classes: tuple(classes[place] for place in places)
