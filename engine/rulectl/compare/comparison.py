"""Two rulebooks compared: what changed, what the changes decide otherwise, and what else they touch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.study import Study
from rulectl.compare.joint import Joint, Version, incomparable, joint_of
from rulectl.compare.parts import Change, parts, rules
from rulectl.compare.regions import Differing, differing
from rulectl.compare.renaming import renamed_tables
from rulectl.compare.uses import Uses
from rulectl.model.grid import grid_of
from rulectl.model.rulebook import Rulebook, TestCase
from rulectl.values import Value


@dataclass(frozen=True, slots=True)
class Altered:
    """A table that both rulebooks have and whose rules decide otherwise, or may: the regions; `open` is the key of the
    note that says why they are not all known."""

    joint: Joint
    regions: tuple[Differing, ...]
    open: str = ""


@dataclass(frozen=True, slots=True)
class OwnTest:
    """A test of the new rulebook that comes out otherwise than by the old one: terms with their values before and
    after."""

    case: TestCase
    values: tuple[tuple[str, Value, Value], ...]


@dataclass(frozen=True)
class Comparison:
    """The whole. `notes` counts the notes, sources and descriptions that changed and nothing else; `edited` the tests
    of the workbook that are new, gone and written otherwise."""

    old: Study
    new: Study
    changes: tuple[Change, ...]
    altered: tuple[Altered, ...]
    tests: tuple[OwnTest, ...]
    notes: int
    edited: tuple[int, int, int]
    uses: Uses = field(repr=False)

    @property
    def same(self) -> bool:
        """Whether the two mean the same."""
        return not self.changes and not self.altered


def compare(old: Rulebook, new: Rulebook, budget: Budget) -> Comparison:
    """Compare two rulebooks. Raises nothing: what is not settled when the time is up is told as open."""
    studies = Study(old), Study(new)
    renamed = renamed_tables(old, new)
    changes = list(parts(old, new, renamed))
    altered: list[Altered] = []
    notes = _notes(old, new)
    numbers = {renamed.get(table.name, table.name): number for number, table in enumerate(old.tables)}
    for number, table in enumerate(new.tables):
        if table.name not in numbers:
            continue
        joint = joint_of(Version(studies[0], numbers[table.name]), Version(studies[1], number))
        of_rules = tuple(rules(old, joint.before.table, new, table, joint.matched))
        changes += of_rules
        notes += _rule_notes(joint)
        found = _altered(joint, budget)
        if found is not None:
            altered.append(found)
    same = not changes and not altered
    tests = () if same else tuple(_tests(*studies))
    return Comparison(*studies, tuple(changes), tuple(altered), tests, notes, _edited(old, new), Uses.of(new))


def _altered(joint: Joint, budget: Budget) -> Altered | None:
    if not joint.changed and all(group.same for group in joint.groups):
        return None
    old, new = joint.before.study.rulebook, joint.after.study.rulebook
    if incomparable(old, new, joint.before.table) or incomparable(old, new, joint.after.table):
        return Altered(joint, (), "note-other-type")
    try:
        return Altered(joint, differing(joint, budget.part()))
    except OutOfTime:
        return Altered(joint, (), "note-out-of-time")


def _tests(old: Study, new: Study) -> Iterator[OwnTest]:
    """The tests of the new rulebook that both can decide, and that come out otherwise."""
    known = old.terms
    for test in new.rulebook.tests:
        facts = dict(test.facts)
        before = old.engine.decide({name: value for name, value in facts.items() if name in known})
        after = new.engine.decide(facts)
        shared = [name for name in (*after.outputs, *after.derived) if name in before.outputs or name in before.derived]
        was, now = {**before.outputs, **before.derived}, {**after.outputs, **after.derived}
        values = tuple((name, was[name], now[name]) for name in shared if was[name] != now[name])
        if values:
            yield OwnTest(test, values)


def _edited(old: Rulebook, new: Rulebook) -> tuple[int, int, int]:
    """How many tests are new, gone and written otherwise."""
    before, after = ({test.id: (test.facts, test.expected) for test in book.tests} for book in (old, new))
    changed = sum(before[id_] != after[id_] for id_ in before.keys() & after.keys())
    return len(after.keys() - before.keys()), len(before.keys() - after.keys()), changed


def _notes(old: Rulebook, new: Rulebook) -> int:
    """How many descriptions of terms, parameters, policies and messages changed, and of the rulebook itself."""
    said: list[dict[str, str]] = []
    for book in (old, new):
        own = {f"term {one.id}": one.description for one in book.terms}
        own |= {f"parameter {one.id}": one.description for one in book.parameters}
        own |= {f"policy {one.id}": one.note for one in book.policies}
        own |= {f"template {one.id} {one.language}": one.occasion for one in book.templates}
        about = {"notes": book.notes, "name": book.name, "version": book.version, "owner": book.owner}
        said.append(own | about)
    return sum(said[0][key] != text for key, text in said[1].items() if key in said[0])


def _rule_notes(joint: Joint) -> int:
    """How many rules of a table have another note or source and nothing else."""
    grids = grid_of(joint.before.table), grid_of(joint.after.table)
    found = 0
    for pair in joint.matched.pairs:
        if pair.before is None or pair.after is None or joint.matched.rewritten(pair):
            continue
        one, other = grids[0].mark(pair.before), grids[1].mark(pair.after)
        found += (one.note, one.source) != (other.note, other.source)
    return found
