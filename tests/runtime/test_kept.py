"""What an engine keeps between cases changes nothing: one that has decided many cases says of each what a new one does,
also where what it keeps is forgotten again and again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from rulectl.model.outcome import Outcome
from rulectl.runtime import judged
from rulectl.runtime.engine import Engine
from rulectl.runtime.plan import Plan
from rulectl.values import Value
from tests.columnar import computing
from tests.runtime import drawn


def fresh(plan: Plan, case: dict[str, Value]) -> Outcome:
    """By an engine that has met no case before."""
    return Engine(plan.rulebook, quick=False).decide(case)


@pytest.mark.parametrize(("kept", "tried"), [(4_000, 500), (3, 500), (4_000, 2)])
def test_what_is_kept_changes_nothing(kept: int, tried: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "KEPT_TREE", kept)
    monkeypatch.setattr(judged, "TRIED", tried)
    found = 0
    for seed in range(40):
        r = Random(seed)
        draws = computing if seed % 2 else drawn
        book = computing.rulebook(r) if seed % 2 else drawn.rulebook(r, loops=seed % 10 == 0)
        engine = Engine(book, quick=False)
        cases = [draws.case(r, book) for _ in range(8)]
        for case in [*cases, *cases[:4], *({**case, **cases[0]} for case in cases[4:])]:
            assert engine.decide(case) == fresh(engine.plan, case), (seed, case)
        found += sum(one.found for one in engine._ground.judged.values())
    assert found > 30


def test_threads_share_what_is_kept() -> None:
    for seed in (1, 3, 5, 7):
        r = Random(seed)
        book = computing.rulebook(r)
        engine = Engine(book, quick=False)
        cases = [computing.case(r, book) for _ in range(40)]
        expected = [fresh(engine.plan, case) for case in cases]
        with ThreadPoolExecutor(4) as pool:
            for outcomes in zip(*[pool.map(engine.decide, cases) for _ in range(4)], strict=True):
                assert all(outcome == expected[0] for outcome in outcomes)
                del expected[0]
