"""The cell to blame for what conditions leave open."""

from __future__ import annotations

from collections.abc import Sequence

from rulectl.analysis.space import Space
from rulectl.analysis.study import Study
from rulectl.analysis.walk import Box
from rulectl.lang.fold import fold_test
from rulectl.source import FilePlace, Place


def blamed(study: Study, space: Space, box: Box, numbers: Sequence[int]) -> Place:
    """The cell of a condition that hangs on the same terms as another: the first that a box asks."""
    for at in (*space.asked(box), *range(len(space.axes))):
        axis = space.axes[at]
        if axis.tied:
            for number in numbers:
                place = cell_of(study, number, axis.column.subject, axis.column.test)
                if place is not None:
                    return place
    table = study.rulebook.tables[numbers[0]]
    return table.cells or FilePlace(study.rulebook.source)


def cell_of(study: Study, number: int, subject: object, test: object) -> Place | None:
    """The cell of a condition: the entry that is a test of its own, else the heading of the column."""
    table = study.rulebook.tables[number]
    for column, heading in enumerate(table.inputs):
        if heading.subject != subject:
            continue
        if test is None:
            return heading.cell
        plans = study.plan.parameters
        for rule in table.rules:
            if rule.enabled and fold_test(rule.when[column].test, plans) == test:
                return rule.when[column].cell
    return None
