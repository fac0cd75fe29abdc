"""Lists in columns, and put together for one case, are held to each case by itself and each test by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rulectl.api import Book, CaseError
from rulectl.cases.facts import Slot
from rulectl.columnar import parting, reading, tables
from rulectl.columnar.contained import Lists
from rulectl.columnar.parting import ListReader
from rulectl.lang import literals
from rulectl.lang.chars import QUOTES, plain
from rulectl.lang.scope import Problem
from rulectl.model.policy import Role
from rulectl.model.rulebook import Term
from rulectl.runtime.engine import Engine
from rulectl.runtime.plan import Plan
from rulectl.types import Type
from tests.columnar import listing

CALM = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
Made = tuple[Lists, npt.NDArray[np.bool_] | None]
SEEDS = st.integers(0, 2**40)
TYPES = st.sampled_from(list(listing.KINDS))


@CALM
@given(SEEDS, st.sampled_from([0, 256]), st.sampled_from([0, 1 << 16]), st.sampled_from([0, 50_000]))
def test_columns_of_lists_decide_as_each_case(seed: int, few: int, combinations: int, kept: int) -> None:
    r = Random(seed)
    rulebook = listing.rulebook(r)
    book = Book(rulebook)
    apart = Engine(rulebook, quick=False, plan=Plan.of(rulebook, bundle=False))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_FEW_LISTS", few)
        patch.setattr(tables, "_COMBINATIONS", combinations)
        patch.setattr(parting, "KNOWN_ITEMS", kept)
        for rows in (1, 30):
            frame = listing.frame(r, rulebook, rows)
            found = book.decide_many(frame)
            for mine, case in zip(found.iter_rows(named=True), frame.iter_rows(named=True), strict=True):
                try:
                    outcome = book.decide(case)
                except CaseError:
                    assert mine["status"] == "rejected", case
                    continue
                facts = book._facts.read(case)
                assert outcome[1:] == apart.decide(facts)[1:], case  # type: ignore[arg-type]  # it was decided
                for term in book.engine.plan.outputs:
                    said = mine[term.id]
                    assert (tuple(said) if isinstance(said, list) else said) == outcome.outputs[term.id], case
                assert mine["rules"] == [firing.name for firing in outcome.firings], case
                assert (mine["status"], tuple(mine["asks"])) == (outcome.status.value, outcome.asks), case


@CALM
@given(SEEDS, TYPES)
def test_lists_are_read_as_cells_are(seed: int, type_: Type) -> None:
    """Texts that are parted, and items that a program hands over, come to the lists that the reader of cells makes."""
    r = Random(seed)
    slot = Slot(Term("l", "单", Role.INPUT, type_))
    reader = ListReader(slot)
    lists = [[r.choice(listing.KINDS[type_]) for _ in range(r.choice([0, 1, 2, 4]))] for _ in range(40)]
    raws = [listing._text(r, items, 0.2) for items in lists]
    natives = [[listing._item(r, item, 0.2) for item in items] for items in lists]
    columns: list[tuple[Callable[[pl.Series], Made], pl.Series, Sequence[object]]] = []
    columns.append((reader.native, pl.Series(natives, dtype=pl.List(pl.String)), natives))
    if reader.parts:
        columns.append((reader.texts, pl.Series(raws, dtype=pl.String), raws))
    for read, series, mine in columns:
        made, bad = read(series)
        wanted = [slot.native(raw) for raw in mine]
        assert [isinstance(value, Problem) for value in wanted] == (np.zeros(40) if bad is None else bad).tolist()
        known = [None if isinstance(value, Problem) else value for value in wanted]
        assert [state.now for state in made.at(np.arange(40))] == known
        codes, states = made.exact()
        assert [states.items[code].now for code in codes] == known
        some = np.array([r.random() < 0.5 for _ in known])
        kept = [value for value, there in zip(known, some, strict=True) if there]
        assert [state.now for state in made.kept(some).at(np.arange(len(kept)))] == kept


@pytest.mark.parametrize("type_", listing.KINDS, ids=str)
def test_texts_that_hold_no_sign_are_parted_at_marks_alone(type_: Type) -> None:
    found = literals.parting(type_)
    if found is None:
        assert any(mark in value for value in type_.values for mark in ";、 ,")
        return
    signs = found[1]
    assert set(QUOTES) <= set(signs)
    if type_.kind.textual and not type_.values:
        return
    brackets = {c for c in map(chr, range(0x10000)) if plain(c) in "[("}
    assert brackets <= set(signs)


def test_items_are_forgotten_before_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of millions of lists that all differ takes no more memory than a part of it."""
    monkeypatch.setattr(parting, "KNOWN_ITEMS", 100)
    reader = ListReader(Slot(Term("l", "单", Role.INPUT, listing.TEXTS)))
    for part in range(5):
        texts = [f"a{part}-{n};b{part}-{n}" for n in range(200)]
        made, bad = reader.texts(pl.Series(texts))
        assert (bad, len(reader.values)) == (None, 0)
        assert [state.now for state in made.at(np.arange(2))] == [tuple(text.split(";")) for text in texts[:2]]
