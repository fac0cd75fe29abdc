"""Questions to one list put together: all tests that ask what it holds become one column (runtime/contents.py).

Lowering makes a column of each test of a list (runtime/lowering.py), as the checks want it; of 200 rules that ask two
lists for 40 texts these are 80 columns, which every case was to be asked. Put together they are two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rulectl.lang.syntax import Expr, Name, Test
from rulectl.runtime.contents import Contents, texts_asked
from rulectl.runtime.lowering import NONE, Column, Form, Lowered, Slot


def bundled(lowered: Lowered) -> Lowered:
    """The same table with one column for all questions to a list that ask what it holds."""
    lists: dict[Expr, list[int]] = {}
    for at, column in enumerate(lowered.columns):
        if _asks_contents(column):
            lists.setdefault(column.subject, []).append(at)
    if not lists:
        return lowered
    slots = {slot.column: slot for slot in lowered.slots}
    columns: list[Column] = []
    made: list[Slot] = []
    for at, column in enumerate(lowered.columns):
        mine = lists.get(column.subject, [])
        if at not in mine:
            columns.append(column)
            made.append(replace(slots[at], column=len(made), _made={}))
        elif at == mine[0]:
            asked = {at: lowered.columns[at].test for at in mine}
            tests = {at: test for at, test in asked.items() if test is not None}
            contents = Contents.over(text for test in tests.values() for text in texts_asked(test) if text is not None)
            columns.append(replace(column, contents=contents, test=None))
            made.append(_slot(len(made), contents, tests, slots, len(lowered.numbers)))
    return Lowered(tuple(columns), lowered.numbers, lowered.otherwise, tuple(made))


def _asks_contents(column: Column) -> bool:
    """Whether a column asks a term's list which texts it holds, and nothing else."""
    if not isinstance(column.subject, Name) or column.test is None or column.names != {column.subject.id}:
        return False
    return None not in texts_asked(column.test)


def _slot(at: int, contents: Contents, tests: Mapping[int, Test], slots: Mapping[int, Slot], rules: int) -> Slot:
    """What the rules ask of all these columns together."""
    of_rule: dict[int, tuple[int, ...]] = {}
    for column in tests:
        for rule in slots[column].members:
            of_rule[rule] = (*of_rule.get(rule, ()), column)
    entries = {asked: number for number, asked in enumerate(dict.fromkeys(of_rule.values()))}
    refs: Sequence[int] = [entries[of_rule[rule]] if rule in of_rule else NONE for rule in range(rules)]
    forms: list[tuple[Form, ...]] = [tuple(tests[column] for column in asked) for asked in entries]
    return Slot(at, None, refs, forms, contents=contents)
