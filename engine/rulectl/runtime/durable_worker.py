"""The durable_rules engine in a process of its own: the only module that imports it.

`python -m rulectl.runtime.durable_worker` reads one JSON line with the lowered rules, then one line a question, and
answers each with a line. The package is a Rete engine in C that on some inputs crashes, loops for ever or answers
wrongly (engine/design/0002-durable-rules.md lists what was measured), so it sees small integers only, never shares a
process with anything else, and is stopped by its parent when it takes too long.

Rules: [{"group": 3, "rule": 17, "holds": [[column, low, high], ...], "open": [...]}]; a rule matches a fact of its
group when every column's class number lies within its bounds. Groups keep the number of conditions that one fact can
meet below 64, where the C engine gives up. Question: [{"group": 3, "unknown": 0, "c0": 5, ...}, ...]; answer:
{"fired": [[rule, "h" | "o"], ...]} in firing order.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from durable.engine import Host

_RULESET = "rulectl"
_SESSION = "case"
_PROBE = -1


class _Collector(Host):  # type: ignore[misc]  # the package is untyped
    """A host without threads whose one action writes down what fired; it never raises, since the package would swallow
    the exception and go on."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.fired: list[tuple[int, str]] = []
        self.failure = ""
        super().__init__()
        self.register_rulesets({_RULESET: rules})

    def _run(self) -> None:
        """The package starts its threads here; deleting sessions under them crashes."""

    def get_action(self, action_name: str) -> Any:
        kind, _, number = action_name.partition(":")

        def note(context: Any) -> None:
            try:
                if kind != "probe":
                    self.fired.append((int(number), kind))
            except ValueError as error:
                self.failure = str(error)

        return note


def _conditions(kind: str, group: int, bounds: list[list[int]]) -> list[dict[str, Any]]:
    """Equality first: the C engine hashes it, so only the rules of one group are looked at; and rules that could hold
    only where something is unknown at all."""
    tests: list[dict[str, Any]] = [{"group": group}, *([{"unknown": 1}] if kind == "o" else [])]
    for column, low, high in bounds:
        name = f"c{column}"
        tests += [{name: low}] if low == high else [{"$gte": {name: low}}, {"$lte": {name: high}}]
    return [{"m": {"$and": tests} if len(tests) > 1 else tests[0]}]


def _ruleset(rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Two rules for each of ours, and a probe that every fact meets: a fact that meets no rule is refused."""
    built: dict[str, Any] = {"probe": {"pri": 0, "all": [{"m": {"$gte": {"group": _PROBE}}}], "run": "probe:0"}}
    for number, rule in enumerate(rules):
        for kind, bounds in (("h", rule["holds"]), ("o", rule["open"])):
            built[f"{kind}{number}"] = {
                "pri": number + 1,
                "all": _conditions(kind, rule["group"], bounds),
                "run": f"{kind}:{rule['rule']}",
            }
    return built


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer until the questions end."""
    host = _Collector(_ruleset(json.loads(questions.readline())))
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in questions:
        host.fired.clear()
        facts = [{"sid": _SESSION, "group": _PROBE}, *({"sid": _SESSION, **fact} for fact in json.loads(line))]
        host.assert_facts(_RULESET, facts)
        host.delete_state(_RULESET, _SESSION)
        print(json.dumps({"fired": host.fired, "failure": host.failure}), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
