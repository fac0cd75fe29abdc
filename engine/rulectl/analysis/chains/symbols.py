"""Values that hang on the case: what a term or an expression may be, as formulas over the inputs.

A text is a family of truths, one for each text that it may be compared with; a list likewise, one for each value that
it may hold; numbers, dates and durations are real numbers (dates and times in seconds, durations in seconds). `known`
says whether there is a value at all. Where the language can say more than formulas can carry, a free variable takes the
place of the value: what is proved of every value holds of the right one too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache, partial
from operator import eq
from typing import assert_never

from rulectl.analysis.smt import (
    Amount,
    Truth,
    any_of,
    at_least,
    at_most_one,
    both,
    count,
    either,
    equal,
    fresh_number,
    fresh_truth,
    fresh_whole,
    implies,
    no,
    pick,
    same,
)
from rulectl.lang.dates import moment_of
from rulectl.lang.units import MAX_DAYS
from rulectl.types import Kind, Type
from rulectl.values import CONTEXT, Scalar, Value, plain_text

Demand = Callable[[Truth], None]
"""Takes a fact that must hold of the variables that were made."""

EPOCH = dt.datetime(1, 1, 1)
DAY = Fraction(86400)
LAST_DAY = dt.date.max.toordinal()

LONGEST = DAY * MAX_DAYS

LARGEST = Fraction(10**15)
"""Numbers of a case beyond this are not looked at: below it 34 digits hold every sum of a rulebook exactly."""


@dataclass(slots=True)
class Free:
    """A text that may be any: truths made as they are asked for. `named`: it is this text, `parts`: it has this in it.
    No two texts hold together, and what is in a text that is named is known. `earlier` holds where one of those named
    so far does: a fact for each text in place of one for each two, of which 240 templates made 28,000."""

    name: str
    demand: Demand
    named: dict[str, Truth] = field(default_factory=dict)
    parts: dict[str, Truth] = field(default_factory=dict)
    earlier: Truth = False

    def is_(self, text: str) -> Truth:
        if text not in self.named:
            flag = fresh_truth(f"{self.name}={text}")
            if self.named:
                before, self.earlier = self.earlier, fresh_truth(f"{self.name}=.")
                self.demand(implies(before, self.earlier))
                self.demand(no(both(flag, before)))
                self.demand(implies(flag, self.earlier))
            else:
                self.earlier = flag
            for part, holds in self.parts.items():
                self.demand(implies(flag, same(holds, part in text)))
            self.named[text] = flag
        return self.named[text]

    def part(self, part: str) -> Truth:
        if not part:
            return True
        if part not in self.parts:
            flag = fresh_truth(f"{self.name}~{part}")
            for text, holds in self.named.items():
                self.demand(implies(holds, same(flag, part in text)))
            for other, holds in self.parts.items():
                if part in other:
                    self.demand(implies(holds, flag))
                elif other in part:
                    self.demand(implies(flag, holds))
            self.parts[part] = flag
        return self.parts[part]


@dataclass(frozen=True, slots=True)
class Words:
    """A text: `options` are the texts that it may be, `open_` whether it may be another; `is_` says when it is one, and
    `part` when it has another in it, where that can be said. `free`: an input that may be any text."""

    options: tuple[str, ...]
    open_: bool
    is_: Callable[[str], Truth]
    part: Callable[[str], Truth] | None = None
    free: Free | None = None


@dataclass(frozen=True, slots=True)
class Items:
    """A list without regard to order: `options` are the values that it may hold, `open_` whether it may hold others,
    `has` says when it holds one. `length` is the number of its items, which may be more than what it holds
    where it `repeats` some."""

    options: tuple[Scalar, ...]
    open_: bool
    has: Callable[[Scalar], Truth]
    length: Amount
    repeats: bool = False


Content = Words | Items | Amount | Truth


@dataclass(frozen=True, slots=True)
class Symbol:
    """A value that hangs on the case. `failed`: computing it has no result (a division by zero); then nothing else of
    it counts."""

    type: Type
    known: Truth
    content: Content
    failed: Truth = False

    @property
    def kind(self) -> Kind:
        return self.type.kind

    @property
    def true(self) -> Truth:
        """It is known to be true."""
        return both(self.known, self.content) if self.kind is Kind.BOOLEAN and not self.type.many else False

    @property
    def false(self) -> Truth:
        """It is known to be false."""
        return both(self.known, no(self.content)) if self.kind is Kind.BOOLEAN and not self.type.many else False


def truth_symbol(true: Truth, false: Truth, failed: Truth = False) -> Symbol:
    """A three-valued truth."""
    return Symbol(Type(Kind.BOOLEAN), either(true, false), true, failed)


def seconds(value: dt.date) -> Fraction:
    """A date's midnight, or a moment, in seconds since the first day of the calendar."""
    span = moment_of(value).replace(tzinfo=None) - EPOCH
    return Fraction(span.days * 86400 + span.seconds) + Fraction(span.microseconds, 1_000_000)


def amount(value: Scalar) -> Fraction:
    """A number, moment or duration on the scale of its kind."""
    match value:
        case Decimal():
            return Fraction(value)
        case dt.date():
            return seconds(value)
        case dt.timedelta():
            return Fraction(value // dt.timedelta(microseconds=1), 1_000_000)
        case _:
            raise TypeError(value)


def constant(value: Value, type_: Type | None = None) -> Symbol:
    """A value that does not hang on the case; null has the type given."""
    match value:
        case None:
            return Symbol(type_ or Type(Kind.STRING), False, _nothing(type_ or Type(Kind.STRING)))
        case bool():
            return Symbol(Type(Kind.BOOLEAN), True, value)
        case str():
            return Symbol(Type(Kind.STRING), True, Words((value,), False, partial(eq, value)))
        case Decimal():
            return Symbol(Type(Kind.NUMBER), True, amount(value))
        case dt.datetime():
            return Symbol(Type(Kind.DATETIME), True, amount(value))
        case dt.date():
            return Symbol(Type(Kind.DATE), True, amount(value))
        case dt.timedelta():
            return Symbol(Type(Kind.DURATION), True, amount(value))
        case tuple():
            held = tuple(item for item in value if item is not None and not isinstance(item, tuple))
            kind = constant(held[0]).kind if held else (type_.kind if type_ else Kind.STRING)
            items = Items(
                tuple(dict.fromkeys(held)),
                False,
                held.__contains__,
                Fraction(len(held)),
                len(set(held)) < len(held),
            )
            return Symbol(Type(kind, many=True), True, items)
        case _:
            assert_never(value)


def _nothing(type_: Type) -> Content:
    """Content that nobody looks at."""
    if type_.many:
        return Items((), False, lambda _: False, Fraction(0))
    if type_.kind.textual:
        return Words((), False, lambda _: False)
    return False if type_.kind is Kind.BOOLEAN else Fraction(0)


@dataclass(slots=True)
class Flags:
    """Truths by value, made when they are first asked for."""

    name: str
    made: dict[Scalar, Truth] = field(default_factory=dict)

    def __call__(self, value: Scalar) -> Truth:
        if value not in self.made:
            self.made[value] = fresh_truth(f"{self.name}:{plain_text(value)}")
        return self.made[value]


def free(type_: Type, name: str, known: Truth, demand: Demand, options: Sequence[Scalar] | None = None) -> Symbol:
    """Any value of a type; of `options` alone where these are given."""
    listed: Sequence[Scalar] | None = options if options is not None else (type_.values or None)
    if type_.many:
        return Symbol(type_, known, _free_items(name, demand, listed))
    if type_.kind.textual:
        return Symbol(type_, known, _free_words(name, demand, listed))
    if type_.kind is Kind.BOOLEAN:
        return Symbol(type_, known, fresh_truth(name))
    content = free_amount(type_, name, demand)
    if options is not None:
        demand(implies(known, any_of(equal(content, amount(value)) for value in options)))
    return Symbol(type_, known, content)


def _free_words(name: str, demand: Demand, listed: Sequence[Scalar] | None) -> Words:
    if listed is None:
        text = Free(name, demand)
        return Words((), True, text.is_, text.part, text)
    texts = tuple(text for text in listed if isinstance(text, str))
    flags = {text: fresh_truth(f"{name}={text}") for text in texts}
    demand(any_of(flags.values()))
    demand(at_most_one(list(flags.values())))
    return Words(texts, False, lambda text: flags.get(text, False))


def _free_items(name: str, demand: Demand, listed: Sequence[Scalar] | None) -> Items:
    length = fresh_whole(f"#{name}")
    if listed is None:
        flags = Flags(name)
        demand(at_least(length, Fraction(0)))
        return Items((), True, flags, length, True)
    made = {value: fresh_truth(f"{name}:{plain_text(value)}") for value in listed}
    # an item may stand in a list more than once, but no item at all makes it empty
    demand(at_least(length, count(made.values())))
    demand(implies(no(any_of(made.values())), equal(length, Fraction(0))))
    return Items(tuple(listed), False, lambda value: made.get(value, False), length, True)


def free_amount(type_: Type, name: str, demand: Demand) -> Amount:
    """Any number, moment or duration that a case may give, within the bounds of its type."""
    match type_.kind:
        case Kind.NUMBER:
            value = fresh_number(name)
            low = -LARGEST if type_.low is None else max(-LARGEST, Fraction(type_.low))
            high = LARGEST if type_.high is None else min(LARGEST, Fraction(type_.high))
        case Kind.DATE:
            value = DAY * fresh_whole(name)
            low, high = Fraction(0), DAY * (LAST_DAY - 1)
        case Kind.DATETIME:
            value = fresh_whole(name)
            low, high = Fraction(0), DAY * LAST_DAY - 1
        case _:
            value = fresh_whole(name)
            low, high = -LONGEST, LONGEST
    demand(at_least(value, low))
    demand(at_least(high, value))
    return value


# -- one of several ------------------------------------------------------------------------------------------------


FEW = 12
"""So many constants that an amount may come to are kept apart."""


def one_of(type_: Type, name: str, ways: Sequence[tuple[Truth, Symbol]], demand: Demand) -> Content:
    """The content of whichever way holds; no two of them do at once. Only the content of ways with a value counts."""
    ways = [(guard, symbol) for guard, symbol in ways if guard is not False]
    if len(ways) == 1:
        return ways[0][1].content
    if type_.many:
        contents = [(guard, items_of(symbol)) for guard, symbol in ways]
        options = tuple(dict.fromkeys(value for _, items in contents for value in items.options))
        length: Amount = Fraction(0)
        for guard, items in contents:
            length = pick(guard, items.length, length)
        return Items(
            options,
            any(items.open_ for _, items in contents),
            cache(lambda value: any_of(both(guard, items.has(value)) for guard, items in contents)),
            length,
            any(items.repeats for _, items in contents),
        )
    if type_.kind.textual:
        texts = [(guard, symbol.content) for guard, symbol in ways if isinstance(symbol.content, Words)]
        return Words(
            tuple(dict.fromkeys(text for _, words in texts for text in words.options)),
            any(words.open_ for _, words in texts),
            cache(lambda text: any_of(both(guard, words.is_(text)) for guard, words in texts)),
            cache(lambda part: any_of(both(guard, has_part(words, part)) for guard, words in texts)),
        )
    if type_.kind is Kind.BOOLEAN:
        return any_of(both(guard, symbol.content) for guard, symbol in ways)
    constants = [(guard, symbol.content) for guard, symbol in ways if isinstance(symbol.content, Fraction)]
    if constants and len(constants) == len(ways) and len({amount for _, amount in constants}) <= FEW:
        # as a choice, so that what is multiplied by it stays exact
        picked: Amount = constants[-1][1]
        for guard, amount in reversed(constants[:-1]):
            picked = amount if picked == amount else pick(guard, amount, picked)
        return picked
    value = fresh_number(name)
    for guard, symbol in ways:
        demand(implies(guard, equal(value, symbol.content)))
    return value


def has_part(words: Words, part: str) -> Truth:
    """When a text has another in it; of a text that is computed, anything."""
    if words.part is not None:
        return words.part(part)
    listed = any_of(words.is_(text) for text in words.options if part in text)
    return either(listed, fresh_truth(f"~{part}")) if words.open_ else listed


def items_of(symbol: Symbol) -> Items:
    """A list's items; a single value is a list of one."""
    if isinstance(symbol.content, Items):
        return symbol.content
    if isinstance(symbol.content, Words):
        words = symbol.content
        return Items(
            tuple(words.options), words.open_, lambda v: words.is_(v) if isinstance(v, str) else False, Fraction(1)
        )
    if symbol.kind is Kind.BOOLEAN:
        truth = symbol.content
        return Items((False, True), False, lambda v: same(truth, v) if isinstance(v, bool) else False, Fraction(1))
    number = symbol.content
    if isinstance(number, Fraction):
        own = scalar(number, symbol.kind)
        return Items((own,), False, lambda v: v == own, Fraction(1))
    return Items((), True, lambda v: False if isinstance(v, bool | str) else equal(number, amount(v)), Fraction(1))


def scalar(value: Fraction, kind: Kind) -> Scalar:
    """The value of an ordered kind that an amount stands for; numbers to 34 digits."""
    match kind:
        case Kind.NUMBER:
            return CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))
        case Kind.DATE:
            return (EPOCH + dt.timedelta(days=int(value // DAY))).date()
        case Kind.DATETIME:
            return EPOCH + dt.timedelta(seconds=int(value // 1))
        case _:
            return dt.timedelta(seconds=int(value // 1))
