"""The short way for settled cases: every table's answer looked up by the classes into which the case falls.

Most cases know all that their rules ask for. Then no rule is merely possible, every literal answer of a table depends
on class numbers alone, and deciding is one look-up a table. A term has one partition for all tables, so that a raw
value is turned into a class number once, and values that come again are not even read again. Where anything is
provisional, contradictory, computed or badly written, the short way gives up (None) and the long one is taken; both
must agree (a property test sees to it). What unknown inputs leave open of a table is told from bits, as long as no
other table asks for it (runtime/doubting.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, cast

from rulectl.lang.region import ABSENT
from rulectl.lang.syntax import Name
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role, Status
from rulectl.model.rulebook import Term
from rulectl.runtime.answers import KEPT, Answer, Answers, More, Said
from rulectl.runtime.coding import NO_FIELD
from rulectl.runtime.doubting import Doubted
from rulectl.runtime.encoder import Encoder, ListEncoder
from rulectl.runtime.given import Facts
from rulectl.runtime.index import Match
from rulectl.runtime.lowering import NONE
from rulectl.runtime.memo import Asked, Memo
from rulectl.runtime.merge import Contribution, merge
from rulectl.runtime.plan import Plan
from rulectl.runtime.resolve import CLASH, NOTHING, Lack, Spoken
from rulectl.runtime.tally import Tally
from rulectl.runtime.turns import step_of, turns_of
from rulectl.runtime.written import Shape, StepShape, Unsettled, bounds_named, named, placed_named, written
from rulectl.values import Value

KEPT_LAYOUTS: Final = 500
"""How many sets of keys are remembered; a program that decides cases has few."""


_NOTHING_COUNTED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})

Take = Callable[[Mapping[str, Any]], tuple[Any, ...]]

Layout = tuple[int, Take]
"""How cases with the same keys are read: how many keys, and what takes the values of all inputs, in the order of the
rulebook's shape (runtime/written.py), from a case. KeyError where a key is not there."""


_MARKS: Final = {Status.DECIDED: 0, Status.NO_RULE: 1, Status.PROVISIONAL: 2, Status.UNDETERMINED: 3}
"""The status of a term as two bits; the marks of all terms stand side by side."""


@dataclass(slots=True)
class Further:
    """What answers say beside outputs of their own, put together: see `More`. `merged` are terms of several tables, and
    `code` those that were merged last."""

    derived: dict[str, Value] = field(default_factory=dict)
    marks: int = 0
    shares: tuple[tuple[str, Contribution], ...] = ()
    urgent: int = 0
    total: int = 0
    open: int = 0
    behind: dict[str, frozenset[str]] = field(default_factory=dict)
    merged: dict[str, Value] = field(default_factory=dict)
    code: int = 0


def _noted(further: Further | None, more: More) -> Further:
    """With what one more answer says."""
    if further is None:
        further = Further()
    derived, marks, shares, urgent, total, open_, behind = more
    if derived:
        further.derived.update(derived)
    further.marks |= marks
    if shares:
        further.shares += shares
    further.urgent += urgent
    further.total += total
    if open_:
        further.open |= open_
        further.behind.update(behind)
    return further


class Quick:
    """Decides settled cases of a rulebook; `usable` is False where no table could ever be settled this way."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.encoders: dict[str, Encoder] = {}
        self.layouts: Asked[tuple[str, ...], Layout | None] = Asked(KEPT_LAYOUTS, self._layout)
        self.last: Layout | None = None
        self.statuses: Asked[int, tuple[Mapping[str, Status], Status]] = Asked(KEPT, self._statuses)
        self.known: Memo[tuple[int, tuple[Any, ...]], Said] = Memo(KEPT)
        self.usable = not any(plan.cyclic) and all(
            type(c.subject) is Name and c.classes is not None and c.subject.id in plan.terms
            for table in plan.tables
            for c in table.lowered.columns
        )
        if self.usable:
            self._prepare()

    def _prepare(self) -> None:
        plan = self.plan
        given = [t for t in plan.rulebook.terms if t.role is Role.INPUT and t.id not in plan.writers]
        needed = {t.id for t in given if t.required and t.default is None}
        for term in plan.rulebook.terms:
            partition, field = plan.coding.partitions.get(term.id), plan.coding.fields.get(term.id, NO_FIELD)
            kind = ListEncoder if term.type.many else Encoder
            self.encoders[term.id] = kind(term, partition, field, term.id in needed)
        self.inputs = {heading: t for t in given for heading in (t.name, t.id, *t.aliases)}
        self.outputs: dict[str, Value] = {t.id: t.default for t in plan.outputs}
        of = self._work_out, self._of_rule, self._in_doubt
        self.tables = [Answers(n, plan, *of) for n in range(len(plan.tables))]
        self.required = frozenset(t.id for t in plan.outputs if t.required)
        for answers in self.tables:
            names = tuple(output.term for output in answers.plan.table.outputs)
            if answers.first and all(
                name in self.outputs and len(plan.writers[name]) == 1 and self.encoders[name].partition is None
                for name in names
            ):
                answers.plainly = names
        self.complete = len(self.tables) == 1 and self.tables[0].plainly == tuple(self.outputs)
        left = {t.id: t.default for t in plan.unspoken if t.role is Role.DERIVED}
        self.derived: Mapping[str, Value] = MappingProxyType({**{t.id: None for t in plan.derived}, **left})
        unwritten = {t.id for t in plan.unspoken}
        judged = [t.id for t in plan.rulebook.terms if t.id in plan.writers or t.id in unwritten]
        self.places = {name: 2 * at for at, name in enumerate(judged)}
        self.unwritten = sum([self._mark(name, Status.NO_RULE) for name in unwritten])
        self.spoken = self.statuses[self.unwritten]
        self.tally = Tally(plan)
        self._write({t.id: t for t in given})

    def _write(self, given: Mapping[str, Term]) -> None:
        """The function that settles cases, and the order in which it takes the values of what cases give."""
        turns = turns_of(self.plan, self.tables, self.encoders, frozenset(given))
        compared = {c.encoder.term.id for turn in turns if turn.cells is not None for c in turn.cells.raw}
        by_class = {name for turn in turns if turn.cells is None for name in turn.reads}
        kinds: tuple[list[Encoder], ...] = ([], [], [], [])
        for name in given:
            encoder = self.encoders[name]
            free = name in compared and name not in by_class
            kinds[3 if encoder.plain else 0 if not encoder.exact else 2 if free else 1].append(encoder)
        coded, placed, free_, texts = kinds
        self.order = (*coded, *placed, *free_, *texts)
        places = {encoder.term.id: at for at, encoder in enumerate(self.order)}
        parts: dict[str, object] = {
            **dict(named("e", coded)),
            **dict(placed_named(len(coded), placed)),
            **dict(bounds_named(len(coded), (*placed, *free_))),
            "base": self._base(given),
            "Facts": Facts.about([(term, places[name]) for name, term in given.items()]),
            "outputs_": self.outputs,
            "derived": self.derived,
            "statuses": self.spoken[0],
            "status": self.spoken[1],
            "counted": _NOTHING_COUNTED,
            "noted": _noted,
            "together": self._together,
        }
        # the bits that codes have before any table has run
        known = self._base(given) | sum(encoder.field.mask for encoder in (*coded, *placed))
        alone = len(self.tables) == 1
        steps: list[StepShape] = []
        for at, turn in enumerate(turns):
            step, own = step_of(at, turn, places, known if alone else None, self._merged)
            steps.append(step)
            parts |= own
        needed = tuple(places[encoder.term.id] for encoder in texts if encoder.needed)
        shape = Shape(len(coded), len(placed), len(free_), len(texts), needed, tuple(steps), alone)
        self.settle = written(shape, parts)

    def _base(self, given: Mapping[str, Term]) -> int:
        """The codes of terms that are neither given nor written."""
        gone = {t.id for t in self.plan.unspoken if t.default is None}
        codes = 0
        for name, encoder in self.encoders.items():
            if encoder.partition is not None and name not in given and name not in self.plan.writers:
                codes += ABSENT << encoder.field.shift if name in gone else encoder.code(encoder.term.default)
        return codes

    def _layout(self, keys: tuple[str, ...]) -> Layout | None:
        """The layout for some keys; None where one of them is unknown, given twice, or a required one is missing."""
        names = {self.inputs[key].id: key for key in keys if key in self.inputs}
        if len(names) < len(keys) or any(e.needed and e.term.id not in names for e in self.order):
            return None
        if len(names) == len(self.order):
            return len(keys), _pick([names[encoder.term.id] for encoder in self.order])
        there = [encoder for encoder in self.order if encoder.term.id in names]
        get = _pick([names[encoder.term.id] for encoder in there])
        places = {encoder.term.id: at for at, encoder in enumerate(there)}
        # what is not there is null, or a blank text
        lacks = [len(there) + encoder.plain for encoder in self.order]
        arrange = _pick([places.get(e.term.id, lack) for e, lack in zip(self.order, lacks, strict=True)])
        return len(keys), lambda case: arrange((*get(case), None, ""))

    def _turn_to(self, case: Mapping[str, Any]) -> Layout | None:
        """Another layout than that of the case before."""
        found = self.layouts[tuple(case)]
        if found is not None:
            self.last = found
        return found

    def decide(self, case: Mapping[str, Any]) -> Outcome | Unsettled | None:
        """The outcome of a settled case given as it comes, by name, id or alias; else why it takes the long way."""
        layout = self.last
        # as many keys, and all of them there: the same keys. A mapping of another class may make up what it lacks
        if layout is None or case.__class__ is not dict or len(case) != layout[0]:
            layout = self._turn_to(case)
            if layout is None:
                return None
        try:
            values = layout[1](case)
        except KeyError:
            layout = self._turn_to(case)
            if layout is None:
                return None
            values = layout[1](case)
        settle = self.settle  # looked up and called in one expression, it takes three times as long
        return settle(values)

    def _merged(self, names: tuple[str, ...], further: Further | None) -> Further | None:
        """With the terms that several tables write and that all of them have spoken of now; None where they clash."""
        further = further or Further()
        further.code = 0
        for name in names:
            spoken = merge(self.plan.terms[name], [c for term, c in further.shares if term == name])
            if isinstance(spoken, Lack):
                if spoken is not NOTHING:
                    return None
                further.marks |= self._mark(name, Status.NO_RULE)
            further.merged[name], code = self._settled(name, spoken)
            further.code += code
        return further

    def _together(
        self, facts: Facts, outputs: dict[str, Value], firings: tuple[Firing, ...], further: Further
    ) -> Outcome:
        """The outcome of several tables of which not all say outputs of their own and nothing else."""
        derived = {**self.derived, **further.derived}
        for name, value in further.merged.items():
            (outputs if name in outputs else derived)[name] = value
        statuses, status = self.statuses[self.unwritten | further.marks]
        asks = self.tally.inorder[further.urgent, further.total] if further.total else ()
        return Outcome(facts, outputs, derived, statuses, status, asks, firings, (), _NOTHING_COUNTED)

    def _settled(self, name: str, spoken: Spoken) -> tuple[Value, int]:
        """Value and code of a term that has been heard: its default, or absent, where nothing was said."""
        value = self.plan.terms[name].default if isinstance(spoken, Lack) else spoken
        encoder = self.encoders[name]
        if value is None and encoder.partition is not None:
            return value, ABSENT << encoder.field.shift
        return value, encoder.code(value)

    def _of_rule(self, table: Answers, rule: int) -> Said | None:
        """The answer of a table where one rule decides; most say a plain value of every output, and no more."""
        if not table.plainly or rule == NONE:
            return self._work_out(table, Match((rule,) if rule != NONE else (), ()))
        plan = table.plan
        said = plan.spoken[rule]
        for spoken in said:
            if spoken is NOTHING:
                return self._work_out(table, Match((rule,), ()))
        fired = (plan.firings[rule],)
        values = cast("dict[str, Value]", dict(zip(table.plainly, said)))  # noqa: B905 - as many, and asked often
        return self._whole(fired, values, None) or Answer(fired, values, 0, None)

    def _in_doubt(self, table: Answers, settled: Said, doubts: Sequence[Doubted]) -> Said | None:
        """The answer of a table of which some terms are in doubt; None where other tables add to one of these."""
        if any(len(self.plan.writers[doubt.term]) > 1 for doubt in doubts):
            return None
        if len(self.tables) == 1:
            return self._alone(settled, doubts)
        waits = [(doubt.term, self.tally.packed(doubt.waits)) for doubt in doubts if doubt.term in self.outputs]
        total = sum([count for _, count in waits])
        urgent = sum([count for name, count in waits if name in self.required])
        fired, outputs, code, more = settled
        derived, marks, shares = more[:3] if more is not None else ({}, 0, ())
        open_, behind = 0, []
        for term, status, counts in doubts:
            marks |= self._mark(term, status)
            encoder = self.encoders[term]
            if encoder.partition is None:
                continue
            open_ |= encoder.field.mask
            behind.append((term, frozenset([name for name, _ in counts])))
            if status is Status.UNDETERMINED and encoder.term.default is None:
                # not null for certain, as what no rule may come to say
                code -= ABSENT << encoder.field.shift
        return Answer(fired, outputs, code, More(derived, marks, shares, urgent, total, open_, tuple(behind)))

    def _alone(self, settled: Said, doubts: Sequence[Doubted]) -> Said:
        """The same of a rulebook's only table."""
        known = {**settled[2], **{doubt.term: doubt.status for doubt in doubts}}
        statuses, status = self.statuses[sum([self._mark(*one) for one in known.items()])]
        urgent: dict[str, int] = {}
        total: dict[str, int] = {}
        for term, _, waits in doubts:
            for name, count in waits if term in self.outputs else ():
                total[name] = total.get(name, 0) + count
                if term in self.required:
                    urgent[name] = urgent.get(name, 0) + count
        return (*settled[:2], statuses, status, self.tally.order(urgent, total), *settled[5:])

    def _work_out(self, table: Answers, match: Match) -> Said | None:
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

        def entry(rule: int, column: int) -> Spoken:
            return plan.spoken[rule][column]

        outputs: dict[str, Value] = {}
        derived: dict[str, Value] = {}
        codes = 0
        marks = 0
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
                marks |= self._mark(output.term, Status.NO_RULE)
            value, code = self._settled(output.term, spoken)
            (outputs if output.term in self.outputs else derived)[output.term] = value
            codes += code
        fired = tuple([plan.firings[rule] for rule in (hits if first else plan.outputs.fired(hits, entry))])
        more = More(derived, marks, tuple(shares)) if derived or marks or shares else None
        answer = self._whole(fired, outputs, more) or Answer(fired, outputs, codes, more)
        if table.first:
            return answer
        # most sets of hits come to one of a few answers: shared, they stay in the processor's cache
        same = (fired, tuple(outputs.items()), codes, tuple(derived.items()), marks, tuple(shares))
        return self.known.get((table.number, same)) or self.known.keep((table.number, same), answer)

    def _whole(self, fired: tuple[Firing, ...], outputs: Mapping[str, Value], more: More | None) -> Said | None:
        """All of an outcome but its case, where the rulebook has but one table: outcomes share it, so that nobody may
        change it."""
        if len(self.tables) != 1:
            return None
        every = MappingProxyType(outputs if self.complete else {**self.outputs, **outputs})
        if more is None:
            return every, self.derived, self.spoken[0], self.spoken[1], (), fired, (), _NOTHING_COUNTED
        statuses = self.statuses[self.unwritten | more.marks]
        derived = MappingProxyType({**self.derived, **more.derived})
        return every, derived, statuses[0], statuses[1], (), fired, (), _NOTHING_COUNTED

    def _mark(self, name: str, status: Status) -> int:
        """The status of a term among the marks of all."""
        return _MARKS[status] << self.places[name]

    def _statuses(self, marks: int) -> tuple[Mapping[str, Status], Status]:
        every = list(_MARKS)
        statuses = {name: every[marks >> place & 3] for name, place in self.places.items()}
        return MappingProxyType(statuses), self.plan.case_status(statuses)


def _pick(places: list[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the items at some places, or under some keys, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda items: tuple([items[place] for place in places])
