"""From a question about all cases to a proof, or to the smallest case that the engine itself says shows it.

The solver is asked first whether the thing can be at all; where it cannot, that is a proof, since every free value in
the formulas stands for more than what can really be. Where it can, cases are read off its models, those with the fewest
fields and round numbers first, and each is decided by the one-case engine: only a case on which the engine shows it
counts. Fields are then taken away and values made plainer as long as it still does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.chains.comparing import alike
from rulectl.analysis.chains.plain import OTHERS, plainer
from rulectl.analysis.chains.symbols import Items, Symbol, Words, constant, scalar
from rulectl.analysis.chains.trying import tries
from rulectl.analysis.chains.world import World
from rulectl.analysis.smt import Amount, Answer, Model, Solver, Truth, at_least, at_most, both, is_whole, no, times
from rulectl.analysis.wording import any_value
from rulectl.model.outcome import Outcome
from rulectl.model.rulebook import Term
from rulectl.runtime.engine import Engine
from rulectl.source import Cell, CellRange
from rulectl.types import Kind, fits
from rulectl.values import Scalar, Value

Case = dict[str, Value]
Shows = Callable[["Shown"], bool]
"""Whether what the engine said of a case is what is looked for."""

TRIES = 6
"""How many models are tried at each size before the size is let go."""

NEAT = 1.0
"""Seconds for each attempt at a smaller case; that there is one is known by then."""

MOST_ITEMS = 50
"""How often an item is put into a list again to make it as long as a model has it."""

_CHOICES = 48
"""Where a case has so few choices between allowed values, all are tried."""


@dataclass(frozen=True, slots=True)
class Never:
    """It cannot be, in any case."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A case on which the engine shows it, and what the engine said of the case."""

    case: Case
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Open:
    """It may be or not: the key of the note that says why, and the cell to blame where there is one."""

    reason: str
    cell: Cell | CellRange | None = None


Found = Never | Shown | Open

_REASONS = {
    Answer.TIME: "note-out-of-time",
    Answer.MEMORY: "note-out-of-memory",
    Answer.HARD: "note-too-hard",
}


@dataclass(slots=True)
class Search:
    """Looks for cases of one question. `owner` is the question's name among the formulas' owners; its slice says which
    inputs matter. `about` are tables that the question is about beside those of the slice."""

    world: World
    engine: Engine
    owner: str
    budget: Budget
    about: tuple[int, ...] = ()
    _tried: Engine | None = None

    def find(self, wanted: Truth, shows: Shows, *, least: bool = True) -> Found:
        """A case in which something holds; `shows` is what it means at run time. `least`: the one with the fewest
        fields is worth looking for; without it fields are taken away only as long as the engine shows it."""
        solver = self.world.solver(self.owner)
        answer, model = solver.can(wanted, seconds=self._seconds())
        if answer is Answer.NO:
            return Never()
        if model is None:
            return self._beside_tests(shows) or self._open(answer)
        for engine in self._engines():
            self._tried = engine
            found = self._smallest(solver, wanted, shows) if least else None
            found = found or self._verified(model, shows) or self._complete(solver, wanted, shows)
            whole = self._whole(self._plainer(found, shows), shows) if found is not None else None
            if whole is not None:
                return whole
        return self._beside_tests(shows) or self._doubtful()

    def any(self, wanted: Truth, shows: Shows) -> Found:
        """The first case that comes, whatever its size."""
        solver = self.world.solver(self.owner)
        self._tried = self.engine
        blocked: list[Truth] = []
        for _ in range(TRIES):
            answer, model = solver.can(wanted, *blocked, seconds=self._seconds())
            if answer is Answer.NO and not blocked:
                return Never()
            if model is None:
                return self._open(answer) if not blocked else self._doubtful()
            found = self._verified(model, shows) or (None if blocked else self._complete(solver, wanted, shows))
            if found is not None:
                return found
            blocked.append(no(both(*_same_again(model, list(self._inputs())))))
        return self._doubtful()

    def _beside_tests(self, shows: Shows) -> Shown | None:
        """A case among the workbook's own tests or beside them, where the formulas lead to none. Cases that differ only
        in what the question does not hang on are alike, and the part of the rulebook that it hangs on tells."""
        part, whole = self.world.part(self.engine, self.owner, self.about), self.engine
        hangs_on = [term for term, _ in self._inputs()]
        read = {term.id for term in hangs_on}.union(*(table.reads for table in part.plan.tables))
        seen: set[frozenset[tuple[str, Value]]] = set()
        for case in tries(whole.rulebook, self.world.inputs, hangs_on):
            if not self.budget.left:
                return None
            own = frozenset(item for item in case.items() if item[0] in read)
            if own in seen:
                continue
            seen.add(own)
            self._tried = part
            if self._shown(case, shows) is None:
                continue
            self._tried = whole
            found = self._shown(case, shows)
            if found is not None:
                return self._plainer(found, shows)
        return None

    def _engines(self) -> Iterator[Engine]:
        """What decides the cases that are tried: the part of the rulebook that matters, then the whole."""
        yield from dict.fromkeys((self.world.part(self.engine, self.owner, self.about), self.engine))

    def _whole(self, found: Shown, shows: Shows) -> Shown | None:
        """What the whole rulebook says of a case that a part of it shows."""
        whole = Shown(found.case, self.engine.decide(found.case))
        return whole if shows(whole) else None

    def _doubtful(self) -> Open:
        """There may be such a case, but none was found that the engine bears out."""
        cell = self.world.blame(self.owner)
        return Open("note-over-free" if cell is not None else "note-not-shown", cell)

    def _open(self, answer: Answer) -> Open:
        return Open(_REASONS[answer], self.world.blame(self.owner))

    def _seconds(self, part: float = 0.8) -> float:
        return self.budget.left * part

    # -- models, the smallest first -------------------------------------------------------------------------------

    def _inputs(self) -> Iterator[tuple[Term, Symbol]]:
        """The inputs on which the question hangs."""
        here = {owner.removeprefix("term ") for owner in self.world.slice(self.owner) if owner.startswith("term ")}
        for id_, term in self.world.inputs.items():
            if id_ in here:
                yield term, self.world.symbol(id_)

    def _smallest(self, solver: Solver, wanted: Truth, shows: Shows) -> Shown | None:
        """A case with the fewest fields beside the required ones."""
        inputs = list(self._inputs())
        given = [_given(term, symbol) for term, symbol in inputs if not term.required]
        numbers = [symbol.content for _, symbol in inputs if symbol.kind is Kind.NUMBER and not symbol.type.many]
        tidy = self._tidy(numbers)
        size = 0
        while size <= len(given):
            few = at_most(given, size)
            blocked: list[Truth] = []
            for _ in range(TRIES):
                model = self._model(solver, wanted, few, *blocked)
                if model is None:
                    break
                # there is one of this size; one with round numbers reads better, and may be borne out where it is not
                for more in tidy:
                    better = self._model(solver, wanted, few, more, *blocked)
                    found = self._verified(better, shows) if better is not None else None
                    if found is not None:
                        return found
                found = self._verified(model, shows)
                if found is not None:
                    return found
                blocked.append(no(both(*_same_again(model, inputs))))
            size += 1 if size < 6 else max(2, size // 3)
        return None

    def _complete(self, solver: Solver, wanted: Truth, shows: Shows) -> Shown | None:
        """A case in which everything is known. What is left open may still change what comes out, which formulas carry
        between two bounds only (design note 0015); where nothing is, the engine says the same as they do."""
        inputs = list(self._inputs())
        full = both(*(symbol.known for _, symbol in inputs))
        numbers = [symbol.content for _, symbol in inputs if symbol.kind is Kind.NUMBER and not symbol.type.many]
        blocked: list[Truth] = []
        for _ in range(TRIES):
            model = None
            for more in (*self._tidy(numbers), True):
                model = self._model(solver, wanted, full, more, *blocked)
                found = self._verified(model, shows) if model is not None else None
                if found is not None:
                    return found
            if model is None:
                return None
            blocked.append(no(both(*_same_again(model, inputs))))
        return None

    def _tidy(self, numbers: Sequence[Amount]) -> Sequence[Truth]:
        """What makes a case plainer, or its arithmetic certain, the best first."""
        neat = [both(*(is_whole(times(Fraction(scale), n)) for n in numbers)) for scale in (1, 100, 1000)]
        loose = list(self.world.bounded(self.owner))
        if not loose:
            return neat if numbers else ()
        sharp = both(*(one.sharp for one in loose))
        law = both(*(one.law for one in loose))
        return (*(both(sharp, one) for one in neat), sharp, law)

    def _model(self, solver: Solver, *wanted: Truth) -> Model | None:
        """A way in which all of it holds, if one is found soon."""
        return solver.can(*wanted, seconds=min(NEAT, self._seconds(0.25)))[1]

    def _verified(self, model: Model, shows: Shows) -> Shown | None:
        """The case of a model, if the engine shows it; texts that nobody named may be alike or differ."""
        for apart in (False, True):
            case = self._case(model, apart)
            found = self._shown(case, shows)
            if found is not None:
                return found
        return None

    def _shown(self, case: Case, shows: Shows) -> Shown | None:
        found = Shown(case, (self._tried or self.engine).decide(case))
        return found if shows(found) else None

    def _case(self, model: Model, apart: bool) -> Case:
        case: Case = {}
        others = iter(OTHERS * 100)
        for term, symbol in self._inputs():
            if not model.truth(symbol.known):
                continue
            value = _value(model, symbol, next(others) if apart else OTHERS[0])
            if value is not None and fits(value, term.type) and value != term.default:
                case[term.id] = value
        for term in self.world.inputs.values():
            if term.required and term.default is None and term.id not in case:
                case[term.id] = any_value(term.type)
        order = {id_: at for at, id_ in enumerate(self.world.inputs)}
        return dict(sorted(case.items(), key=lambda item: order[item[0]]))

    # -- fewer fields, plainer values -----------------------------------------------------------------------------

    def _plainer(self, found: Shown, shows: Shows) -> Shown:
        """The same with every field that does not matter left out and every value as plain as it can be."""
        try:
            for id_ in reversed(list(found.case)):
                self.budget.check()
                term = self.world.inputs[id_]
                if term.required and term.default is None:
                    continue
                less = {name: value for name, value in found.case.items() if name != id_}
                found = self._shown(less, shows) or found
            found = self._first(found, shows)
            # what one value may be hangs on the others, so that a second round may find plainer ones
            for id_ in (*found.case, *found.case):
                for value in plainer(self.world.inputs[id_], found.case[id_], self.world.numbers):
                    self.budget.check()
                    better = self._shown({**found.case, id_: value}, shows)
                    if better is not None:
                        found = better
                        break
        except OutOfTime:
            return found  # it shows what it should; it is not as small as it could be
        return found

    def _first(self, found: Shown, shows: Shows) -> Shown:
        """Where few choices are left, the first by the order of the vocabulary, so that what is shown does not hang on
        what the solver came upon."""
        ways: list[tuple[Value, ...]] = []
        for id_, value in found.case.items():
            listed = self.world.inputs[id_].type.values if isinstance(value, str) else ()
            ways.append((False, True) if isinstance(value, bool) else listed or (value,))
        if math.prod(map(len, ways)) <= _CHOICES:
            for values in itertools.product(*ways):
                self.budget.check()
                first = self._shown(dict(zip(found.case, values, strict=True)), shows)
                if first is not None:
                    return first
        return found


def _given(term: Term, symbol: Symbol) -> Truth:
    """Whether a field is filled in: it is known, or says something else than its default."""
    if term.default is None:
        return symbol.known
    default = alike(symbol, constant(term.default, term.type), lambda _: None)
    return True if default is None else no(default)


def _same_again(model: Model, inputs: Sequence[tuple[Term, Symbol]]) -> Iterator[Truth]:
    """That the inputs are as they are in a model, as far as texts, truths and what is known go."""
    for _, symbol in inputs:
        known = model.truth(symbol.known)
        yield symbol.known if known else no(symbol.known)
        if not known:
            continue
        content = symbol.content
        if isinstance(content, Words):
            named = [content.is_(text) for text in _texts(content)]
            yield from (flag if model.truth(flag) else no(flag) for flag in named)
        elif isinstance(content, Items):
            flags = [content.has(value) for value in _held(content)]
            yield from (flag if model.truth(flag) else no(flag) for flag in flags)
        elif symbol.kind is Kind.BOOLEAN:
            yield content if model.truth(content) else no(content)
        else:
            # numbers near by are likely to show the same; ask for others
            at = model.number(content)
            yield both(at_least(content, at - 1), at_least(at + 1, content))


def _texts(words: Words) -> Sequence[str]:
    """The texts that something names."""
    return words.options if words.free is None else tuple(words.free.named)


def _held(items: Items) -> Sequence[Scalar]:
    made = getattr(items.has, "made", None)
    return items.options or (tuple(made) if made else ())


def _value(model: Model, symbol: Symbol, other: str) -> Value:
    """The value of an input in a model."""
    content = symbol.content
    if isinstance(content, Words):
        texts = _texts(content)
        parts = content.free.parts if content.free is not None else {}
        made = "·".join(part for part, holds in parts.items() if model.truth(holds))
        unnamed = next((text for text in (made, other, *OTHERS) if text and text not in texts), "".join(texts))
        return next((text for text in texts if model.truth(content.is_(text))), unnamed)
    if isinstance(content, Items):
        held = tuple(value for value in _held(content) if model.truth(content.has(value)))
        more = int(model.number(content.length)) - len(held)
        if more > 0 and symbol.kind.textual and content.open_:
            return (*held, other)
        return (*held, *held[:1] * min(more, MOST_ITEMS))
    if symbol.kind is Kind.BOOLEAN:
        return model.truth(content)
    return scalar(model.number(content), symbol.kind)
