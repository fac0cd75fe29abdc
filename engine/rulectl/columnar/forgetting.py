"""What one engine remembers from frame to frame, and what of it is forgotten when there is too much.

Whatever was met keeps its number, so that later frames find it again: what classes come to is few and comes again in
every frame, what amounts come to hardly ever does. So the latter goes first, and everything only where that is not
enough. Whoever forgets things forgets with them all that holds their numbers; this is the one place that knows who
does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rulectl.cases.facts import FactReader
from rulectl.columnar.asks import Asking
from rulectl.columnar.behind import Sets
from rulectl.columnar.codes import Spellings
from rulectl.columnar.decided import Firings
from rulectl.columnar.findings import Telling
from rulectl.columnar.tables import TableColumns
from rulectl.columnar.terms import TermColumns

KEPT_STATES = 75_000
"""When so many runs, verdicts and values have been met (and ten for each rule), those of amounts are forgotten before
the next frame, and all where that is not enough. Half a kilobyte each: a frame of 8,000 cases, each with amounts of its
own, brings as many again of the shipped family."""


class Memory(NamedTuple):
    """What an engine remembers."""

    facts: FactReader
    sets: Sets
    tables: Mapping[int, TableColumns]
    terms: Mapping[str, TermColumns]
    asking: Asking
    telling: Telling
    firings: Firings
    spellings: Spellings

    def make_room(self) -> None:
        """Forget when there is too much of it: first what amounts came to, which hardly come again, then everything."""
        for slot in self.facts.slots.values():
            # what a text says is remembered by the columns; row by row it was asked for once
            slot.texts.clear()
        most = KEPT_STATES + 10 * sum(len(t.plan.table.rules) for t in self.tables.values())
        if self.held > most:
            self.forget_values(most // 100)
            if self.held > most:
                self.forget()

    @property
    def held(self) -> int:
        """How many things are remembered."""
        held = sum(table.held for table in self.tables.values()) + sum(len(t.verdicts) for t in self.terms.values())
        return held + self.sets.held + self.asking.held + len(self.telling.told)

    def forget_values(self, few: int) -> None:
        """Forget what tables that compute, and the terms that they write, hold of more than a `few` values."""
        tables = {n for n, t in self.tables.items() if t.plan.expressions and t.finishing.held > few}
        terms = {name for name, term in self.terms.items() if any(t.number in tables for t, _ in term.writers)}
        for number, table in self.tables.items():
            if number in tables:
                table.forget_values()
            table.sight.release(terms)
        for name in terms:
            self.terms[name].forget_values()
        self.telling.forget_runs(tables)
        self.firings.forget_runs(tables)
        self.spellings.forget()

    def forget(self) -> None:
        """Forget everything."""
        self.sets.forget()
        for table in self.tables.values():
            table.forget()
        for term in self.terms.values():
            term.forget()
        self.asking.forget()
        self.telling.forget()
        self.firings.forget()
        self.spellings.forget()
