"""The one-case engine: forward chaining, stratum by stratum, to quiescence (semantics 6 and 7).

Within a stratum no table reads what another writes, so one pass over its tables is all its activations; the terms that
have then heard from all their writers are judged and become facts for the strata above. Only a stratum of collecting
lists that feed each other is passed again, until nothing new fires: facts are never withdrawn, so it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

from rulectl.diagnostics import Finding
from rulectl.lang.compiled import Compute, compiled
from rulectl.lang.evaluate import CannotCompute
from rulectl.lang.trees import names_of
from rulectl.model.outcome import Firing, Outcome
from rulectl.model.policy import Role
from rulectl.model.rulebook import Policy, Rulebook
from rulectl.runtime.asking import Asking
from rulectl.runtime.ground import Ground, Stratum
from rulectl.runtime.index import KEPT_MATCHES
from rulectl.runtime.judge import Entries, TableRun, run
from rulectl.runtime.memo import Memo
from rulectl.runtime.memory import Memory, Runs, Settling
from rulectl.runtime.plan import Plan, Reach
from rulectl.runtime.quick import Quick
from rulectl.runtime.standing import Look, Remembered, States
from rulectl.runtime.telling import broken, clash_findings, table_findings
from rulectl.runtime.written import Unsettled
from rulectl.values import Value

Counted = Mapping[str, tuple[Value, tuple[str, ...]]]
"""Per aggregate term: its value for the case, and the ids of the cases behind it."""


class Engine:
    """Decides cases by one rulebook. `decide` keeps nothing between cases but remembered matches."""

    def __init__(self, rulebook: Rulebook, quick: bool = True, plan: Plan | None = None) -> None:
        self.rulebook = rulebook
        self.plan = Plan.of(rulebook) if plan is None else plan
        short = Quick(self.plan) if quick and not rulebook.aggregates else None
        self._quick = short.decide if short is not None and short.usable else _never
        self.decide_raw: Callable[[Mapping[str, object]], Outcome | Unsettled | None]
        self.decide_raw = self._short if rulebook.policies else self._quick
        """The outcome of a settled case whose keys are names, ids or aliases and whose values are as they come; None
        where it must be read first: something is odd or wrong in it, or the rulebook computes; UNSETTLED where it was
        read, and takes the long way for what is unknown in it."""
        self._fired: Memo[Reach, tuple[Firing, ...]] = Memo(KEPT_MATCHES)
        self._asking = Asking(self.plan)
        self._statements = tuple(
            Remembered(sorted(names_of(policy.statement)), partial(self._broken, policy, compiled(policy.statement)))
            for policy in rulebook.policies
        )
        self._blank: dict[str, Value] = {
            **self.plan.parameters,
            **{term.id: term.default if term.role is Role.INPUT else None for term in rulebook.terms},
        }

    @cached_property
    def _ground(self) -> Ground:
        """What is remembered of each table and term; of the plan as it is when the first case comes."""
        return Ground.of(self.plan)

    def decide(self, facts: Mapping[str, Value], counted: Counted | None = None, tried: bool = False) -> Outcome:
        """The outcome of one case: typed facts by term id (missing or None: unknown). `tried`: the short way has read
        the case already, and does not settle it."""
        outcome = None if tried or counted else self.decide_raw(facts)
        if outcome:
            return outcome
        memory = self._memory(facts, counted or {})
        for stratum, numbers in enumerate(self.plan.strata):
            self._stratum(memory, stratum, numbers)
        return self._outcome(memory, counted or {})

    def _short(self, case: Mapping[str, object]) -> Outcome | Unsettled | None:
        outcome = self._quick(case)
        return outcome and self._watched(outcome)

    def _memory(self, facts: Mapping[str, Value], counted: Counted) -> Memory:
        """What is known before any table has run."""
        ground, plan = self._ground, self.plan
        now = dict(self._blank)
        codes, tables = ground.codes, ground.speaking.every
        given = {name: value for name, value in facts.items() if value is not None and name in now}
        for name, (value, _) in counted.items():
            if value is not None and now[name] is None:
                given.setdefault(name, value)
        for name, value in (ground.defaults | given).items() if ground.defaults else given.items():
            now[name] = value
            placing = ground.placings.get(name)
            if placing is not None:
                code, left = placing.of(value)
                codes += code
                if name not in plan.writers:
                    tables &= left
        memory = Memory(now, dict(now), codes, codes, tables)
        if plan.unspoken:
            silent = [(term.id, ground.silent[term.id]) for term in plan.unspoken if term.id not in counted]
            memory.settle(silent)
        return memory

    def _stratum(self, memory: Memory, stratum: int, numbers: tuple[int, ...]) -> None:
        if not self.plan.cyclic[stratum]:
            self._pass(memory, self._ground.strata[stratum])
            self._settle(memory, stratum)
            return
        mine = self.plan.settled_in[stratum]
        memory.absent |= {term for term in mine if memory.now[term] is None}
        earlier: dict[int, tuple[int, ...]] = dict.fromkeys(numbers, ())
        unsettled: set[str] = set()
        while True:
            for number in numbers:
                memory.runs[number] = self._rerun(number, memory, earlier[number])
            before = {term: memory.now[term] for term in mine}
            self._settle(memory, stratum)
            # hits are kept and so is every doubt: both only grow, and values follow from hits, so this ends
            hits = {number: memory.runs[number].hits for number in numbers}
            doubts = unsettled | {term for term in mine if not memory.verdicts[term].settled}
            if hits == earlier and doubts == unsettled and before == {term: memory.now[term] for term in mine}:
                return
            earlier, unsettled = hits, doubts
            for term in unsettled:
                memory.certain[term] = None
                memory.absent -= {term}
                if memory.now[term] is not None:
                    memory.doubtful.add(term)

    def _pass(self, memory: Memory, stratum: Stratum) -> None:
        """The runs of a stratum's tables that come to anything."""
        left = memory.tables & stratum.tables
        failing = 0
        for at in stratum.groups:
            look = memory.looks.get(at) or self._look(at, memory)
            left &= look[0].speaking | look[1].speaking
            failing |= look[0].failing
        left |= failing & stratum.tables
        standings, codes, doubtful = self._ground.standings, memory.codes, memory.doubtful
        while left:
            lowest = left & -left
            left ^= lowest
            number = lowest.bit_length() - 1
            standing = standings[number]
            known = None
            if not standing.groups and doubtful.isdisjoint(standing.reads):
                # most tables: what is known of the codes is all there is to it
                known = standing.runs.get(codes & standing.mask)
                if known is not None and known.reach.silent:
                    continue
                if known is not None and known.reach.computes:
                    known = None
            found = known or self._stand(number, memory)
            if found is not None:
                memory.runs[number] = found
                for column, name in enumerate(standing.writes):
                    memory.heard.setdefault(name, []).append((number, found, column))

    def _look(self, at: int, memory: Memory) -> tuple[Look, Look]:
        """How a case stands in a group of columns, now and for certain; its terms are settled when a table asks."""
        group = self._ground.groups[at]
        now = sure = group.of(memory.now, memory.absent)
        if not memory.doubtful.isdisjoint(group.names):
            sure = group.of(memory.certain, memory.absent)
        found = memory.looks[at] = (now, sure)
        return found

    def _stand(self, number: int, memory: Memory) -> TableRun | None:
        """A table's pass over a case, None where it comes to nothing."""
        standing = self._ground.standings[number]
        sure = memory.doubtful.isdisjoint(standing.reads)
        codes, certain = memory.codes, memory.codes if sure else memory.certain_codes
        states: tuple[States, ...] = ()
        others: tuple[States, ...] = ()
        failed: tuple[CannotCompute, ...] = ()
        if standing.groups:
            states = others = tuple([memory.looks[at][0].states[number] for at, _ in standing.groups])
            if not sure:
                others = tuple([memory.looks[at][1].states[number] for at, _ in standing.groups])
            for found in states:
                failed += found.failures
        key = standing.key(codes, certain, states, others)
        run = standing.runs.get(key)
        if run is None:
            known = memory.now if sure else memory.certain
            run = standing.work_out(key, codes, certain, states, others, self._entries(number, known, memory))
        if run.reach.silent and not failed:
            return None
        if not (run.reach.computes or failed):
            return run
        now = may = self._entries(number, memory.now, memory)
        now.columns_failed = failed
        if not sure:
            may = self._entries(number, memory.certain, memory)
            may.like, may.but = now, memory.doubtful
        return TableRun(standing.plan, now, may, run.reach)

    def _entries(self, number: int, facts: Mapping[str, Value], memory: Memory) -> Entries:
        return Entries(self.plan.tables[number], self.plan.written[number], facts, memory.absent)

    def _rerun(self, number: int, memory: Memory, earlier: tuple[int, ...]) -> TableRun:
        """A table's pass over a case in a cycle, after which its `earlier` hits stay."""
        plan = self.plan.tables[number]
        now = self._entries(number, memory.now, memory)
        now_key, failed = plan.key(memory.now, memory.absent)
        now.columns_failed = failed
        if not memory.doubtful.isdisjoint(plan.reads):
            may = self._entries(number, memory.certain, memory)
            may_key, _ = plan.key(memory.certain, memory.absent)
            return run(plan, now, now_key, may, may_key, earlier)
        return run(plan, now, now_key, now, now_key, earlier)

    def _settle(self, memory: Memory, stratum: int) -> None:
        """The terms that have heard from all their writers become facts."""
        ground, runs = self._ground, memory.runs
        settlings: list[tuple[str, Settling]] = []
        for name in self.plan.settled_in[stratum]:
            if ground.straight:
                heard: Runs | None = memory.heard.get(name)
            else:
                heard = [(table, runs[table], column) for table, column in self.plan.writers[name] if table in runs]
            settlings.append((name, ground.judged[name].of(heard) if heard else ground.silent[name]))
        memory.settle(settlings)

    # -- the outcome --------------------------------------------------------------------------------------------

    def _outcome(self, memory: Memory, counted: Counted) -> Outcome:
        now, verdicts, ground = memory.now, memory.verdicts, self._ground
        statuses = {name: verdicts[name].status for name in ground.spoken}
        runs = [table_run for _, table_run in sorted(memory.runs.items())]
        return Outcome(
            case={name: value for name in ground.given if (value := now[name]) is not None},
            outputs={name: now[name] for name in ground.outputs},
            derived={name: now[name] for name in ground.derived},
            statuses=statuses,
            status=self.plan.case_status(statuses),
            asks=self._asking.of(memory),
            firings=self._firings(runs),
            findings=self._findings(memory, runs),
            counted={name: ids for name, (_, ids) in counted.items()},
        )

    def _firings(self, runs: Sequence[TableRun]) -> tuple[Firing, ...]:
        fired: list[Firing] = []
        for table_run in runs:
            reach = table_run.reach
            known = self._fired.get(reach)
            if known is None:
                rules = table_run.plan.outputs.fired(reach.hits, table_run.now)
                known = tuple([table_run.plan.firings[rule] for rule in rules])
                if not reach.computes:
                    self._fired.keep(reach, known)
            fired += known
        return tuple(fired)

    def _findings(self, memory: Memory, runs: Sequence[TableRun]) -> tuple[Finding, ...]:
        found: list[Finding] = []
        for table_run in runs:
            # of one rule that says a plain value there is nothing to tell
            reach = table_run.reach
            if reach.computes or len(reach.hits) > 1 or table_run.now.columns_failed:
                found += table_findings(table_run)
        for name, verdict in memory.verdicts.items():
            if verdict.clash:
                found += clash_findings(self.plan, memory.runs, self.plan.terms[name])
        return (*found, *self._policies(memory.now))

    def _watched(self, outcome: Outcome) -> Outcome:
        """A quick outcome with the policies looked at."""
        found = self._policies({**self._blank, **outcome.case, **outcome.derived, **outcome.outputs})
        return outcome._replace(findings=found) if found else outcome

    def _policies(self, facts: Mapping[str, Value]) -> tuple[Finding, ...]:
        """The statements that this outcome breaks; what is unknown breaks nothing."""
        told = [statement.of(facts) for statement in self._statements]
        return tuple([found for found in told if found is not None])

    def _broken(
        self, policy: Policy, statement: Compute, facts: Mapping[str, Value], _: frozenset[str]
    ) -> Finding | None:
        return broken(policy, self.rulebook, facts, statement)


def _never(case: Mapping[str, object]) -> Outcome | Unsettled | None:
    """The short way of a rulebook that has none."""
    return None
