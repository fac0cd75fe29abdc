"""What an expression or a test comes to, as a formula: the mirror of `lang/evaluate.py`, node by node.

Sums, differences, products with a constant, least, greatest, rounding, dates and three-valued logic are exact. A
product or quotient of two things that both hang on the case, a power, a joined text and the like are a free value
within bounds that are known to hold; `blurred` then names the node, so that a question that fails on it can blame it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import assert_never

from rulectl.analysis.chains.comparing import alike, before, branch
from rulectl.analysis.chains.reckoning import (
    Loose,
    days,
    duration,
    extreme,
    floor,
    moved,
    product,
    quotient,
    rounded,
    share,
)
from rulectl.analysis.chains.symbols import (
    DAY,
    Demand,
    Items,
    Symbol,
    Words,
    constant,
    free,
    has_part,
    items_of,
    truth_symbol,
)
from rulectl.analysis.smt import (
    Amount,
    Truth,
    all_of,
    any_of,
    both,
    either,
    equal,
    fresh_truth,
    less,
    minus,
    no,
    pick,
    plus,
    times,
)
from rulectl.lang.calls import SIGNATURES
from rulectl.lang.syntax import (
    AllOf,
    Any,
    Between,
    Binary,
    Both,
    Call,
    Compare,
    Comparison,
    Contains,
    Either,
    Except,
    Expr,
    Function,
    If,
    Is,
    IsNull,
    Literal,
    Meets,
    Name,
    Negative,
    Node,
    Not,
    OneOf,
    Test,
    Text,
)
from rulectl.lang.syntax import Sequence as Listing
from rulectl.types import DATE, DURATION, NUMBER, STRING, Kind, Type

NULL = Literal(None)

_HAIR = Fraction(1, 10**33)
"""How far, in proportion, a quotient of 34 digits may lie from the exact one."""


@dataclass(slots=True)
class Reader:
    """Reads trees over named symbols. `demand` takes facts on variables that are made; `blurred` collects the nodes
    that a free value stands for, `loose` those values of which more is known."""

    symbol: Callable[[str], Symbol]
    demand: Demand
    blurred: list[Node] = field(default_factory=list)
    loose: list[Loose] = field(default_factory=list)

    # -- expressions ---------------------------------------------------------------------------------------------

    def read(self, expr: Expr) -> Symbol:
        """The value of an expression."""
        match expr:
            case Literal(value):
                return constant(value)
            case Name(id_):
                return self.symbol(id_)
            case Listing(items):
                return self._listing([self.read(item) for item in items])
            case Negative(operand):
                one = self.read(operand)
                if one.type.many or one.kind not in (Kind.NUMBER, Kind.DURATION):
                    return constant(None, one.type)
                return Symbol(one.type, one.known, minus(Fraction(0), one.content), one.failed)
            case Binary():
                return self._binary(expr)
            case Compare(op, left, right):
                return self._compare(op, left, right)
            case Meets(subject, test):
                return self.meets(test, self.read(subject))
            case Both(items):
                return all_three([self.read(item) for item in items])
            case Either(items):
                return any_three([self.read(item) for item in items])
            case Not(operand):
                one = self.read(operand)
                return truth_symbol(one.false, one.true, one.failed)
            case If(condition, then, otherwise):
                asked, one, other = self.read(condition), self.read(then), self.read(otherwise)
                chosen = branch(asked.true, one, other, self.demand)
                decided = either(asked.true, asked.false)
                failed = either(asked.failed, both(asked.true, one.failed), both(asked.false, other.failed))
                return Symbol(chosen.type, both(decided, chosen.known), chosen.content, failed)
            case Call(function, arguments):
                return self._call(expr, function, [self.read(argument) for argument in arguments])
            case Text(parts):
                symbols = [self.read(part) for part in parts]
                known, failed = all_of(s.known for s in symbols), any_of(s.failed for s in symbols)
                return self._blur(expr, STRING, known, failed)
            case _:
                assert_never(expr)

    def _blur(self, node: Node, type_: Type, known: Truth, failed: Truth) -> Symbol:
        """Any value of a type, in place of what formulas cannot carry."""
        self.blurred.append(node)
        return Symbol(type_, known, free(type_, "any", known, self.demand).content, failed)

    def _listing(self, symbols: Sequence[Symbol]) -> Symbol:
        items = [items_of(symbol) for symbol in symbols]
        known, failed = all_of(s.known for s in symbols), any_of(s.failed for s in symbols)
        joined = Items(
            tuple(dict.fromkeys(value for one in items for value in one.options)),
            any(one.open_ for one in items),
            lambda value: any_of(one.has(value) for one in items),
            Fraction(len(symbols)),
            True,
        )
        kind = symbols[0].kind if symbols else Kind.STRING
        return Symbol(Type(kind, many=True), known, joined, failed)

    def _compare(self, op: Comparison, left: Expr, right: Expr) -> Symbol:
        one, other = self.read(left), self.read(right)
        failed = either(one.failed, other.failed)
        if op in ("=", "!=") and NULL in (left, right):
            absent = both(no(one.known), no(other.known))
            true = absent if op == "=" else no(absent)
            return truth_symbol(true, no(true), failed)
        return self._compared(op, one, other, failed)

    def _compared(self, op: Comparison, one: Symbol, other: Symbol, failed: Truth = False) -> Symbol:
        """`one op other`, three-valued."""
        known = both(one.known, other.known)
        if known is False:
            return truth_symbol(False, False, failed)
        match op:
            case "=" | "!=":
                held = alike(one, other, self.demand)
            case "<" | ">=":
                held = before(one, other)
            case _:
                held = before(other, one)
        if held is None:
            return truth_symbol(False, False, failed)
        true = held if op in ("=", "<", ">") else no(held)
        return truth_symbol(both(known, true), both(known, no(true)), failed)

    # -- tests ---------------------------------------------------------------------------------------------------

    def meets(self, test: Test, value: Symbol) -> Symbol:
        """Whether a value meets a test, three-valued."""
        match test:
            case Any():
                return truth_symbol(True, False, value.failed)
            case IsNull():
                return truth_symbol(no(value.known), value.known, value.failed)
            case Is(op, expr):
                return self._is(op, value, self.read(expr))
            case Between(low, high, low_closed, high_closed):
                one, other = self.read(low), self.read(high)
                found = all_three(
                    [
                        self._compared(">=" if low_closed else ">", value, one),
                        self._compared("<=" if high_closed else "<", value, other),
                    ]
                )
                return truth_symbol(found.true, found.false, either(value.failed, one.failed, other.failed))
            case Contains(expr):
                part = self.read(expr)
                known, held = both(value.known, part.known), self._within(value, part)
                return truth_symbol(both(known, held), both(known, no(held)), either(value.failed, part.failed))
            case OneOf(items):
                return _eager(any_three, [self.meets(item, value) for item in items])
            case AllOf(items):
                return _eager(all_three, [self.meets(item, value) for item in items])
            case Except(inner):
                found = self.meets(inner, value)
                return truth_symbol(found.false, found.true, found.failed)
            case _:
                assert_never(test)

    def _is(self, op: Comparison, value: Symbol, other: Symbol) -> Symbol:
        """`op other`; of a list `=` with a single value means that it contains it."""
        failed = either(value.failed, other.failed)
        if value.type.many and not other.type.many:
            if op not in ("=", "!="):
                return truth_symbol(False, False, failed)
            known = both(value.known, other.known)
            held = self._contains(value, other)
            true = held if op == "=" else no(held)
            return truth_symbol(both(known, true), both(known, no(true)), failed)
        return self._compared(op, value, other, failed)

    def _within(self, value: Symbol, part: Symbol) -> Truth:
        """Whether a known text has a known other in it; what a text that hangs on the case is part of is left open."""
        if not isinstance(value.content, Words) or not isinstance(part.content, Words):
            return False
        if part.content.open_:
            self.blurred.append(Literal(None))
            return fresh_truth("within")
        return any_of(both(part.content.is_(text), has_part(value.content, text)) for text in part.content.options)

    def _contains(self, whole: Symbol, item: Symbol) -> Truth:
        """Whether a known list holds a known value."""
        items, one = items_of(whole), items_of(item)
        held = any_of(both(items.has(value), one.has(value)) for value in dict.fromkeys((*items.options, *one.options)))
        if not (items.open_ and one.open_):
            return held
        return either(held, fresh_truth("holds"))

    # -- arithmetic ----------------------------------------------------------------------------------------------

    def _binary(self, expr: Binary) -> Symbol:
        one, other = self.read(expr.left), self.read(expr.right)
        known, failed = both(one.known, other.known), either(one.failed, other.failed)
        kinds = (one.kind, other.kind)
        if one.type.many or other.type.many or known is False:
            return Symbol(one.type, False, one.content, failed)
        left, right = one.content, other.content
        moments = (Kind.DATE, Kind.DATETIME)
        match expr.op:
            case "+" if Kind.STRING in kinds or Kind.ENUM in kinds:
                return self._blur(expr, STRING, known, failed)
            case "+" | "-" if kinds in ((Kind.NUMBER, Kind.NUMBER), (Kind.DURATION, Kind.DURATION)):
                return Symbol(one.type, known, (plus if expr.op == "+" else minus)(left, right), failed)
            case "-" if kinds[0] in moments and kinds[1] in moments:
                return Symbol(DURATION, known, minus(left, right), failed)
            case "+" | "-" if kinds[0] in moments and kinds[1] is Kind.DURATION:
                return moved(one, (plus if expr.op == "+" else minus)(left, right), known, failed, self.demand)
            case "+" if kinds[0] is Kind.DURATION and kinds[1] in moments:
                return moved(other, plus(left, right), known, failed, self.demand)
            case "*" if set(kinds) <= {Kind.NUMBER, Kind.DURATION} and kinds != (Kind.DURATION, Kind.DURATION):
                type_ = one.type if one.kind is Kind.DURATION else other.type
                value = self._sharpened(expr, product(left, right, self.demand))
                if type_.kind is Kind.DURATION:
                    return duration(value, known, failed, self.demand)
                return Symbol(type_, known, value, failed)
            case "/" if kinds[0] in (Kind.NUMBER, Kind.DURATION) and kinds[1] in (Kind.NUMBER, kinds[0]):
                return self._quotient(expr, one, other, known, failed)
            case "**" if kinds == (Kind.NUMBER, Kind.NUMBER):
                return self._blur(expr, NUMBER, known, either(failed, fresh_truth("fails")))
            case _:
                return constant(None, one.type)

    def _sharpened(self, expr: Expr, found: Amount | Loose) -> Amount:
        """The value, noted down where it is loose."""
        if not isinstance(found, Loose):
            return found
        self.blurred.append(expr)
        self.loose.append(found)
        return found.value

    def _quotient(self, expr: Binary, one: Symbol, other: Symbol, known: Truth, failed: Truth) -> Symbol:
        zero = equal(other.content, Fraction(0))
        failed, known = either(failed, both(known, zero)), both(known, no(zero))
        if zero is True:
            return Symbol(one.type, False, one.content, failed)
        found = quotient(one.content, other.content, self.demand)
        value = self._sharpened(expr, found)
        if isinstance(found, Loose):
            for part, whole in _factors(expr.left):
                a, b = self.read(part), self.read(whole)
                if a.kind is Kind.NUMBER and b.kind is Kind.NUMBER:
                    share(a.content, b.content, other.content, value, self.demand)
        if one.kind is Kind.DURATION and other.kind is Kind.NUMBER:
            return duration(value, known, failed, self.demand)
        return Symbol(NUMBER, known, value, failed)

    # -- functions -----------------------------------------------------------------------------------------------

    def _call(self, expr: Call, function: Function, arguments: list[Symbol]) -> Symbol:
        known, failed = all_of(a.known for a in arguments), any_of(a.failed for a in arguments)
        first = arguments[0]
        ordered = all(not a.type.many and a.kind.ordered for a in arguments)
        match function:
            case "min" | "max" if ordered and len({a.kind for a in arguments}) == 1:
                return Symbol(first.type, known, extreme(function, [a.content for a in arguments]), failed)
            case "sum" if ordered and len({a.kind for a in arguments}) == 1:
                total: Amount = Fraction(0)
                for argument in arguments:
                    total = plus(total, argument.content)
                return Symbol(first.type, known, total, failed)
            case "abs" if ordered:
                zero = Fraction(0)
                value = pick(less(first.content, zero), minus(zero, first.content), first.content)
                return Symbol(first.type, known, value, failed)
            case "round" | "floor" | "ceiling" if first.kind is Kind.NUMBER and not first.type.many:
                places = arguments[1].content if len(arguments) > 1 else Fraction(0)
                if not isinstance(places, Fraction) or places.denominator != 1 or abs(places) > 30:
                    return self._blur(expr, NUMBER, known, either(failed, both(known, fresh_truth("fails"))))
                return Symbol(NUMBER, known, rounded(function, first.content, int(places), self.demand), failed)
            case "count" if first.type.many:
                return Symbol(NUMBER, known, items_of(first).length, failed)
            case "contains" if first.type.many and not arguments[1].type.many:
                held = self._contains(first, arguments[1])
                return truth_symbol(both(known, held), both(known, no(held)), failed)
            case "contains":
                held = self._within(first, arguments[1])
                return truth_symbol(both(known, held), both(known, no(held)), failed)
            case "date" if len(arguments) == 1 and first.kind in (Kind.DATE, Kind.DATETIME) and not first.type.many:
                if first.kind is Kind.DATE:
                    return first
                return Symbol(DATE, known, times(DAY, floor(times(1 / DAY, first.content), self.demand)), failed)
            case "date":
                return self._blur(expr, DATE, known, either(failed, both(known, fresh_truth("fails"))))
            case "days" if ordered:
                length = first.content if len(arguments) == 1 else minus(arguments[1].content, first.content)
                return Symbol(NUMBER, known, days(length, self.demand), failed)
            case _:
                # a list's least, working days and the like: some value of the kind, or none
                made, fails = fresh_truth("known"), both(known, fresh_truth("fails"))
                type_ = SIGNATURES[function].gives or first.type.item
                return self._blur(expr, type_, both(known, made, no(fails)), either(failed, fails))


def _factors(expr: Expr) -> Sequence[tuple[Expr, Expr]]:
    """The factors of a product, both ways round."""
    if isinstance(expr, Binary) and expr.op == "*":
        return ((expr.left, expr.right), (expr.right, expr.left))
    return ()


def all_three(items: Sequence[Symbol]) -> Symbol:
    """Kleene's and; what stands behind a false item is never looked at."""
    false = any_of(item.false for item in items)
    return truth_symbol(all_of(item.true for item in items), false, _first_failing(items, [i.false for i in items]))


def any_three(items: Sequence[Symbol]) -> Symbol:
    """Kleene's or; what stands behind a true item is never looked at."""
    true = any_of(item.true for item in items)
    return truth_symbol(true, all_of(item.false for item in items), _first_failing(items, [i.true for i in items]))


def _first_failing(items: Sequence[Symbol], stops: Sequence[Truth]) -> Truth:
    failing = []
    for at, item in enumerate(items):
        if item.failed is not False:
            failing.append(both(item.failed, no(any_of(stops[:at]))))
    return any_of(failing)


def _eager(join: Callable[[Sequence[Symbol]], Symbol], items: Sequence[Symbol]) -> Symbol:
    """Every item is looked at, so that any of them may fail."""
    found = join(items)
    return truth_symbol(found.true, found.false, any_of(item.failed for item in items))
