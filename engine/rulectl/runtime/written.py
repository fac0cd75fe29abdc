"""The short way of one rulebook, written out as one Python function instead of run through in loops.

A case is decided in some two microseconds, and of a loop over columns and tables more than half is the loop itself. So
its body is written once for each rulebook, as the standard library does for named tuples and dataclasses. What is
written is numbered names and nothing else: how many values, tables and columns there are. Every constant, text and
object comes in under such a name, no text of a workbook ever stands in the program, and the program sees no builtins.
(Partial evaluation of an interpreter: Futamura, "Partial evaluation of computation process", 1971.)
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Final, NamedTuple, cast

from rulectl.cases.placeholders import DASHES, NOTHING
from rulectl.lang.literals import MAX_TEXT
from rulectl.model.outcome import Outcome
from rulectl.runtime.encoder import WRAPPED, Encoder, Unreadable

FEW_TABLES: Final = 8

KEPT_PROGRAMS: Final = 64
"""Rulebooks of the same shape have the same program."""

Unsettled = tuple[()]

UNSETTLED: Final[Unsettled] = ()
"""In place of the outcome of a case that was read, and that some table does not settle."""

Settle = Callable[[tuple[Any, ...]], Outcome | Unsettled | None]
"""The outcome of a case, of which the values come in the order of the shape, where the short way settles it; None where
it must be read first."""


class StepShape(NamedTuple):
    """A table's turn. `compared`: the values that its cells compare as they are, None where its answers are remembered
    by codes alone; `boxed`: how many columns of codes its boxes have; `stretched`: whether its cells are stretches of
    numbers, not boxes; `writes`: whether it adds codes that later tables read; `reads`: whether it reads what earlier
    ones write; `shares`: whether terms are merged after it; `whole`: whether its cells hang on all of the codes."""

    compared: tuple[int, ...] | None
    boxed: int
    stretched: bool
    writes: bool
    reads: bool
    shares: bool
    whole: bool = False


class Shape(NamedTuple):
    """All that the program depends on. The values are first those that encoders turn into codes, then numbers that are
    placed among end points, then numbers that only cells compare, then texts that no test reads; `needed` are those of
    the texts that must not be blank. `alone`: the one step is that of the one table."""

    coded: int
    placed: int
    free: int
    texts: int
    needed: tuple[int, ...]
    steps: tuple[StepShape, ...]
    alone: bool


def written(shape: Shape, parts: Mapping[str, object]) -> Settle:
    """The function for a rulebook. `parts` are the objects by the names under which the program knows them."""
    names = {"__builtins__": {}, **_COMMON, **parts}
    exec(_compiled(shape), names)  # noqa: S102 - numbered names of this module only, see above
    return cast("Settle", names["settle"])


def named(kind: str, items: Sequence[object]) -> Iterator[tuple[str, object]]:
    """Objects under numbered names."""
    return ((f"{kind}{number}", item) for number, item in enumerate(items))


def placed_named(first: int, encoders: Sequence[Encoder]) -> Iterator[tuple[str, object]]:
    """What places the plain numbers of some terms, whose values start at `first`."""
    for at, encoder in enumerate(encoders, first):
        yield f"e{at}", encoder
        yield f"whole{at}", encoder.whole
        yield f"codes{at}", encoder.codes
        yield f"edges{at}", encoder.edges


def bounds_named(first: int, encoders: Sequence[Encoder]) -> Iterator[tuple[str, object]]:
    """Between which floats the plain numbers of some terms lie, whose values start at `first`."""
    for at, encoder in enumerate(encoders, first):
        yield f"low{at}", encoder.low
        yield f"high{at}", encoder.high


def plain_texts(texts: Sequence[object]) -> str | None:
    """Texts together, some of them null; None where one is no text."""
    given = [text for text in texts if text is not None]
    return "".join(given) if all(isinstance(text, str) for text in given) else None  # type: ignore[arg-type]  # just seen


_COMMON: Final[Mapping[str, object]] = {
    "Outcome": Outcome,
    "Unfit": (Unreadable, TypeError),
    "NotText": TypeError,
    "NotMade": KeyError,
    "TooLarge": OverflowError,
    "bisect": bisect_right,
    "blank": (),
    "float": float,
    "int": int,
    "join": "".join,
    "len": len,
    "longest": MAX_TEXT,
    "nothing": NOTHING | DASHES,
    # the constructor of a named tuple with defaults takes twice as long
    "make": tuple.__new__,
    "plain_texts": plain_texts,
    "plus": "+",
    "error": "#",
    "str": str,
    "type": type,
    "unsettled": UNSETTLED,
    "wrapped": WRAPPED,
}


_ODD: Final = "not text.isprintable() or plus in text or wrapped in text or error in text"
"""Of texts: something invisible, a number that a spreadsheet may have rounded, ="text" as exports write it, or an error
of a spreadsheet."""


@lru_cache(KEPT_PROGRAMS)
def _compiled(shape: Shape) -> CodeType:
    return compile(program(shape), "<short way>", "exec")


def program(shape: Shape) -> str:
    """The program of a shape."""
    lines = ["def settle(values):", *_reading(shape)]
    for number, step in enumerate(shape.steps):
        answer = _step(number, step)
        if step.reads:
            lines += [f"    if more is not None and more.open & reads{number}:"]
            raw = f", ({_values(step)})" if step.compared is not None else ""
            lines += [f"        a{number} = onward{number}(codes, more.open, more.behind{raw})", "    else:"]
            answer = (f"    {line}" for line in answer)
        lines += [*answer, f"    if a{number} is None:", "        return unsettled"]
        if not shape.alone:
            lines += _noted(number, step)
    lines += ["    facts = Facts()", "    facts._values = values"]
    # of one table an answer is the outcome but for the facts
    if shape.alone:
        lines.append("    return make(Outcome, (facts,) + a0)")
    else:
        every = range(len(shape.steps))
        said = "".join(f", **a{n}[1]" for n in every)
        # one after the other takes half the time of unpacking them, as long as they are few
        few = len(every) <= FEW_TABLES
        fired = " + ".join(f"a{n}[0]" for n in every) if few else "".join(f"*a{n}[0], " for n in every)
        lines += [
            f"    outputs = {{**outputs_{said}}}",
            f"    firings = ({fired})",
            "    if more:",
            "        return together(facts, outputs, firings, more)",
            "    return make(Outcome, (facts, outputs, derived, statuses, status, blank, firings, blank, counted))",
        ]
    return "\n".join(lines) + "\n"


def _reading(shape: Shape) -> Iterator[str]:
    """The codes of a case, and a look at its texts: nothing invisible or endless, no number that a spreadsheet may have
    rounded."""
    size = shape.coded + shape.placed + shape.free + shape.texts
    texts = "".join(f"v{at}, " for at in range(size - shape.texts, size))
    yield "    try:"
    if size:
        yield f"        {''.join(f'v{at}, ' for at in range(size))}= values"
    yield "        codes = base" + "".join(f" + e{at}[v{at}]" for at in range(shape.coded))
    for at in range(shape.coded, shape.coded + shape.placed):
        yield f"        if type(v{at}) is int:"
        yield f"            codes += whole{at}[v{at}]"
        yield f"        elif type(v{at}) is float and low{at} <= v{at} <= high{at}:"
        yield f"            codes += codes{at}[bisect(edges{at}, v{at})]"
        yield "        else:"
        yield f"            codes += e{at}[v{at}]"
    yield "    except Unfit:"
    yield "        return None"
    if shape.texts == 1:
        yield f"    text = v{size - 1}"
        yield "    if type(text) is not str:"
        yield f"        text = plain_texts(({texts}))"
        yield "        if text is None:"
        yield "            return None"
        # one look at what is letters and digits, as most identifiers are
        yield f"    if not text.isalnum() and ({_ODD}) or len(text) > longest:"
        yield "        return None"
    elif texts:
        yield "    try:"
        yield f"        text = join(({texts}))"
        yield "    except NotText:"
        yield f"        text = plain_texts(({texts}))"
        yield "        if text is None:"
        yield "            return None"
        yield f"    if {_ODD} or len(text) > longest:"
        yield "        return None"
    for at in shape.needed:
        yield f"    if not v{at} or v{at} in nothing or not v{at}.strip():"
        yield "        return None"
    if not shape.alone:
        yield "    more = None"


def _values(step: StepShape) -> str:
    """The values that the cells of a table compare."""
    return "".join(f"v{at}, " for at in step.compared or ())


def _step(n: int, step: StepShape) -> Iterator[str]:
    """The answer of one table."""
    if step.compared is None:
        yield f"    a{n} = answers{n}[codes & mask{n}]"
    else:
        values = _values(step)
        for at in step.compared:
            yield f"    kind{at} = type(v{at})"
        plain = " and ".join(f"(kind{at} is float or kind{at} is int)" for at in step.compared)
        # a case that is written in texts has no use for a cell, which may have to be made
        yield f"    if {plain or True}:"
        yield "        try:"
        # floats are compared with floats in a third of the time
        for at in step.compared:
            yield f"            f{at} = v{at} + 0.0"
        key = "codes" if step.whole else f"codes & mask{n}"
        yield f"            cell = made{n}[{key}]"
        yield "        except NotMade:"
        yield f"            cell = make{n}({key})"
        yield "        except TooLarge:"
        yield "            return None"
        yield "    else:"
        yield "        cell = None"
        yield "    if cell is None:"
        yield f"        a{n} = careful{n}(codes, ({values}))"
        yield "    else:"
        answer = [f"a{n} = rules{n}[rule]", f"if a{n} is None:", f"    a{n} = of_rule{n}(rule)"]
        if step.stretched:
            yield "        rule = cell"
            for at in step.compared:
                yield "        starts, parts = rule"
                yield f"        rule = parts[bisect(starts, f{at})]"
            yield "        if rule is None:"
            yield f"            a{n} = careful{n}(codes, ({values}))"
            yield "        else:"
            yield from (f"            {line}" for line in answer)
        else:
            first = len(step.compared)
            boxes = "".join(f"x{at}, y{at}, " for at in range(first + step.boxed))
            # two comparisons take less time than a chain of them
            fits = [f"x{at} <= f{value} and f{value} < y{at}" for at, value in enumerate(step.compared)]
            fits += [f"x{at} <= codes & box{n}_{at - first} < y{at}" for at in range(first, first + step.boxed)]
            yield f"        for {boxes}rule, in unpack{n}(cell):"
            yield f"            if {' and '.join(fits) or True}:"
            yield from (f"                {line}" for line in answer)
            yield "                break"
            yield "        else:"
            yield f"            a{n} = careful{n}(codes, ({values}))"


def _noted(n: int, step: StepShape) -> Iterator[str]:
    """What an answer is to the tables that come later."""
    if step.writes:
        yield f"    codes += a{n}[2]"
    yield f"    if a{n}[3] is not None:"
    yield f"        more = noted(more, a{n}[3])"
    if step.shares:
        yield f"    more = merged{n}(more)"
        yield "    if more is None:"
        yield "        return unsettled"
        yield "    codes += more.code"
