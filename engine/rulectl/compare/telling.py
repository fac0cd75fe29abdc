"""A comparison as findings: one for each part that changed, for each way in which a table answers otherwise, for each
test that comes out otherwise. Each says at which cell, and what else it touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rulectl.analysis.budget import Budget, OutOfTime
from rulectl.analysis.rows import region_fields, region_of
from rulectl.codes import say
from rulectl.compare.answers import Answer
from rulectl.compare.comparison import Altered, Comparison, OwnTest
from rulectl.compare.joint import Joint, Version
from rulectl.compare.parts import Change, names_of_both
from rulectl.compare.regions import Differing
from rulectl.compare.saying import Both, apart, changed, how, in_both, reached, says, test_changed, used
from rulectl.compare.witness import Decided, Unshown, shown
from rulectl.diagnostics import Finding, Note, finding
from rulectl.source import CellRange, FilePlace, Location, Place

MOST = 12
"""How many ways in which a table answers otherwise are told; the last says that there are more."""

_CELLS = 40
_TRIED = 5
"""How many cells that use a thing are noted, and how many regions of one answer are looked at for a case."""


def tell(found: Comparison, budget: Budget) -> tuple[Finding, ...]:
    """All of a comparison; what is not settled when the time is up is told as open."""
    changes = [_change(found, change) for change in found.changes]
    answers = [one for altered in found.altered for one in _answers(found, altered, budget)]
    tests = [_test(found, test) for test in found.tests]
    notes = [finding("notes-changed", FilePlace(found.new.rulebook.source), n=found.notes)] if found.notes else []
    return (*changes, *answers, *tests, *_edited(found), *notes)


# -- parts -------------------------------------------------------------------------------------------------------


def _change(found: Comparison, change: Change) -> Finding:
    of_name = change.what in ("parameter", "term") and change.decides
    reach = found.uses.reach([change.id] if of_name else (), change.gives if change.decides else ())
    fields: Both = {
        **in_both("what", lambda lang: say(f"compare-what-{change.what}", lang)),
        **in_both("reach", lambda lang: reached(found, reach, lang)),
        "name": change.id if change.what == "rule" else change.name,
        "table": change.table or (change.name if change.what == "table" else ""),
        "rules": (change.name,) if change.what == "rule" else (),
    }
    place = _place(found, change)
    if change.way == "added":
        return finding("part-added", place, **fields, **in_both("says", lambda lang: says(change, lang)))
    if change.way == "removed":
        return finding("part-removed", place, **fields, was=change.before or "-")
    uses = found.uses.direct(change.id) if of_name else ()
    fields |= in_both("uses", lambda lang: used(len(uses), lang) if of_name else "")
    fields |= in_both("how", lambda lang: how(change, lang))
    cells = dict.fromkeys(use.at for use in uses if use.at is not None)
    notes = [Note("note-used-here", Location(cell)) for cell in cells][:_CELLS]
    return finding("part-changed", place, notes=notes, **fields)


def _place(found: Comparison, change: Change) -> Place:
    """Where the new rulebook has the part; of one that is gone its table, else the file."""
    if change.after is not None:
        return change.after
    for table in found.new.rulebook.tables:
        if table.name == change.table and table.cells is not None:
            return table.cells
    return FilePlace(found.new.rulebook.source)


# -- answers -----------------------------------------------------------------------------------------------------


def _answers(found: Comparison, altered: Altered, budget: Budget) -> Iterator[Finding]:
    """The ways in which a table answers otherwise, the widest region of each; that there is none; what is open."""
    joint = altered.joint
    table = joint.after.table
    place: Place = table.cells or FilePlace(found.new.rulebook.source)
    if altered.open:
        region = in_both("region", lambda lang: say("compare-all-regions", lang))
        note = Note(altered.open, Location(place))
        yield finding(
            "answer-changed", place, notes=(note,), table=table.name, verdict="undecided", name=table.name, **region
        )
        return
    told = 0
    groups = _groups(joint, altered.regions)
    for group in groups:
        one = _way(found, joint, group, place, budget, more=told == MOST - 1 and len(groups) > MOST)
        if one is not None:
            told += 1
            yield one
        if told == MOST:
            return
    if not told:
        nothing: Both = {"name": table.name}
        yield finding("answer-changed", place, table=table.name, verdict="proved", **nothing)


def _groups(joint: Joint, regions: Sequence[Differing]) -> list[list[Differing]]:
    """Regions by what changes in them, the widest of each first."""
    groups: dict[object, list[Differing]] = {}
    for region in regions:
        groups.setdefault(_ways(joint, region), []).append(region)
    for group in groups.values():
        group.sort(key=lambda region: len(joint.space.asked(region.box)))
    return list(groups.values())


def _ways(joint: Joint, region: Differing) -> object:
    """What changes in a region: rules and values, of lists what comes and goes."""
    pairs = zip(region.before, region.after, strict=True)
    return tuple(
        (term, apart(before.items, after.items) if joint.collects(term) else (before, after))
        for (term, before), (_, after) in pairs
    )


def _way(
    found: Comparison, joint: Joint, group: Sequence[Differing], place: Place, budget: Budget, *, more: bool
) -> Finding | None:
    """One way in which a table answers otherwise, shown by a case; None where it cannot come about."""
    table = joint.after.table
    found_case: tuple[Differing, Decided | Unshown] | None = None
    for region in group[:_TRIED]:
        case = _shown(joint, region, budget)
        if not (isinstance(case, Unshown) and case.never):
            found_case = region, case
        if isinstance(case, Decided):
            break
    if found_case is None:
        return None
    region, case = found_case
    words = _region(joint, region)
    at = _decider(joint.after, region.after) or place
    notes = [Note("note-decided-before", Location(cells)) for cells in _still(joint, region)]
    if more:
        notes.append(Note("note-more-changes", Location(place)))
    if isinstance(case, Unshown):
        notes.insert(0, Note(case.reason, Location(at)))
        return finding(
            "answer-changed", at, notes=notes, table=table.name, verdict="undecided", name=table.name, **words
        )
    names = names_of_both(found.old.rulebook, found.new.rulebook)
    others = len(group) - 1
    told: Both = {
        **words,
        **in_both("how", lambda lang: changed(joint, region, case, lang)),
        **in_both("more", lambda lang: say("compare-more", lang, n=others) if others else ""),
        "case": {names.get(id_, id_): value for id_, value in case.case.items()},
    }
    rules = _rules(joint, region)
    return finding(
        "answer-changed",
        at,
        notes=notes,
        table=table.name,
        rules=rules,
        verdict="counterexample",
        name=table.name,
        **told,
    )


def _shown(joint: Joint, region: Differing, budget: Budget) -> Decided | Unshown:
    try:
        budget.check()
        return shown(joint, region, budget)
    except OutOfTime:
        return Unshown("note-out-of-time")


def _region(joint: Joint, region: Differing) -> Both:
    if region.apart:
        return in_both("region", lambda lang: say("compare-otherwise", lang))
    return region_fields(joint.study, region_of(joint.study, joint.space, region.box))


def _decider(version: Version, answers: Sequence[tuple[str, Answer]]) -> Place | None:
    """The cells of the first rule that decides an answer."""
    for _, answer in answers:
        for rule in answer.rules:
            return version.table.rules[rule].cells
    return None


def _rules(joint: Joint, region: Differing) -> tuple[str, ...]:
    """The rules that decide a region, those of the new table first."""
    now = [joint.after.table.rules[n].id for _, answer in region.after for n in answer.rules]
    was = [joint.before.table.rules[n].id for _, answer in region.before for n in answer.rules]
    return tuple(dict.fromkeys((*now, *was)))


def _still(joint: Joint, region: Differing) -> Iterator[CellRange]:
    """Where the rules that decided before stand in the new table, as long as others decide now."""
    now = {n for _, answer in region.after for n in answer.rules}
    where = {pair.before: pair.after for pair in joint.matched.pairs}
    seen: set[int] = set()
    for _, answer in region.before:
        for rule in answer.rules:
            after = where.get(rule)
            if after is None or after in now or after in seen:
                continue
            seen.add(after)
            cells = joint.after.table.rules[after].cells
            if cells is not None:
                yield cells


# -- tests -------------------------------------------------------------------------------------------------------


def _test(found: Comparison, test: OwnTest) -> Finding:
    place: Place = test.case.cells or FilePlace(found.new.rulebook.source)
    return finding(
        "test-changed", place, name=test.case.id, **in_both("how", lambda lang: test_changed(found, test, lang))
    )


def _edited(found: Comparison) -> Iterator[Finding]:
    """That the workbook's own tests changed."""
    added, removed, changed = found.edited
    if any(found.edited):
        place = FilePlace(found.new.rulebook.source)
        yield finding("tests-edited", place, added=added, removed=removed, changed=changed)
