"""What a table comes to where terms that it reads are in doubt themselves, in the short way.

An earlier table may have left a term open, or said a value that may still change. Then a case stands twice before the
tables that read it, as it is now and as far as it is certain, and rules that hold now may fall (design/0005). What to
ask are the inputs that the earlier doubts wait for, in place of the terms themselves. Where the first hit decides, all
of that is told from bits (runtime/doubting.py); where more hits count and some may fall, the judge says it, and its
word is remembered: such a table is asked again about the same codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rulectl.model.rulebook import Term
from rulectl.runtime.coding import Key
from rulectl.runtime.doubting import Behind, Doubted, Doubting, Seen
from rulectl.runtime.index import Match
from rulectl.runtime.judge import Entries, TableRun, judge, reach_of
from rulectl.runtime.plan import TablePlan
from rulectl.runtime.resolve import NOTHING, Spoken


def look_on(doubting: Doubting, now: Key, sure: Key, behind: Behind) -> Seen | None:
    """How a case stands by its classes as they are now and as far as they are certain; None where that takes a judge.
    The names are inputs."""
    as_it_is, for_certain = doubting.stand(now), doubting.stand(sure, behind)
    if as_it_is is None or for_certain is None:
        return None
    standing, holding, _ = as_it_is
    certain, firm, lacking = for_certain
    hits = standing & holding
    held = certain & firm & hits
    open_ = (standing | certain) & ~hits
    if hits == held:
        hits = hits & -hits if doubting.first else hits
        causes = doubting.moves[hits] if open_ else ()
        if causes is None:
            return None
        found = [open_ & moving for moving in causes]
    elif doubting.first:
        found = _first_causes(doubting, hits, held, open_)
        hits &= -hits
    else:
        return None
    if not any(found):
        return Seen(hits, tuple(lacking), ())
    if not lacking:
        return None
    waits = tuple(lacking.values())
    counts = tuple([tuple([(rules & one).bit_count() for one in waits]) if rules else () for rules in found])
    return Seen(hits, tuple(lacking), counts)


def _first_causes(doubting: Doubting, hits: int, held: int, open_: int) -> list[int]:
    """By output column the rules that would bring another value where the first hit decides and hits may fall: `held`
    are those that stay."""
    first, falling = hits & -hits, hits & ~held
    moves = doubting.moves[first] or ()
    found = [open_ & moving for moving in moves]
    if not falling & first:
        return found
    stays = held & -held
    second = hits ^ first
    second &= -second
    beside = doubting.moves[stays] or ()
    for column, moving in enumerate(beside):
        final = _said(doubting, first, column)
        if _said(doubting, second, column) != final:
            found[column] |= first
        if _said(doubting, stays, column) != final:
            found[column] |= falling
        elif not found[column] and open_ & moving:
            # what is possible alone changes nothing, but does once what may fall has fallen
            found[column] = open_ & moving | falling
    return found


def _said(doubting: Doubting, rule: int, column: int) -> Spoken:
    """What a rule given as a bit says; nothing where there is none."""
    return doubting.plan.spoken[doubting.leaf.numbers[rule.bit_length() - 1]][column] if rule else NOTHING


def judged_on(
    plan: TablePlan, terms: Sequence[Term], now: Key, sure: Key, behind: Behind
) -> tuple[Match, tuple[Doubted, ...]] | None:
    """The rules that hold, and the terms that the judge finds in doubt; None where rules contradict each other.
    `terms` are those of the output columns."""
    nothing = Entries(plan, terms, {}, frozenset())
    run = TableRun(plan, nothing, nothing, reach_of(plan, now, nothing, sure, ()))
    doubts: list[Doubted] = []
    for column, term in enumerate(terms):
        verdict = judge(term, [(0, run, column)])
        if verdict.clash:
            return None
        if not verdict.settled:
            waits: Counter[str] = Counter()
            for names in verdict.waits:
                waits.update({other for name in names for other in behind.get(name, (name,))})
            doubts.append(Doubted(term.id, verdict.status, tuple(waits.items())))
    return Match(run.hits, ()), tuple(doubts)
