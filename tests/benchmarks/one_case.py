"""One case at a time, with the trace on, against zen-engine without and with its trace, on the same rulebook and cases.

    python tests/benchmarks/one_case.py WORKLOAD... [--cases 100000] [--repeat 5] [--blank 0.3]

A WORKLOAD is a folder with book.xlsx, book.neutral.json, cases.csv and answers.csv (tests/benchmarks/README.md says how
to make one). Both engines get plain dicts of JSON values in a long-lived process; agreement is checked first, with the
answers and with each other. `--blank`: then this share of what tables ask is unknown. Prints cases a second and the
ratios: the best of the repeats, taken in turn, in processor time, since other programs may be at work.
"""

from __future__ import annotations

import argparse
import csv
import gc
import itertools
import json
import pathlib
import time
from collections.abc import Callable
from random import Random
from typing import Any

import zen

import rulectl

Case = dict[str, Any]


def zen_entry(entry: list[Any] | None) -> str:
    """A neutral entry as zen's unary expression."""
    if entry is None:
        return ""
    if entry[0] == "in":
        return ", ".join(f'"{value}"' for value in entry[1])
    if entry[0] == "eq":
        return "true" if entry[1] else "false"
    if entry[0] == "has":
        return f'contains($, "{entry[1]}")'
    low, high = entry[1:]
    if low is None and high is None:
        return ""
    return f"< {high}" if low is None else f">= {low}" if high is None else f"[{low}..{high})"


def zen_decision(book: dict[str, Any]) -> Any:
    """The neutral rulebook as a zen graph with a static loader, its fastest mode."""
    nodes: list[dict[str, Any]] = [{"id": "in", "type": "inputNode", "name": "in"}]
    for number, table in enumerate(book["tables"]):
        collect = table["hit"] == "C"
        inputs = [{"id": f"i{k}", "name": n, "field": n, "type": "expression"} for k, n in enumerate(table["inputs"])]
        names = ["value"] if collect else table["outputs"]
        outputs = [{"id": f"o{k}", "name": n, "field": n, "type": "expression"} for k, n in enumerate(names)]
        rules = []
        for row, rule in enumerate(table["rules"]):
            cells = {f"i{k}": zen_entry(e) for k, e in enumerate(rule["in"])}
            cells |= {f"o{k}": json.dumps(v, ensure_ascii=False) for k, v in enumerate(rule["out"])}
            rules.append({"_id": f"r{row}", **cells})
        content: dict[str, Any] = {
            "hitPolicy": "collect" if collect else "first",
            "inputs": inputs,
            "outputs": outputs,
            "rules": rules,
            "passThrough": True,
            "executionMode": "single",
        }
        if collect:
            content["outputPath"] = table["outputs"][0]
        nodes.append({"id": f"t{number}", "type": "decisionTableNode", "name": table["name"], "content": content})
    nodes.append({"id": "out", "type": "outputNode", "name": "out"})
    ids = [node["id"] for node in nodes]
    pairs = itertools.pairwise(ids)
    edges = [{"id": f"e{k}", "type": "edge", "sourceId": a, "targetId": b} for k, (a, b) in enumerate(pairs)]
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"book": {"nodes": nodes, "edges": edges}}}})

    def decide(case: Case, trace: bool = False) -> Any:
        return engine.evaluate("book", case, {"trace": True} if trace else None)["result"]

    return decide


def read_cases(folder: pathlib.Path, book: dict[str, Any], most: int) -> list[Case]:
    """The cases as JSON values: numbers, booleans, texts."""
    kinds = {name: type_ for name, _, type_, _ in book["terms"]}

    def value(name: str, text: str) -> Any:
        if kinds[name] == "number":
            return float(text) if "." in text else int(text)
        return text == "true" if kinds[name] == "boolean" else text

    with open(folder / "cases.csv", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [
            {name: value(name, text) for name, text in row.items()} for row, _ in zip(rows, range(most), strict=False)
        ]


def agree(
    folder: pathlib.Path, book: dict[str, Any], ours: Callable[[Case], Any], theirs: Any, cases: list[Case]
) -> int:
    """Check both engines against the answers; AssertionError names the case. Returns how many were checked."""
    outputs = [name for name, role, *_ in book["terms"] if role == "output"]
    lists = {table["outputs"][0] for table in book["tables"] if table["hit"] == "C"}
    with open(folder / "answers.csv", encoding="utf-8", newline="") as file:
        for case, row in zip(cases, csv.DictReader(file), strict=False):
            outcome, result = ours(case), theirs(case)
            rules = ";".join(f"{firing.table}/{firing.rule}" for firing in outcome.firings)
            assert rules == row["rules"], (case, rules, row["rules"])
            for name in outputs:
                mine, other, text = outcome.outputs[name], result.get(name), row[name]
                if name in lists:
                    assert ";".join(mine or ()) == text, (case, name)
                    assert ";".join(dict.fromkeys(item["value"] for item in other or ())) == text, (case, name)
                elif text == "":
                    assert (mine, other) == (None, None), (case, name)
                elif isinstance(mine, str):
                    assert mine == text == other, (case, name)
                else:
                    assert float(mine) == float(text) == float(other), (case, name)
    return min(len(cases), 1000)


def seconds(decide: Callable[[Case], Any], cases: list[Case]) -> float:
    start = time.process_time()
    for case in cases:
        decide(case)
    return time.process_time() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("workloads", type=pathlib.Path, nargs="+")
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--repeat", type=int, default=5)
    options.add_argument("--blank", type=float, default=0.0)
    args = options.parse_args()
    for workload in args.workloads:
        measure(workload, args.cases, args.repeat, args.blank)


def blanked(cases: list[Case], book: dict[str, Any], share: float) -> list[Case]:
    """The cases with some of what tables ask unknown."""
    r = Random(1)
    asked = {name for table in book["tables"] for name in table["inputs"]}
    return [{k: None if k in asked and r.random() < share else value for k, value in case.items()} for case in cases]


def measure(workload: pathlib.Path, most: int, repeat: int, blank: float) -> None:
    """Check that the engines agree on a workload, and print how fast each is."""
    neutral = json.loads((workload / "book.neutral.json").read_text("utf-8"))
    cases = read_cases(workload, neutral, most)
    book = rulectl.load(workload / "book.xlsx")
    theirs = zen_decision(neutral)
    print(f"{workload.name}: agreement checked on {agree(workload, neutral, book.decide, theirs, cases)} cases")
    cases = blanked(cases, neutral, blank) if blank else cases
    # a long-lived process: warmed up on half of the cases, timed on others, never twice on the same
    half = len(cases) // 2
    # the cases that wait their turn are the benchmark's, not either engine's
    gc.collect()
    gc.freeze()
    seconds(book.decide, cases[:half])
    seconds(theirs, cases[: half // 10])
    size = half // repeat
    parts = [cases[half + at * size : half + (at + 1) * size] for at in range(repeat)]

    def traced(case: Case) -> Any:
        return theirs(case, trace=True)

    # zen-engine is slow with its trace on: a tenth of the cases says as much
    tenth = max(1, size // 10)
    times = [(seconds(book.decide, part), seconds(theirs, part), seconds(traced, part[:tenth])) for part in parts]
    mine, other, trace = map(min, zip(*times, strict=True))
    print(f"  rulectl, trace on: {size / mine:,.0f} cases a second")
    print(f"  zen-engine, untraced: {size / other:,.0f} cases a second, ratio {other / mine:.1f}")
    print(f"  zen-engine, trace on: {tenth / trace:,.0f} cases a second, ratio {trace / tenth * size / mine:.1f}")


if __name__ == "__main__":
    main()
