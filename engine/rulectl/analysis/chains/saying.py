"""What rules, tables and tiers say of a term, as formulas: the mirror of `runtime/resolve.py` and `runtime/merge.py`.

A `Said` is a value or one of three reasons why there is none: nobody spoke, an expression lacks a fact, or those who
spoke contradict each other. Of a list some item may lack a fact while the others stand (`pending`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, assert_never

from rulectl.analysis.chains.comparing import alike, exclusive
from rulectl.analysis.chains.symbols import Demand, Items, Symbol, Words, free, items_of, one_of
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
    less,
    no,
    pick,
    plus,
)
from rulectl.model.policy import Favours, Gives, Merge, Tier
from rulectl.model.rulebook import Term
from rulectl.types import NUMBER
from rulectl.values import Scalar


@dataclass(frozen=True, slots=True)
class Said:
    """`nothing`, `unknown`, `clash` exclude each other; where none holds, `symbol`'s content is the value."""

    nothing: Truth
    unknown: Truth
    clash: Truth
    symbol: Symbol
    pending: Truth = False

    @property
    def valued(self) -> Truth:
        """It is a value."""
        return both(no(self.nothing), no(self.unknown), no(self.clash))


def silence(term: Term) -> Said:
    """Nobody speaks."""
    return Said(True, False, False, Symbol(term.type, False, _empty(term)))


def _empty(term: Term) -> object:
    return free(term.type, "none", False, lambda _: None, ()).content


def unclear(term: Term, name: str, demand: Demand, options: Sequence[Scalar] | None) -> Said:
    """Anything that could be said at all: what is proved of it holds of what is really said."""
    nothing, unknown, clash = (fresh_truth(f"{name}?{kind}") for kind in ("nothing", "unknown", "clash"))
    demand(at_most_one([nothing, unknown, clash]))
    symbol = free(term.type, name, True, demand, options)
    return Said(nothing, unknown, clash, symbol, fresh_truth(f"{name}?pending") if term.type.many else False)


def chosen(term: Term, name: str, ways: Sequence[tuple[Truth, Said]], demand: Demand) -> Said:
    """Whichever way holds; no two do at once, and where none does nobody speaks."""
    ways = [(guard, said) for guard, said in ways if guard is not False]
    valued = [(both(guard, said.valued), said.symbol) for guard, said in ways]
    return Said(
        no(any_of(both(guard, no(said.nothing)) for guard, said in ways)),
        any_of(both(guard, said.unknown) for guard, said in ways),
        any_of(both(guard, said.clash) for guard, said in ways),
        Symbol(term.type, True, one_of(term.type, name, valued, demand)),
        any_of(both(guard, said.pending) for guard, said in ways),
    )


def first(term: Term, name: str, hits: Sequence[tuple[Truth, Said]], demand: Demand) -> Said:
    """The first that hits, also where its entry is blank."""
    return chosen(term, name, list(zip(exclusive([g for g, _ in hits]), [s for _, s in hits], strict=True)), demand)


def agreed(term: Term, name: str, hits: Sequence[tuple[Truth, Said]], demand: Demand, broken_first: bool) -> Said:
    """The one value of all that speak: two different ones are a clash. `broken_first`: so is a clash among them and a
    difference among known values, whatever else is unknown; without it one that is unknown leaves all unknown."""
    speaks = [both(guard, no(said.nothing)) for guard, said in hits]
    unknown = any_of(both(guard, said.unknown) for guard, said in hits)
    broken = any_of(both(guard, said.clash) for guard, said in hits)
    valued = [(both(guard, said.valued), said.symbol) for guard, said in hits]
    valued = [(guard, symbol) for guard, symbol in valued if guard is not False]
    differing = _differ([(guard, symbol) for guard, symbol in valued], demand)
    clash = either(broken, differing) if broken_first else both(no(unknown), either(broken, differing))
    value = one_of(
        term.type, name, list(zip(exclusive([g for g, _ in valued]), [s for _, s in valued], strict=True)), demand
    )
    pending = any_of(both(guard, said.pending) for guard, said in hits)
    return Said(no(any_of(speaks)), both(unknown, no(clash)), clash, Symbol(term.type, True, value), pending)


def _differ(valued: Sequence[tuple[Truth, Symbol]], demand: Demand) -> Truth:
    """Whether two that hold have different values."""
    found: list[Truth] = []
    for at, (guard, symbol) in enumerate(valued):
        for other_guard, other in valued[:at]:
            equal_ = alike(symbol, other, demand)
            if equal_ is not True:
                found.append(both(guard, other_guard, no(equal_) if equal_ is not None else True))
    return any_of(found)


def joined(term: Term, hits: Sequence[tuple[Truth, Said]], demand: Demand) -> Said:
    """Lists and single values as one list without repeats; entries that lack a fact are items that lack it."""
    broken = any_of(both(guard, said.clash) for guard, said in hits)
    contents = [(both(guard, said.valued), items_of(said.symbol)) for guard, said in hits]
    contents = [(guard, items) for guard, items in contents if guard is not False]
    options = tuple(dict.fromkeys(value for _, items in contents for value in items.options))
    held: dict[Scalar, Truth] = {
        value: any_of(both(guard, items.has(value)) for guard, items in contents) for value in options
    }
    open_ = any(items.open_ for _, items in contents)
    length = count(held.values())
    if term.merge is Merge.ALL:
        length = Fraction(0)
        for guard, items in contents:
            length = plus(length, pick(guard, items.length, Fraction(0)))
    elif open_:
        more = fresh_whole("more")
        demand(at_least(more, Fraction(0)))
        length = plus(length, more)

    def has(value: Scalar) -> Truth:
        if value in held:
            return held[value]
        return any_of(both(guard, items.has(value)) for guard, items in contents)

    pending = any_of(both(guard, either(said.unknown, said.pending)) for guard, said in hits)
    nothing = no(any_of(both(guard, no(said.nothing)) for guard, said in hits))
    return Said(
        nothing,
        False,
        broken,
        Symbol(term.type, True, Items(options, open_, has, length, term.merge is Merge.ALL)),
        pending,
    )


Combining = Literal[Gives.SUM, Gives.LEAST, Gives.GREATEST]


def combined(term: Term, how: Combining, name: str, hits: Sequence[tuple[Truth, Said]], demand: Demand) -> Said:
    """Sum, least or greatest of what was said; unknown when any of it is."""
    nothing = no(any_of(both(guard, no(said.nothing)) for guard, said in hits))
    clash = any_of(both(guard, said.clash) for guard, said in hits)
    unknown = both(no(clash), any_of(both(guard, said.unknown) for guard, said in hits))
    valued = [(both(guard, said.valued), said.symbol.content) for guard, said in hits]
    valued = [(guard, content) for guard, content in valued if guard is not False]
    value: Amount
    match how:
        case Gives.SUM:
            value = Fraction(0)
            for guard, content in valued:
                value = plus(value, pick(guard, content, Fraction(0)))
        case Gives.LEAST:
            value = _extreme(name, valued, demand, lambda content, least: at_least(content, least))
        case Gives.GREATEST:
            value = _extreme(name, valued, demand, lambda content, greatest: at_least(greatest, content))
        case _:
            assert_never(how)
    return Said(nothing, unknown, clash, Symbol(term.type, True, value))


def _extreme(
    name: str, valued: Sequence[tuple[Truth, Amount]], demand: Demand, bounds: Callable[[Amount, Amount], Truth]
) -> Amount:
    """The one of some values that bounds them all."""
    if len(valued) == 1:
        return valued[0][1]
    value = fresh_number(name)
    for guard, content in valued:
        demand(implies(guard, bounds(content, value)))
    some = any_of(guard for guard, _ in valued)
    demand(implies(some, any_of(both(guard, equal(value, content)) for guard, content in valued)))
    return value


def counted(hits: Sequence[Truth]) -> Said:
    """How many rules hit; of none, nobody speaks."""
    return Said(no(any_of(hits)), False, False, Symbol(NUMBER, True, count(hits)))


# -- merging -------------------------------------------------------------------------------------------------------


def merged(term: Term, said: Sequence[tuple[Tier, Said]], demand: Demand) -> Said:
    """What all tables come to, tier by tier (semantics 6)."""
    if len(said) == 1:
        return said[0][1]
    if term.merge in (Merge.COLLECT, Merge.ALL):
        whole = joined(term, [(no(one.nothing), one) for _, one in said], demand)
        items = items_of(whole.symbol)
        if term.merge is Merge.COLLECT and any(items_of(one.symbol).repeats for _, one in said):
            # where one table alone speaks, its list is taken as it is
            length = fresh_whole("length")
            demand(at_least(length, items.length))
            whole = replace(whole, symbol=replace(whole.symbol, content=replace(items, length=length, repeats=True)))
        return whole
    result = silence(term)
    for tier in Tier:
        mine = [one for own, one in said if own is tier]
        if mine:
            result = _lower(term, result, _within(term, mine, demand), demand)
    return result


def by_tier(term: Term, said: Sequence[tuple[Tier, Said]], demand: Demand) -> Iterator[tuple[Tier, Said, Said]]:
    """Each tier below another: what those above it came to, and what it says itself."""
    result: Said | None = None
    for tier in Tier:
        mine = [one for own, one in said if own is tier]
        if mine:
            own = _within(term, mine, demand)
            if result is not None:
                yield tier, result, own
            result = own if result is None else _lower(term, result, own, demand)


def _within(term: Term, said: Sequence[Said], demand: Demand) -> Said:
    """One tier's value."""
    speaking = [(no(one.nothing), one) for one in said]
    name = term.id
    if len(said) == 1:
        return said[0]
    match term.merge:
        case Merge.FIRST:
            return first(term, name, speaking, demand)
        case Merge.SINGLE:
            return agreed(term, name, speaking, demand, broken_first=True)
        case Merge.COLLECT | Merge.ALL:
            return joined(term, speaking, demand)
        case Merge.MIN:
            return combined(term, Gives.LEAST, name, speaking, demand)
        case Merge.MAX:
            return combined(term, Gives.GREATEST, name, speaking, demand)
        case Merge.SUM:
            return combined(term, Gives.SUM, name, speaking, demand)
        case _:
            assert_never(term.merge)


def _lower(term: Term, higher: Said, lower: Said, demand: Demand) -> Said:
    """The value after a lower tier has spoken."""
    if higher.nothing is True:
        return lower
    if term.favours is None:
        return chosen(term, term.id, [(no(higher.nothing), higher), (higher.nothing, lower)], demand)
    speaks = no(lower.nothing)
    open_ = both(no(higher.nothing), no(higher.clash), speaks, either(higher.unknown, no(lower.valued)))
    better = both(higher.valued, lower.valued, kinder(term, lower.symbol, higher.symbol))
    lost = Said(False, no(lower.clash), lower.clash, lower.symbol)
    return chosen(
        term,
        term.id,
        [
            (either(higher.nothing, better), lower),
            (open_, lost),
            (both(no(higher.nothing), no(open_), no(better)), higher),
        ],
        demand,
    )


def kinder(term: Term, one: Symbol, other: Symbol) -> Truth:
    """When a value favours the buyer more than another."""
    if isinstance(one.content, Words) and isinstance(other.content, Words):
        order = term.type.values
        first_, second = one.content, other.content
        later = [any_of(second.is_(text) for text in order[at + 1 :]) for at in range(len(order))]
        return any_of(both(first_.is_(text), later[at]) for at, text in enumerate(order))
    match term.favours:
        case Favours.GREATER:
            return less(other.content, one.content)
        case Favours.LESS | Favours.EARLIER:
            return less(one.content, other.content)
        case _:
            return False
